"""The rules that were in force at an instant, which a request may not have heard of yet (calendar.md 5.3)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.tools import Tools
from liaison.db.replans import newest_moving_policy_before
from liaison.db.rungs import rung_due_at
from liaison.db.tables import Plan, Request
from liaison.db.versions import newest_before
from liaison.policy.recount import Rules, planned_by


async def rules_at(tools: Tools, session: AsyncSession, request: Request, instant: datetime) -> Rules | None:
    """The rules approved for a request before an instant; None where it is counted by them, or by newer ones."""
    return await _rules_after(tools, session, request, (request.calendar_version, request.policy_version), instant)


async def due_in_force(tools: Tools, session: AsyncSession, request: Request, plan: Plan, rung: int) -> datetime:
    """The latest of a rung's instant in the plan in force and those by rules approved before it is reached."""
    due_at = rung_due_at(plan, rung)
    counted = (request.calendar_version, request.policy_version)
    while (rules := await _rules_after(tools, session, request, counted, due_at)) is not None:
        due_at = max([due_at, *(each.due_at for each in planned_by(request, rules).rungs if each.rung == rung)])
        counted = (rules.calendar.number, rules.policy.version)
    return due_at


async def _rules_after(
    tools: Tools, session: AsyncSession, request: Request, counted: tuple[int, int], instant: datetime
) -> Rules | None:
    newest_calendar, newest_policy = await tools.rulebook.current(session)
    if counted[0] >= newest_calendar.number and counted[1] >= newest_policy.version:
        return None
    calendar = max(counted[0], await newest_before(session, instant) or 0)
    policy = max(counted[1], await newest_moving_policy_before(session, instant) or 0)
    if (calendar, policy) == counted:
        return None
    of_city = await tools.rulebook.calendar(session, calendar)
    return Rules(of_city.of(request.court), await tools.rulebook.policy(session, policy))
