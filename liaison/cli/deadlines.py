"""``liaison calendar deadlines``: a host command, offline, from the packaged notices and policy."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import typer

from calendars.core import BusinessCalendar, CalendarError, build_calendar, shanghai_date
from calendars.packaged import packaged_notices
from liaison.policy.ladder import due_rungs
from liaison.policy.policy import Policy, packaged_policy
from liaison.policy.words import CourtLevel

LONGEST_LIMIT = 366
"""Business days; more than a year of them is a slip of the pen, not a limit."""

USAGE = """\
usage: liaison calendar deadlines < requests.jsonl

One JSON object a line, either of
  {"id": "a1", "received_at": "2026-09-18T10:00:00+08:00", "business_days": 3}
  {"id": "a2", "received_at": "2026-09-18T10:00:00+08:00", "court_level": "primary"}
"""


class LineError(ValueError):
    """A line that cannot be answered; the text is a sentence for the person who wrote it."""


def deadlines() -> None:
    """Count deadlines: JSON lines on standard input, JSON lines on standard output (host command, offline).

    A line with business_days gives due_on; a line with court_level (primary, intermediate) gives every rung. Blank
    lines are passed over. A bad line gives its id and an error; the exit code is then 1, after all lines.
    """
    if sys.stdin.isatty():
        typer.echo(USAGE, err=True, nl=False)
        raise typer.Exit(2)
    notices = packaged_notices()
    newest = build_calendar(notices, len(notices))
    failed = False
    for answer in answers(sys.stdin.buffer, newest, packaged_policy()):
        failed = failed or "error" in answer
        sys.stdout.write(json.dumps(answer) + "\n")
    raise typer.Exit(1 if failed else 0)


def answers(lines: Iterable[bytes], calendar: BusinessCalendar, policy: Policy) -> Iterator[dict[str, Any]]:
    """Answer every line that is not blank, in order; a bad one with ``{"id", "error"}``."""
    for line in lines:
        if not line.strip():
            continue
        identity = None
        try:
            question = _read(line)
            identity = _identity(question)
            yield {"id": identity, **_answer(question, calendar, policy)}
        except (LineError, CalendarError) as fault:
            yield {"id": identity, "error": str(fault)}


def _read(line: bytes) -> dict[str, Any]:
    try:
        question = json.loads(line)
    except (ValueError, RecursionError):
        raise LineError("the line is not JSON") from None
    if not isinstance(question, dict):
        raise LineError("the line is not a JSON object")
    return question


def _identity(question: dict[str, Any]) -> str | int:
    identity = question.get("id")
    if isinstance(identity, bool) or not isinstance(identity, str | int):
        raise LineError("id must be a text or a whole number")
    return identity


def _answer(question: dict[str, Any], calendar: BusinessCalendar, policy: Policy) -> dict[str, Any]:
    if unknown := question.keys() - {"id", "received_at", "business_days", "court_level"}:
        raise LineError(f"unknown fields: {', '.join(sorted(unknown))}")
    if ("business_days" in question) == ("court_level" in question):
        raise LineError("give either business_days or court_level, one of the two")
    day0 = _day0(question)
    if "business_days" in question:
        due_on = calendar.nth_business_day(day0, _business_days(question["business_days"]))
        return {"due_on": due_on.isoformat(), "provisional": calendar.is_provisional(due_on)}
    rungs = due_rungs(day0, _court_level(question["court_level"]), calendar, policy)
    return {
        "rungs": [
            {
                "rung": rung.rung,
                "business_day": rung.business_day,
                "due_on": rung.due_on.isoformat(),
                "provisional": rung.provisional,
            }
            for rung in rungs
        ]
    }


def _day0(question: dict[str, Any]) -> date:
    received_at = question.get("received_at")
    if not isinstance(received_at, str):
        raise LineError("received_at must be a text such as 2026-09-18T10:00:00+08:00")
    try:
        instant = datetime.fromisoformat(received_at)
    except ValueError:
        raise LineError("received_at is not a time such as 2026-09-18T10:00:00+08:00") from None
    if instant.utcoffset() is None:
        raise LineError("received_at needs its offset from UTC, such as +08:00")
    return shanghai_date(instant)


def _business_days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST_LIMIT:
        raise LineError(f"business_days must be a whole number from 1 to {LONGEST_LIMIT}")
    return value


def _court_level(value: Any) -> CourtLevel:
    try:
        return CourtLevel(value)
    except ValueError:
        raise LineError(f"court_level must be one of {', '.join(CourtLevel)}") from None
