"""Whether the time to answer a summary request on the spot is over, by the rules that were in force at its end."""

from temporalio import activity

from activities.messaging import Messaging
from activities.newer_rules import NewerRules
from activities.planned import planned_for
from activities.tools import Tools
from liaison.contract.names import run_stream
from liaison.contract.plans import LimitSeen, LookAtLimit
from liaison.db.claims import newest_plan
from liaison.db.record import lock_request
from liaison.policy.words import Stage


class AnswerLimit:
    """Looks at the limit of the summary procedure (Opinions art. 4)."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._newer_rules = NewerRules(tools, messaging)

    @activity.defn
    async def look_at_limit(self, order: LookAtLimit) -> LimitSeen:
        """Look whether a summary request's limit has passed by the rules that were in force at it."""
        async with self._tools.db.write() as session:
            request = await lock_request(session, order.reference)
            if request.stage is Stage.CLOSED:
                return LimitSeen(closed=True)

            due, plan = self._newer_rules.answer_due(session, request), await newest_plan(session, request)
            plan = await self._newer_rules.judge_by(session, request, plan, due, run_stream(order.stream))
            is_missed = plan.calendar_version > order.calendar_version or plan.policy_version > order.policy_version
            return LimitSeen(await planned_for(self._tools, session, request, plan) if is_missed else None)
