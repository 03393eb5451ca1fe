"""The plan of one request: when silence climbs which rung (Opinions art. 8, design section 4).

Day 0 is the date of receipt in Shanghai and never counts. A rung of n business days is due when the n-th business day
after day 0 ends; rungs are cumulative from receipt, and nothing that happens later moves them.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calendars.core import BusinessCalendar, shanghai_date
from liaison.policy.message_words import MessageClass
from liaison.policy.rules import Policy
from liaison.policy.windows import at, next_opening
from liaison.policy.words import CourtLevel


@dataclass(frozen=True, slots=True)
class DueRung:
    """A rung and its date: the last business day on which a reply is still on time."""

    rung: int
    business_day: int
    due_on: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class PlannedRung:
    """A rung as absolute instants, in UTC.

    Attributes:
        rung: 0 the warning, 1 to 4 the ladder.
        business_day: business days after day 0.
        due_on: the last day; a reply is on time when received before ``due_at``.
        due_at: the end of ``due_on``, exclusive.
        act_at: when the work is done, spread after ``due_at``; the record bears ``due_at``.
        notify_at: when staff may hear the bell, at or after ``act_at``.
        provisional: ``due_on`` lies past the last announced day.
    """

    rung: int
    business_day: int
    due_on: date
    due_at: datetime
    act_at: datetime
    notify_at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """A plan with the versions it was made with.

    ``answer_by`` (UTC, exclusive) is the end of the first business day on or after receipt: a summary request not
    answered by then becomes ordinary, at ``answer_act_at``.
    """

    day0: date
    answer_by: datetime
    answer_act_at: datetime
    rungs: tuple[PlannedRung, ...]
    calendar_version: int
    policy_version: int


def plan_ladder(
    *,
    received_at: datetime,
    court_level: CourtLevel,
    reference: str,
    court: str,
    calendar: BusinessCalendar,
    policy: Policy,
) -> Ladder:
    """Plan every rung of a request.

    Args:
        received_at: aware time of receipt at our border.
        court_level: a primary court has one rung more.
        reference: spreads the work; the same reference always lands on the same instants.
        court: code of the court, whose closures count, and whose working hours for the bell.
        calendar: the calendar version to count with.
        policy: the policy version to plan with.

    Raises:
        CalendarError: ``received_at`` is naive or outside the calendar.
    """
    day0, calendar = shanghai_date(received_at), calendar.of(court)
    spread = spread_of(reference, policy.spread)
    answer_by = at(last_answer_day(day0, calendar, policy), policy.cut_off)

    def planned(due: DueRung) -> PlannedRung:
        due_at = at(due.due_on, policy.cut_off)
        act_at = due_at + spread
        notify_at = next_opening(act_at, MessageClass.STAFF, court, calendar, policy)
        return PlannedRung(due.rung, due.business_day, due.due_on, due_at, act_at, notify_at, due.provisional)

    return Ladder(
        day0=day0,
        answer_by=answer_by,
        answer_act_at=answer_by + spread,
        rungs=tuple(planned(due) for due in due_rungs(day0, court_level, calendar, policy)),
        calendar_version=calendar.number,
        policy_version=policy.version,
    )


def due_rungs(day0: date, court_level: CourtLevel, calendar: BusinessCalendar, policy: Policy) -> tuple[DueRung, ...]:
    """Give the dates of all rungs, the warning first, for a request received on ``day0`` (Shanghai).

    ``calendar`` is that of the request's court, see ``BusinessCalendar.of``.

    Raises:
        CalendarError: ``day0`` lies outside the calendar.
    """
    rungs = []
    for rule in policy.ladders[court_level]:
        due_on = calendar.nth_business_day(day0, rule.business_day)
        rungs.append(DueRung(rule.rung, rule.business_day, due_on, calendar.is_provisional(due_on)))
    return tuple(rungs)


def last_answer_day(day0: date, calendar: BusinessCalendar, policy: Policy) -> date:
    """The day by whose end a summary request is to be answered (Opinions art. 4).

    Raises:
        CalendarError: ``day0`` lies outside the calendar.
    """
    return calendar.nth_business_day_from(day0, policy.answer_business_days)


def spread_of(reference: str, window: timedelta) -> timedelta:
    """How far into a window the work of one request lies: evenly, to the millisecond a timer can hold.

    ``hash()`` would differ from process to process.
    """
    digest = hashlib.sha256(reference.encode("utf-8")).digest()
    milliseconds = max(1, window // timedelta(milliseconds=1))
    return timedelta(milliseconds=int.from_bytes(digest[:8], "big") % milliseconds)
