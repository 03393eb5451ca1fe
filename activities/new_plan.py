"""A newer plan in place of an older one, and what the record says of it: before and after, by which rules, and why."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.tools import PLATFORM, Tools
from calendars.core import changed_days
from liaison.db.plans import plan_row
from liaison.db.record import append_event
from liaison.db.tables import Plan, PolicyVersion, Request
from liaison.policy.ladder import PlannedRung
from liaison.policy.recount import Recount, last_day
from liaison.policy.replan import RungChange
from liaison.policy.told_dates import ToldDate, for_operators
from liaison.policy.words import EventKind


@dataclass(frozen=True)
class Line:
    """Where on the record something is written: a stream and its number in it, None for the next."""

    stream: str
    seq: int | None = None


async def put_in_force(
    tools: Tools, session: AsyncSession, request: Request, plan: Plan, new: Recount, line: Line
) -> tuple[Plan, str]:
    """Give a request its next plan; the plan, and what is to be said of it."""
    now, number = tools.clock(), request.plan + 1
    causes = await _causes(tools, session, request, plan, new)
    by = _rules_named(plan, new)
    following = plan_row(request.reference, number, new.ladder, f"{by}: {causes[-1] if causes else ''}", now)
    session.add(following)
    request.plan = number
    says = _says(by, new)
    await append_event(
        session, request.reference, line.stream, EventKind.REPLANNED if new.moved else EventKind.DATES_FINAL, now,
        PLATFORM, _detail(plan, following, new, causes) | {"says": says}, recorded_at=now, seq=line.seq,
    )  # fmt: skip
    return following, says


async def _causes(tools: Tools, session: AsyncSession, request: Request, plan: Plan, new: Recount) -> list[str]:
    """Why: the versions that changed a day which this request counts, and the policy that it was moved to."""
    ladder, causes = new.ladder, []
    last = max(last_planned(plan), *(rung.due_on for rung in ladder.rungs))
    older = await tools.rulebook.calendar(session, plan.calendar_version)
    for number in range(plan.calendar_version + 1, ladder.calendar_version + 1):
        newer = await tools.rulebook.calendar(session, number)
        if any(ladder.day0 <= day <= last for day in changed_days(older, newer, request.court)):
            causes.append(await tools.rulebook.reason(session, number))
        older = newer
    if ladder.policy_version != plan.policy_version:
        policy = await session.get_one(PolicyVersion, ladder.policy_version)
        causes.append(policy.cites or f"proposal 方案 {policy.proposal}")
    return causes


def last_planned(plan: Plan) -> date:
    """The last day of a plan that counts."""
    return max(date.fromisoformat(day) for day in (plan.answer_due_on, *(row["due_on"] for row in plan.rungs)))


def _rules_named(plan: Plan, new: Recount) -> str:
    calendar, policy = new.ladder.calendar_version, new.ladder.policy_version
    named = [f"calendar version {calendar}"] if calendar != plan.calendar_version else []
    return " and ".join(named + ([f"policy version {policy}"] if policy != plan.policy_version else []))


def _says(by: str, new: Recount) -> str:
    if not new.moved:
        return f"dates final by {by} 日期已确定"
    moved = [f"{_name(change)} {_days(change)}" for change in new.replan.changes if change.moved]
    if new.answer_moved:
        moved.insert(0, f"answer by {last_day(new.ladder.answer_by)}")
    return f"dates moved by {by} 日期已调整: {', '.join(moved)}"


def _name(change: RungChange) -> str:
    return f"rung {change.rung}" if change.rung else "warning"


def _days(change: RungChange) -> str:
    after = change.after
    is_now = "gone" if after is None else for_operators(ToldDate(after.due_on.isoformat(), after.provisional))
    return f"{_due_on(change.before) or 'new'} -> {is_now}"


def _due_on(planned: PlannedRung | None) -> str | None:
    return None if planned is None else planned.due_on.isoformat()


def _detail(plan: Plan, following: Plan, new: Recount, causes: list[str]) -> dict[str, Any]:
    """Ids, dates and words: what the dates were and are, by which rules, and why."""
    return {
        "plan": following.number,
        "calendar_version": {"before": plan.calendar_version, "after": following.calendar_version},
        "policy_version": {"before": plan.policy_version, "after": following.policy_version},
        "because": causes,
        "answer_due_on": {"before": plan.answer_due_on, "after": following.answer_due_on},
        "rungs": [_shown(change, plan) for change in new.replan.changes],
    }


def _shown(change: RungChange, plan: Plan) -> dict[str, Any]:
    return {
        "rung": change.rung,
        "before": _due_on(change.before),
        "after": _due_on(change.after),
        "business_days": change.days_moved,
        **({"right_under_version": plan.calendar_version} if change.recorded else {}),
        **({"not_before_today": True} if change.clamped else {}),
    }
