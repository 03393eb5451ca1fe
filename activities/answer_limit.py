"""Whether the time to answer a summary request on the spot is over, by the rules that were in force at its end."""

from temporalio import activity

from activities.in_force import limit_in_force
from activities.planned import planned_for
from activities.tools import Tools
from liaison.contract.plans import LimitSeen, LookAtLimit
from liaison.db.claims import newest_plan
from liaison.db.tables import Request
from liaison.policy.recount import answer_due_at


class AnswerLimit:
    """Looks at the limit of the summary procedure (Opinions art. 4)."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def look_at_limit(self, order: LookAtLimit) -> LimitSeen:
        """Look whether a summary request's limit has passed by the rules that were in force at it."""
        found = self._tools.from_workflow(order.at)
        async with self._tools.db.read() as session:
            request = await session.get_one(Request, order.reference)
            plan = await newest_plan(session, request)
            if answer_due_at(plan, await self._tools.rulebook.policy(session, request.policy_version)) > found:
                return LimitSeen(moved=await planned_for(self._tools, session, request, plan))
            return LimitSeen(held_back=await limit_in_force(self._tools, session, request, plan) > found)
