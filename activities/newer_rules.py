"""Bringing a request to newer rules: when it hears of them, or when something falls due before it has (C20, C21).

Workers or Temporal may be away when rules are approved. Silence is judged by the versions that were in force when it
was to end (calendar.md 5.3), so what falls due is brought to them first.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.in_force import rules_at
from activities.messaging import Messaging
from activities.moved_dates import Moved, MovedDates
from activities.new_plan import Line, put_in_force
from activities.tools import Tools
from liaison.contract.names import replan_id
from liaison.db.replans import count_replanned
from liaison.db.rungs import rung_due_at, rung_records
from liaison.db.tables import Plan, Request
from liaison.policy.recount import Recount, Rules, answer_due_at, recount
from liaison.policy.words import Procedure, Stage

Due = Callable[[Plan], Awaitable[datetime]]
"""When something falls due by a plan, for a request that is counted by the rules of today's row."""


class NewerRules:
    """Counts one request anew, puts on record and tells the people what moved."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._moved_dates = MovedDates(tools, messaging)

    async def judge_by(self, session: AsyncSession, request: Request, plan: Plan, due: Due, stream: str) -> Plan:
        """Bring a request to the rules that were in force when something fell due; what they put off, to those of then.

        Returns:
            The plan by which it is judged, the given one if no newer rules were in force.
        """
        while (rules := await rules_at(self._tools, session, request, await due(plan))) is not None:
            # A stream of its own: the numbers of the run's are the workflow's to give.
            plan, _ = await self.bring_to(session, request, plan, rules, Line(f"{stream}-r"))
        return plan

    async def bring_to_newest(
        self, session: AsyncSession, request: Request, plan: Plan, rules: Rules, line: Line
    ) -> tuple[Plan, str]:
        """Bring a request to rules approved by now.

        What is over keeps its date and is judged by the rules in force then, though its work, spread over minutes or
        held back, is still to come (ADR 0020).
        """
        recorded, now = {record.rung for record in await rung_records(session, request.reference)}, self._tools.clock()
        limits = [_due_of(row["rung"]) for row in plan.rungs if row["rung"] not in recorded]
        if request.procedure is Procedure.SUMMARY:
            limits.append(self.answer_due(session, request))
        for due in limits:
            if await due(plan) <= now:
                plan = await self.judge_by(session, request, plan, due, line.stream)
        return await self.bring_to(session, request, plan, rules, line, judged=True)

    def answer_due(self, session: AsyncSession, request: Request) -> Due:
        """The limit to answer a summary request on the spot."""

        async def due(plan: Plan) -> datetime:
            return answer_due_at(plan, await self._tools.rulebook.policy(session, request.policy_version))

        return due

    async def bring_to(
        self, session: AsyncSession, request: Request, plan: Plan, rules: Rules, line: Line, *, judged: bool = False
    ) -> tuple[Plan, str]:
        """Make the next plan if anything differs. Returns the plan in force, and what is to be said of it.

        ``judged`` says that what is over was judged by the rules of then, and keeps its dates.
        """
        recorded, now = {record.rung for record in await rung_records(session, request.reference)}, self._tools.clock()
        before = await self._tools.rulebook.policy(session, request.policy_version)
        over = {row["rung"] for row in plan.rungs if judged and rung_due_at(plan, row["rung"]) <= now}
        new = recount(
            request, plan, recorded | over, before, rules, now,
            answer_is_over=judged and answer_due_at(plan, before) <= now,
        )  # fmt: skip
        replans = _replans_to(request, rules)
        request.calendar_version, request.policy_version = rules.calendar.number, rules.policy.version
        says = ""
        if new.moved or new.replan.became_final:
            following, says = await put_in_force(self._tools, session, request, plan, new, line)
            # While a reply waits to be confirmed nothing is due.
            confirming = request.stage is Stage.CONFIRMING
            request.next_due_at = None if confirming else _next_due(request, following, new, recorded)
            await self._moved_dates.tell(session, request, Moved(plan, following, recorded))
            plan = following
        outcome = "moved" if new.moved else "made_final" if new.replan.became_final else "untouched"
        for replan in replans:
            await count_replanned(session, replan, **{outcome: 1})
        return plan, says


def _due_of(rung: int) -> Due:
    async def due(plan: Plan) -> datetime:
        return rung_due_at(plan, rung)

    return due


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
