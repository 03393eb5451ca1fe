"""A request's dates counted anew by newer rules: the plan, the record, the people whose date moved (issue line C20)."""

from datetime import datetime
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.messaging import Messaging
from activities.moved_dates import Moved, MovedDates
from activities.new_plan import Line, put_in_force
from activities.planned import planned_for
from activities.tools import Tools
from liaison.contract.names import replan_id, run_stream
from liaison.contract.plans import PlanLadder, Planned
from liaison.db.claims import newest_plan
from liaison.db.record import lock_request, recorded_line
from liaison.db.replans import count_replanned, moving_policies
from liaison.db.rungs import rung_records
from liaison.db.tables import Plan, Request
from liaison.policy.recount import Recount, Rules, recount
from liaison.policy.words import Procedure, Stage

NO_SUCH_VERSION: Final = "no such version is approved for open requests 没有适用于在办诉求的该版本"


class Planning:
    """Brings one request to newer rules."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._moved_dates = MovedDates(tools, messaging)

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
        recorded = {record.rung for record in await rung_records(session, request.reference)}
        before = await self._tools.rulebook.policy(session, request.policy_version)
        new = recount(request, plan, recorded, before, rules, self._tools.clock())
        replans = _replans_to(request, rules)
        request.calendar_version, request.policy_version = asked
        says = ""
        if new.moved or new.replan.became_final:
            plan, says = await self._put_in_force(session, request, plan, recorded, new, order)
        outcome = "moved" if new.moved else "made_final" if new.replan.became_final else "untouched"
        for replan in replans:
            await count_replanned(session, replan, **{outcome: 1})
        return plan, says

    async def _put_in_force(
        self, session: AsyncSession, request: Request, plan: Plan, recorded: set[int], new: Recount, order: PlanLadder
    ) -> tuple[Plan, str]:
        line = Line(run_stream(order.stream), order.seq)
        following, says = await put_in_force(self._tools, session, request, plan, new, line)
        # While a reply waits to be confirmed nothing is due.
        confirming = request.stage is Stage.CONFIRMING
        request.next_due_at = None if confirming else _next_due(request, following, new, recorded)
        await self._moved_dates.tell(session, request, Moved(plan, following, recorded))
        return following, says


def _replans_to(request: Request, rules: Rules) -> list[str]:
    """The re-plans to the rules that a request is counted by, whichever told it: another may follow within seconds."""
    calendar, policy = rules.calendar.number, rules.policy.version
    to_calendar = [replan_id(calendar, None)] if request.calendar_version < calendar else []
    return to_calendar + ([replan_id(calendar, policy)] if request.policy_version < policy else [])


def _next_due(request: Request, plan: Plan, new: Recount, recorded: set[int]) -> datetime | None:
    if request.procedure is Procedure.SUMMARY:
        return new.ladder.answer_by
    to_come = (row["due_at"] for row in plan.rungs if row["rung"] not in recorded)
    return next((datetime.fromisoformat(due_at) for due_at in to_come), None)
