"""Claiming a request and reading its plan: the only activity a request waits for before it lives."""

from dataclasses import replace

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.messaging import Messaging
from activities.planned import planned_for
from activities.tools import PLATFORM, Tools, holder_message
from calendars.core import shanghai_date
from liaison.contract.messages import Action, Opened, OpenRequest
from liaison.contract.names import run_stream
from liaison.db.claimed import standing_claim
from liaison.db.claims import claim, newest_plan, waiting_answer
from liaison.db.errors import RequestTaken
from liaison.db.inbox import offer_of
from liaison.db.messages import REGISTERED
from liaison.db.record import append_event, last_seq, lock_request
from liaison.db.rungs import rung_records
from liaison.db.tables import Action as ActionRow
from liaison.db.tables import Request
from liaison.db.work_orders import order_in_force
from liaison.policy.machine import machine_may_answer
from liaison.policy.told_dates import ToldDate, date_params
from liaison.policy.words import EventKind, Procedure, Stage


class Opening:
    """Gives a run its request."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging

    @activity.defn
    async def open_request(self, claimed: OpenRequest) -> Opened:
        """Claim the request's row for this run and return its newest plan and state."""
        async with self._tools.db.write() as session:
            request = await lock_request(session, claimed.reference)
            try:
                first = claim(request, claimed.run_id, claimed.stream)
            except RequestTaken:
                return Opened(duplicate=True)
            stream, now = run_stream(claimed.stream), self._tools.clock()
            if first:
                kind = EventKind.STARTED if claimed.stream == 1 else EventKind.REPAIRED
                await append_event(session, claimed.reference, stream, kind, now, PLATFORM, recorded_at=now, seq=1)
            is_new = first and claimed.stream == 1
            opened = await (self._fresh(session, request) if is_new else self._as_it_stands(session, request, stream))
            if request.procedure is Procedure.SUMMARY:
                request.stage = Stage.ANSWERING
                if is_new and opened.answered_by is None:
                    await self._tell_registered(session, request, opened)
            return opened

    async def _tell_registered(self, session: AsyncSession, request: Request, opened: Opened) -> None:
        """Have the party told by when it will have its answer, unless it has it before that is sent."""
        due_on = ToldDate(opened.answer_due_on, opened.answer_provisional)
        told = {"received_on": shanghai_date(request.received_at).isoformat(), **date_params(due_on=due_on)}
        _, policy = await self._tools.rulebook.current(session)
        at = self._tools.clock() + policy.sending.on_the_spot
        await self._messaging.tell_party(session, request, REGISTERED, REGISTERED, told, at, relayed=True)

    async def _as_it_stands(self, session: AsyncSession, request: Request, stream: str) -> Opened:
        """What an earlier run, or an earlier try, has left."""
        reference, roster = request.reference, await self._tools.rulebook.roster(session)
        claimed = await standing_claim(session, reference)
        return replace(
            await self._fresh(session, request),
            recorded=[record.rung for record in await rung_records(session, reference)],
            holder=holder_message(roster, await order_in_force(session, request), request),
            offered=holder_message(roster, await offer_of(session, reference, request.work_order), request),
            claimed=action_message(claimed) if claimed else None,
            last_seq=await last_seq(session, reference, stream),
        )

    async def _fresh(self, session: AsyncSession, request: Request) -> Opened:
        """A request of which no run has heard: nobody holds it, nothing was recorded."""
        plan = await newest_plan(session, request)
        planned = await planned_for(self._tools, session, request, plan)
        summary = request.procedure is Procedure.SUMMARY
        answer = await waiting_answer(session, request.reference) if summary else None
        return Opened(
            court=request.court,
            procedure=request.procedure,
            stage=request.stage,
            machine_may_answer=machine_may_answer(request.category, request.procedure),
            plan=plan.number,
            calendar_version=planned.calendar_version,
            policy_version=planned.policy_version,
            answer_due_on=planned.answer_due_on,
            answer_due_at=planned.answer_due_at,
            answer_act_at=planned.answer_act_at,
            rungs=planned.rungs,
            answered_by=action_message(answer) if answer else None,
            answer_provisional=planned.answer_provisional,
            answer_counted=planned.answer_counted,
        )


def action_message(row: ActionRow) -> Action:
    """An action of the inbox as workflows know it."""
    return Action(row.id, row.kind, row.by, row.received_at.isoformat(), row.detail, claimed=row.claimed)
