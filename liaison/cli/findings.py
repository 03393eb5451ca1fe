"""What ``liaison doctor`` finds: one line a check."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended; only ``failed`` makes the doctor's exit code 6."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """A check's name, verdict, and one sentence."""

    check: str
    verdict: Verdict
    says: str


def ok(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, says)


def warning(check: str, says: str) -> Finding:
    """Somebody should look at it soon."""
    return Finding(check, Verdict.WARNING, says)


def failed(check: str, says: str) -> Finding:
    """It does not work."""
    return Finding(check, Verdict.FAILED, says)


def skipped(check: str, says: str) -> Finding:
    """It could not be looked at, for a reason that is no fault of its own."""
    return Finding(check, Verdict.SKIPPED, says)
