"""Did all of a day's rungs fire? Due against recorded against told, with each miss and its reason (issue line H33)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from calendars.core import shanghai_date
from liaison.contract.names import rung_cause
from liaison.db.day_of_rungs import DueRung, Told, rungs_due
from liaison.db.figures import GRACE
from liaison.policy.message_words import MessageState
from liaison.policy.windows import at
from liaison.services.platform import Body, Platform
from liaison.services.show import shown

SHOWN: Final = 200
"""How many misses are listed; all are counted."""

BELL_GRACE: Final = timedelta(minutes=10)
"""How long a bell whose window is open may be on its way."""

DAY: Final = timedelta(days=1)


class Bell(StrEnum):
    """What became of a message about a rung."""

    SENT = "sent"
    WAITING = "waiting"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"


class Reason(StrEnum):
    """Why a rung is a miss."""

    NOT_STARTED = "not_started"
    NOT_RECORDED = "not_recorded"
    NOBODY_TOLD = "nobody_told"
    BELL_FAILED = "bell_failed"
    BELL_AMBIGUOUS = "bell_ambiguous"
    BELL_OVERDUE = "bell_overdue"


_BELLS: Final[Mapping[str, Bell]] = {
    MessageState.RESERVED: Bell.WAITING,
    MessageState.SUBMITTING: Bell.WAITING,
    MessageState.SUBMITTED: Bell.SENT,
    MessageState.DELIVERED: Bell.SENT,
    MessageState.SUPERSEDED: Bell.SUPERSEDED,
    MessageState.GATHERED: Bell.SENT,
    MessageState.EXPIRED: Bell.FAILED,
    MessageState.FAILED: Bell.FAILED,
    MessageState.AMBIGUOUS: Bell.AMBIGUOUS,
}


async def rungs_view(platform: Platform, on: date | None) -> Body:
    """What became of the rungs that fell due within a day of Shanghai; today's if none is named.

    A rung's last day ends at midnight, so those of Thursday fall due, and fire, in the first minutes of Friday.

    Returns:
        ``{on, due, recorded, annulled, answered_in_time, to_come, missed, bells: {state: count}, all_fired, misses}``.
        ``due`` = recorded + to_come + those never recorded; ``missed`` counts these and rungs nobody heard of.
    """
    now = platform.clock()
    day = on or shanghai_date(now)
    start = at(day, timedelta())
    count: Counter[str] = Counter()
    bells: Counter[Bell] = Counter(dict.fromkeys(Bell, 0))
    misses: list[Body] = []
    async with platform.db.read() as session:
        async for rung in rungs_due(session, start, start + DAY, rung_cause):
            _tally(rung, now, count, bells)
            misses += [_miss(rung, *found) for found in _faults(rung, now)]
    missed = len({(miss["reference"], miss["rung"]) for miss in misses})
    names = ("due", "recorded", "annulled", "answered_in_time", "to_come")
    return {
        "on": day.isoformat(),
        **{name: count[name] for name in names},
        "missed": missed,
        "bells": {bell.value: bells[bell] for bell in Bell},
        "all_fired": missed == 0,
        "misses": misses[:SHOWN],
    }


def _tally(rung: DueRung, now: datetime, count: Counter[str], bells: Counter[Bell]) -> None:
    if not rung.recorded and rung.answered_in_time:
        count["answered_in_time"] += 1
        return
    count["due"] += 1
    count["recorded"] += rung.recorded
    count["annulled"] += rung.annulled
    count["to_come"] += not rung.recorded and not _is_late(rung, now)
    bells.update(_bell(message) for message in rung.bells)


def _bell(message: Told) -> Bell:
    return _BELLS.get(message.state, Bell.AMBIGUOUS)


def _is_late(rung: DueRung, now: datetime) -> bool:
    return now >= rung.act_at + GRACE


def _faults(rung: DueRung, now: datetime) -> Iterator[tuple[Reason, str]]:
    """Every reason why a rung is a miss, with particulars."""
    if not rung.recorded:
        if not rung.answered_in_time and _is_late(rung, now):
            yield (Reason.NOT_RECORDED if rung.claimed else Reason.NOT_STARTED), ""
        return
    if rung.annulled:
        return
    if not rung.bells:
        yield Reason.NOBODY_TOLD, ""
    for message in rung.bells:
        bell = _bell(message)
        if bell is Bell.FAILED:
            yield Reason.BELL_FAILED, f"{message.recipient}: {message.failure}"
        elif bell is Bell.AMBIGUOUS:
            yield Reason.BELL_AMBIGUOUS, message.recipient
        elif bell is Bell.WAITING and now >= message.send_after + BELL_GRACE:
            yield Reason.BELL_OVERDUE, message.recipient


def _miss(rung: DueRung, reason: Reason, detail: str) -> Body:
    return {
        "reference": rung.reference,
        "rung": rung.rung,
        "due_at": shown(rung.due_at),
        "act_at": shown(rung.act_at),
        "reason": reason.value,
        "detail": detail,
    }
