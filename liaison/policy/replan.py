"""What a new version of calendar or policy does to a plan that is already running (issue C20, C21).

* A rung that is recorded keeps its dates: it was right under the version it was planned with.
* Every other rung takes its new dates.
* A date that moves earlier never escalates for the past: it is brought forward to today at most, to the next business
  day if today is none (Civil Code art. 203), and never gives more time than the old plan gave.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from calendars.core import BusinessCalendar, shanghai_date
from liaison.policy.ladder import Ladder, PlannedRung
from liaison.policy.message_words import MessageClass
from liaison.policy.rules import Policy
from liaison.policy.windows import at, next_opening


@dataclass(frozen=True, slots=True)
class RungChange:
    """One rung before and after.

    Attributes:
        before: as it was planned; None if the old policy had no such rung.
        after: as it is planned now; None if the new policy has no such rung.
        recorded: it fired already, and so keeps its dates, right under the old version.
        clamped: its new date lies in the past, so it was brought forward to today at most.
        days_moved: business days of the new calendar from the old date to the new one; negative for earlier.
    """

    before: PlannedRung | None
    after: PlannedRung | None
    recorded: bool
    clamped: bool
    days_moved: int

    @property
    def rung(self) -> int:
        """Its number."""
        return next(planned.rung for planned in (self.before, self.after) if planned is not None)

    @property
    def moved(self) -> bool:
        """The date changed, or the rung is new or gone."""
        return (self.before and self.before.due_on) != (self.after and self.after.due_on)

    @property
    def became_final(self) -> bool:
        """It was provisional and is not any more."""
        return bool(self.before and self.before.provisional and self.after and not self.after.provisional)


@dataclass(frozen=True, slots=True)
class Replan:
    """The new plan of a request, and what changed.

    Attributes:
        ladder: the new plan, with the old dates of recorded rungs and the clamped ones in place.
        changes: every rung of either plan, in order.
    """

    ladder: Ladder
    changes: tuple[RungChange, ...]

    @property
    def moved(self) -> bool:
        """A rung that may still fire has another date."""
        return any(change.moved for change in self.changes)

    @property
    def became_final(self) -> bool:
        """A rung that may still fire was provisional and is final now."""
        return any(change.became_final for change in self.changes)

    @property
    def untouched(self) -> bool:
        """Neither: nothing is worth an event."""
        return not (self.moved or self.became_final)


def can_move(day0: date, last_due_on: date, changed: Iterable[date]) -> bool:
    """Tell whether a plan may differ under a version with these changed days: only days it counts can move it.

    Args:
        day0: date of receipt in Shanghai.
        last_due_on: due date of the last rung.
        changed: see ``calendars.core.changed_days``.
    """
    return any(day0 < day <= last_due_on for day in changed)


def replan(
    old: Iterable[Mapping[str, Any]],
    new: Ladder,
    recorded: Collection[int],
    now: datetime,
    *,
    court: str,
    calendar: BusinessCalendar,
    policy: Policy,
) -> Replan:
    """Bring a running plan to the dates of a new one.

    Args:
        old: the rungs of the newest stored plan, ``{rung, business_day, due_on, due_at, act_at, notify_at,
            provisional}`` each, dates and instants as ISO text.
        new: the same request planned afresh with ``calendar`` and ``policy``.
        recorded: the rungs that fired already.
        now: an aware datetime; what is due before it is the past.
        court: code of the court whose working hours count for the bell.
        calendar: the new version, as this court counts.
        policy: the policy version of the new plan.

    Raises:
        CalendarError: ``now`` is naive or outside the calendar.
    """
    before = {rung.rung: rung for rung in map(planned_rung, old)}
    after = {rung.rung: rung for rung in new.rungs}
    today = _Today(now, court, calendar, policy)
    changes = tuple(
        _change(before.get(rung), after.get(rung), rung in recorded, today) for rung in sorted(before.keys() | after)
    )
    return Replan(replace(new, rungs=tuple(change.after for change in changes if change.after)), changes)


def earliest_day(now: datetime, calendar: BusinessCalendar, policy: Policy) -> date:
    """The first business day whose end is still to come: today, or the next one (Civil Code art. 203).

    Raises:
        CalendarError: ``now`` is naive or outside the calendar.
    """
    day = calendar.business_day_on_or_after(shanghai_date(now))
    return day if at(day, policy.cut_off) > now else calendar.nth_business_day(day, 1)


def planned_rung(row: Mapping[str, Any]) -> PlannedRung:
    """Turn a stored rung into a value."""
    return PlannedRung(
        rung=row["rung"],
        business_day=row["business_day"],
        due_on=date.fromisoformat(row["due_on"]),
        due_at=datetime.fromisoformat(row["due_at"]),
        act_at=datetime.fromisoformat(row["act_at"]),
        notify_at=datetime.fromisoformat(row["notify_at"]),
        provisional=row["provisional"],
    )


@dataclass(frozen=True, slots=True)
class _Today:
    """Now, and all it takes to plan a rung that falls due no earlier."""

    now: datetime
    court: str
    calendar: BusinessCalendar
    policy: Policy

    def bring_forward(self, before: PlannedRung | None, after: PlannedRung) -> PlannedRung:
        """Keep a rung that is new or moves earlier out of the past, without giving it more time than it had."""
        earlier = before is None or after.due_at < before.due_at
        if after.due_at > self.now or not earlier:
            return after
        due_on = earliest_day(self.now, self.calendar, self.policy)
        due_at = at(due_on, self.policy.cut_off)
        if before and before.due_at <= due_at:
            return replace(before, provisional=self.calendar.is_provisional(before.due_on))
        act_at = due_at + (after.act_at - after.due_at)
        return replace(
            after,
            due_on=due_on,
            due_at=due_at,
            act_at=act_at,
            notify_at=next_opening(act_at, MessageClass.STAFF, self.court, self.calendar, self.policy),
            provisional=self.calendar.is_provisional(due_on),
        )

    def days_moved(self, before: date, after: date) -> int:
        """Business days from one date to another, negative for an earlier one."""
        return self.calendar.count(before, after) if before <= after else -self.calendar.count(after, before)


def _change(before: PlannedRung | None, after: PlannedRung | None, recorded: bool, today: _Today) -> RungChange:
    if recorded:
        return RungChange(before, before, recorded=True, clamped=False, days_moved=0)
    planned = today.bring_forward(before, after) if after else None
    moved = today.days_moved(before.due_on, planned.due_on) if before and planned else 0
    return RungChange(before, planned, recorded=False, clamped=planned != after, days_moved=moved)
