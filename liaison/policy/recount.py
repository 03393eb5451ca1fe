"""The dates of a request under newer rules, beside those in force: pure, and the same for one request as for many."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from calendars.core import BusinessCalendar, shanghai_date
from liaison.policy.ladder import Ladder, plan_ladder
from liaison.policy.replan import Replan, RungChange, earliest_day, replan
from liaison.policy.rules import Policy
from liaison.policy.windows import at
from liaison.policy.words import CourtLevel, Procedure


class Counted(Protocol):
    """What dates depend on of a request: its row has it."""

    @property
    def reference(self) -> str: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def court(self) -> str: ...
    @property
    def court_level(self) -> CourtLevel: ...
    @property
    def procedure(self) -> Procedure: ...


class InForce(Protocol):
    """The dates in force: a stored plan has them, as ISO text."""

    @property
    def rungs(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def answer_due_on(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What dates are counted by."""

    calendar: BusinessCalendar
    policy: Policy


@dataclass(frozen=True, slots=True)
class Recount:
    """New dates and what differs.

    Attributes:
        ladder: the new plan; what has fired keeps its dates, and nothing lies in the past that lay in the future.
        replan: rung by rung, before and after.
        answer_moved: whether a summary request is to be answered by another day.
        posts_changed: whether other posts are told.
    """

    ladder: Ladder
    replan: Replan
    answer_moved: bool
    posts_changed: bool

    @property
    def moved(self) -> bool:
        """Whether any date is another."""
        return self.answer_moved or any(change.moved or _ends_elsewhere(change) for change in self.replan.changes)

    @property
    def touched(self) -> bool:
        """Whether its workflow must hear of it."""
        return self.moved or self.replan.became_final or self.posts_changed


def recount(
    request: Counted,
    plan: InForce,
    recorded: Collection[int],
    before: Policy,
    rules: Rules,
    now: datetime,
    *,
    answer_is_over: bool = False,
) -> Recount:
    """Count a request anew.

    Args:
        request: What its dates depend on.
        plan: The plan in force.
        recorded: Rungs that fired, or are over and about to.
        before: The policy it has now: that of its plan, or a newer one that moved none of its dates.
        rules: The newer rules; the calendar as this court counts.
        now: Nothing that was still to come is dated before it.
        answer_is_over: Whether the limit to answer on the spot has passed, and keeps its date.
    """
    policy, ladder = rules.policy, planned_by(request, rules)
    rungs = replan(plan.rungs, ladder, recorded, now, court=request.court, calendar=rules.calendar, policy=policy)
    old = answer_due_at(plan, before)
    answer_by = old if answer_is_over else _answer_by(ladder.answer_by, old, now, rules)
    new = replace(
        rungs.ladder,
        answer_by=answer_by,
        answer_act_at=answer_by + (ladder.answer_act_at - ladder.answer_by),
    )
    is_summary = request.procedure is Procedure.SUMMARY
    return Recount(
        ladder=new,
        replan=rungs,
        answer_moved=is_summary and answer_by != old,
        posts_changed=before.ladders[request.court_level] != policy.ladders[request.court_level],
    )


def planned_by(request: Counted, rules: Rules) -> Ladder:
    """The dates a request would have if it were registered under these rules."""
    return plan_ladder(
        received_at=request.received_at,
        court_level=request.court_level,
        reference=request.reference,
        court=request.court,
        calendar=rules.calendar,
        policy=rules.policy,
    )


def answer_due_at(plan: InForce, policy: Policy) -> datetime:
    """When a summary request should have been answered, exclusive (art. 4)."""
    return at(date.fromisoformat(plan.answer_due_on), policy.cut_off)


def _ends_elsewhere(change: RungChange) -> bool:
    """Whether the same day ends at another hour, by another policy."""
    return (change.before and change.before.due_at) != (change.after and change.after.due_at)


def _answer_by(new: datetime, old: datetime, now: datetime, rules: Rules) -> datetime:
    """A limit that moves earlier never lies in the past: it is brought forward as a rung is."""
    if new > now or new >= old:
        return new
    return min(old, at(earliest_day(now, rules.calendar, rules.policy), rules.policy.cut_off))


def last_day(limit: datetime) -> str:
    """The last day of an exclusive limit, in Shanghai."""
    return shanghai_date(limit - timedelta(microseconds=1)).isoformat()
