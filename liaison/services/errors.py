"""Why a service did not do as asked. Told apart by slug; the API turns a slug into a status and two languages."""

from dataclasses import dataclass
from enum import StrEnum


class Slug(StrEnum):
    """Names of problems; also the last part of a problem's ``type``."""

    INVALID = "invalid-request"
    MALFORMED = "malformed-json"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_THE_HOLDER = "not-the-holder"
    NOT_FOUND = "not-found"
    ERASED = "erased"
    CONFLICT = "conflict"
    KEY_MISSING = "idempotency-key-missing"
    KEY_REUSED = "idempotency-key-reused"
    KEY_IN_PROGRESS = "idempotency-key-in-progress"
    TOO_LARGE = "too-large"
    UNAVAILABLE = "unavailable"
    CLOCK_OFFSET = "clock-offset"
    STORAGE_FULL = "storage-full"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a body: an RFC 6901 pointer and a sentence in each language."""

    pointer: str
    zh: str
    en: str


class Refused(Exception):
    """A service declines; nothing was changed."""

    def __init__(self, slug: Slug, zh: str = "", en: str = "", faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(en or slug)
        self.slug = slug
        self.zh = zh
        self.en = en
        self.faults = faults
