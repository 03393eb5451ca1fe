"""Plans as rows: what a ladder becomes in the book."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from calendars.core import shanghai_date
from liaison.db.tables import Plan
from liaison.policy.ladder import Ladder, PlannedRung

REASON_CHARACTERS = 80


def plan_row(reference: str, number: int, ladder: Ladder, reason: str, now: datetime) -> Plan:
    """A ladder as the ``number``-th plan of a request."""
    return Plan(
        reference=reference,
        number=number,
        calendar_version=ladder.calendar_version,
        policy_version=ladder.policy_version,
        reason=reason[:REASON_CHARACTERS],
        made_at=now,
        day0=ladder.day0.isoformat(),
        last_due_on=last_due_on(rung_rows(ladder.rungs)),
        # The limit is exclusive: the last moment before it lies on the last day.
        answer_due_on=shanghai_date(ladder.answer_by - timedelta(microseconds=1)).isoformat(),
        answer_act_at=ladder.answer_act_at,
        rungs=rung_rows(ladder.rungs),
    )


def last_due_on(rungs: Iterable[dict[str, Any]]) -> str:
    """The last date of a plan's rows."""
    return max(str(row["due_on"]) for row in rungs)


def rung_rows(rungs: Iterable[PlannedRung]) -> list[dict[str, Any]]:
    """``{rung, business_day, due_on, due_at, act_at, notify_at, provisional}`` each."""
    return [
        {
            "rung": rung.rung,
            "business_day": rung.business_day,
            "due_on": rung.due_on.isoformat(),
            "due_at": rung.due_at.isoformat(),
            "act_at": rung.act_at.isoformat(),
            "notify_at": rung.notify_at.isoformat(),
            "provisional": rung.provisional,
        }
        for rung in rungs
    ]
