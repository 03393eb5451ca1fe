"""Bodies of plain signals: typed by people in Temporal's UI, hence untyped, hostile and checked here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

MAX_CHARACTERS = 5_000
MAX_VERSION = 2**31 - 1
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")


class BadSignal(Exception):
    """A signal that cannot be followed; the text is fit for the details."""


@dataclass(frozen=True)
class ReplyBody:
    """``{"judge": "<id>", "text": "..."}``."""

    judge: str
    text: str


@dataclass(frozen=True)
class EscalateBody:
    """``{"by": "<id>", "reason": "..."}``."""

    by: str
    reason: str


@dataclass(frozen=True)
class RulesBody:
    """``{"version": 11}``, with ``"policy": 2`` where open requests are moved to a policy."""

    version: int
    policy: int | None


def reply_body(args: Sequence[RawValue]) -> ReplyBody:
    """Read a reply.

    Raises:
        BadSignal: The body has another shape.
    """
    body = _texts(args, ("judge", "text"))
    return ReplyBody(body["judge"], body["text"])


def escalate_body(args: Sequence[RawValue]) -> EscalateBody:
    """Read an escalation.

    Raises:
        BadSignal: The body has another shape.
    """
    body = _texts(args, ("by", "reason"))
    if not _ID.fullmatch(body["by"]):
        raise BadSignal("by must be the id of a person or an operator")
    return EscalateBody(body["by"], body["reason"])


def rules_body(args: Sequence[RawValue]) -> RulesBody:
    """Read which rules have become newer.

    Raises:
        BadSignal: The body has another shape.
    """
    body = _object(args)
    if "version" not in body or not set(body) <= {"version", "policy"}:
        raise BadSignal("the body must be an object of version and, if it changed, policy")
    for number in body.values():
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MAX_VERSION:
            raise BadSignal("version and policy must be numbers of versions")
    return RulesBody(body["version"], body.get("policy"))


def shown_name(name: str) -> str:
    """A signal's name if it is a plain word; anything else may be personal data and is not repeated."""
    return name if _NAME.fullmatch(name) else "(unprintable)"


def _object(args: Sequence[RawValue]) -> dict[str, Any]:
    if len(args) != 1:
        raise BadSignal("a signal takes one JSON object")
    try:
        body = workflow.payload_converter().from_payload(args[0].payload)
    except Exception as error:
        # Whatever a hostile payload makes the converter raise, the run goes on.
        raise BadSignal("the body cannot be read") from error
    if not isinstance(body, dict):
        raise BadSignal("the body must be an object")
    return body


def _texts(args: Sequence[RawValue], fields: tuple[str, ...]) -> dict[str, str]:
    body = _object(args)
    if set(body) != set(fields):
        raise BadSignal(f"the body must be an object of {' and '.join(fields)}")
    if not all(isinstance(body[name], str) and body[name].strip() for name in fields):
        raise BadSignal(f"{' and '.join(fields)} must be texts")
    if any(len(body[name]) > MAX_CHARACTERS for name in fields):
        raise BadSignal(f"a text is longer than {MAX_CHARACTERS} characters")
    if any(not _is_storable(body[name]) for name in fields):
        raise BadSignal("a text holds characters that cannot be kept")
    return {name: body[name] for name in fields}


def _is_storable(text: str) -> bool:
    # JSON can carry half a character, which no database and no telephone takes; NUL is refused by PostgreSQL.
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
