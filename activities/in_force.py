"""When a rung falls due by the calendar that was in force at its instant.

Workers or Temporal may have been away when newer rules were approved, and what fires when they are back may fire before
the request has heard of them. Silence is judged by the version that was in force when it was to end (calendar.md 5.3).
"""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.tools import Tools
from liaison.db.rungs import planned_rung
from liaison.db.tables import Plan, Request
from liaison.db.versions import newest_before
from liaison.policy.ladder import plan_ladder


async def due_in_force(tools: Tools, session: AsyncSession, request: Request, plan: Plan, rung: int) -> datetime:
    """The later of a rung's instant in the plan in force and the one by a version approved before that."""
    due_at = datetime.fromisoformat(planned_rung(plan, rung)["due_at"])
    newest, _ = await tools.rulebook.current(session)
    if newest.number <= request.calendar_version:
        return due_at
    number = await newest_before(session, due_at)
    if number is None or number <= request.calendar_version:
        return due_at
    ladder = plan_ladder(
        received_at=request.received_at,
        court_level=request.court_level,
        reference=request.reference,
        court=request.court,
        calendar=await tools.rulebook.calendar(session, number),
        policy=await tools.rulebook.policy(session, request.policy_version),
    )
    return max([due_at, *(planned.due_at for planned in ladder.rungs if planned.rung == rung)])
