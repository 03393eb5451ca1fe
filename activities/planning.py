"""A request's dates counted anew by newer rules: the plan, the record, the people whose date moved (issue line C20)."""

from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.messaging import Messaging
from activities.new_plan import Line
from activities.newer_rules import NewerRules
from activities.planned import planned_for
from activities.tools import Tools
from liaison.contract.names import run_stream
from liaison.contract.plans import PlanLadder, Planned
from liaison.db.claims import newest_plan
from liaison.db.record import lock_request, recorded_line
from liaison.db.replans import moving_policies
from liaison.db.tables import Plan, Request
from liaison.policy.recount import Rules
from liaison.policy.words import Stage

NO_SUCH_VERSION: Final = "no such version is approved for open requests 没有适用于在办诉求的该版本"


class Planning:
    """Brings one request to newer rules."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._newer_rules = NewerRules(tools, messaging)

    @activity.defn
    async def plan_ladder(self, order: PlanLadder) -> Planned:
        """Count a request's dates by the newest rules; put on record, and tell the people, what moved."""
        async with self._tools.db.write() as session:
            request = await lock_request(session, order.reference)
            rules = await self._rules(session, request, order)
            if rules is None:
                return Planned(refused=NO_SUCH_VERSION)
            with session.no_autoflush:
                # Written once, at the end.
                plan, says = await self._replan(session, request, rules, order)
                return await planned_for(self._tools, session, request, plan, says)

    async def _rules(self, session: AsyncSession, request: Request, order: PlanLadder) -> Rules | None:
        """The newest calendar, and the policy that was asked for; a signal may name what does not exist."""
        calendar, _ = await self._tools.rulebook.current(session)
        number = max(request.policy_version, order.policy or 0)
        if order.calendar > calendar.number:
            return None
        if number > request.policy_version and number not in await moving_policies(session, [number]):
            return None
        return Rules(calendar.of(request.court), await self._tools.rulebook.policy(session, number))

    async def _replan(
        self, session: AsyncSession, request: Request, rules: Rules, order: PlanLadder
    ) -> tuple[Plan, str]:
        """Make the next plan if anything differs. Returns the plan in force, and what is to be said of it."""
        stream, plan = run_stream(order.stream), await newest_plan(session, request)
        if (line := await recorded_line(session, request.reference, stream, order.seq)) is not None:
            # An attempt before this one had committed.
            return plan, str(line.detail.get("says", ""))
        asked = (rules.calendar.number, rules.policy.version)
        if request.stage is Stage.CLOSED or (request.calendar_version, request.policy_version) == asked:
            return plan, ""
        return await self._newer_rules.bring_to_newest(session, request, plan, rules, Line(stream, order.seq))
