"""When a rung or a limit falls due by the rules that were in force at its instant.

Workers or Temporal may have been away when newer rules were approved, and what falls due when they are back may do so
before the request has heard of them. Silence is judged by the versions in force when it was to end (calendar.md 5.3).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.tools import Tools
from liaison.db.replans import newest_moving_policy_before
from liaison.db.rungs import planned_rung
from liaison.db.tables import Plan, Request
from liaison.db.versions import newest_before
from liaison.policy.ladder import Ladder, plan_ladder
from liaison.policy.recount import answer_due_at

NEVER: Final = datetime.max.replace(tzinfo=UTC)


async def due_in_force(tools: Tools, session: AsyncSession, request: Request, plan: Plan, rung: int) -> datetime:
    """The latest of a rung's instant in the plan in force and those by rules approved before; ``NEVER`` without it."""

    def due(ladder: Ladder) -> datetime:
        return next((planned.due_at for planned in ladder.rungs if planned.rung == rung), NEVER)

    due_at = datetime.fromisoformat(planned_rung(plan, rung)["due_at"])
    return await _latest(tools, session, request, due_at, due)


async def limit_in_force(tools: Tools, session: AsyncSession, request: Request, plan: Plan) -> datetime:
    """The same of the limit by which a summary request is to be answered (art. 4)."""
    policy = await tools.rulebook.policy(session, request.policy_version)
    return await _latest(tools, session, request, answer_due_at(plan, policy), lambda ladder: ladder.answer_by)


async def _latest(
    tools: Tools, session: AsyncSession, request: Request, due_at: datetime, due: Callable[[Ladder], datetime]
) -> datetime:
    """An instant put off by newer rules lets those count too that were approved before it is reached."""
    newest_calendar, newest_policy = await tools.rulebook.current(session)
    calendar, policy = request.calendar_version, request.policy_version
    while calendar < newest_calendar.number or policy < newest_policy.version:
        counted = (calendar, policy)
        calendar = max(calendar, await newest_before(session, due_at) or 0)
        policy = max(policy, await newest_moving_policy_before(session, due_at) or 0)
        if (calendar, policy) == counted:
            break
        ladder = plan_ladder(
            received_at=request.received_at,
            court_level=request.court_level,
            reference=request.reference,
            court=request.court,
            calendar=await tools.rulebook.calendar(session, calendar),
            policy=await tools.rulebook.policy(session, policy),
        )
        due_at = max(due_at, due(ladder))
    return due_at
