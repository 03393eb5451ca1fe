"""Replies and answers against the rules of policy, as faults with pointers."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from liaison.gateways.phones import e164
from liaison.policy.replies import flaw_of
from liaison.policy.rules import Policy
from liaison.policy.words import ReplyKind
from liaison.services.errors import Fault


def text_fault(pointer: str, text: str, question: str, policy: Policy) -> Fault | None:
    """Why a text is no answer to a question; None if it is one."""
    flaw = flaw_of(text, question, policy)
    return None if flaw is None else Fault(pointer, flaw.zh, flaw.en)


def reply_faults(
    reply: Mapping[str, Any], question: str, policy: Policy, *, asked_at: datetime, now: datetime
) -> Iterator[Fault]:
    """Everything wrong with a reply.

    Args:
        reply: ``{kind: text, text}``, or ``{kind: call|meeting, number, time, gist}`` of a successful call or meeting.
        question: The party's own text.
        policy: Knows the least length.
        asked_at: When the request was received: nobody was called about it before.
        now: A call to come is no reply.
    """
    if reply["kind"] == ReplyKind.TEXT:
        fault = text_fault("/text", reply["text"], question, policy)
    else:
        fault = text_fault("/gist", reply["gist"], question, policy)
        yield from _number_faults(reply)
        yield from _time_faults(reply["time"], asked_at, now + policy.received_ahead)
    if fault is not None:
        yield fault


def _number_faults(reply: Mapping[str, Any]) -> Iterator[Fault]:
    if e164(reply["number"]) is None:
        yield Fault("/number", "电话号码无效。", "This is not a valid telephone number.")


def _time_faults(text: str, asked_at: datetime, latest: datetime) -> Iterator[Fault]:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        yield Fault("/time", "时间格式有误。", "This is not an RFC 3339 time.")
        return
    if time.utcoffset() is None:
        yield Fault("/time", "时间须带时区偏移，例如 +08:00。", "A time needs its offset, such as +08:00.")
    elif time > latest:
        yield Fault("/time", "时间晚于当前时间。", "The time lies in the future.")
    elif time < asked_at:
        yield Fault("/time", "时间早于诉求收到时间。", "The time lies before the request was received.")
