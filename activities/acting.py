"""What people do to an open request: sign in, transfer, return, change the procedure, supervise."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities import new_plan
from activities.judge_notification import recipient_name
from activities.messaging import Messaging
from activities.new_plan import Line
from activities.planned import planned_for
from activities.tools import Tools, holder_message
from liaison.contract.messages import Applied, ApplyAction
from liaison.contract.names import run_stream
from liaison.db.claims import newest_plan
from liaison.db.inbox import offer_of, settle_action
from liaison.db.mailboxes import EXPLANATION
from liaison.db.messages import PASSED_ON
from liaison.db.record import append_event, lock_request
from liaison.db.rungs import rung_records
from liaison.db.tables import Action, Request, WorkOrder
from liaison.db.work_orders import end_orders, offer_order, order_in_force, put_in_force, withdraw_offer
from liaison.policy.recipients import accused_by
from liaison.policy.recount import Rules, answer_due_at, recount
from liaison.policy.roster import Holder, Roster
from liaison.policy.words import ActionKind, ActionState, EventKind, Procedure, Stage, SupervisionAct

Effect = tuple[EventKind, dict[str, Any]]
Step = Callable[[AsyncSession, Request, Action, Roster], Awaitable[Effect]]


class _CannotApplyError(Exception):
    """An action that was taken and cannot take effect after all; refused on record, for a retry would not help."""


class Acting:
    """Applies actions that close nothing."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging
        self._steps: dict[ActionKind, Step] = {
            ActionKind.SIGN_IN: self._sign_in,
            ActionKind.TRANSFER: self._transfer,
            ActionKind.RETURN: self._return,
            ActionKind.PROCEDURE_CHANGE: self._change_procedure,
            ActionKind.SUPERVISION_ACT: self._supervise,
        }

    @activity.defn
    async def apply_action(self, application: ApplyAction) -> Applied:
        """Let a sign-in, transfer, return, change of procedure or act of supervision take effect."""
        async with self._tools.db.write() as session:
            request = await lock_request(session, application.reference)
            roster = await self._tools.rulebook.roster(session)
            action = await session.get_one(Action, application.action.action_id)
            if action.state is ActionState.PENDING:
                await self._apply(session, request, action, roster, application)
            applied = Applied(
                holder=holder_message(roster, await order_in_force(session, request), request),
                offered=holder_message(roster, await offer_of(session, request.reference, request.work_order), request),
            )
            if action.kind is ActionKind.PROCEDURE_CHANGE and request.procedure is Procedure.SUMMARY:
                plan = await newest_plan(session, request)
                applied = replace(applied, newer=await planned_for(self._tools, session, request, plan))
        await self._messaging.hand_on(session, application.reference, action.id)
        return applied

    async def _apply(
        self, session: AsyncSession, request: Request, action: Action, roster: Roster, application: ApplyAction
    ) -> None:
        now, state, refusal = self._tools.clock(), ActionState.ACCEPTED, None
        try:
            kind, detail = await self._steps[action.kind](session, request, action, roster)
        except _CannotApplyError as error:
            kind, detail, state, refusal = EventKind.ACTION_REFUSED, {}, ActionState.REFUSED, str(error)
        await append_event(
            session, request.reference, run_stream(application.stream), kind, action.received_at, action.by,
            {"action": action.id, **detail}, recorded_at=now, seq=application.seq,
        )  # fmt: skip
        await settle_action(session, action.id, state, now, refusal)

    async def _sign_in(self, session: AsyncSession, request: Request, action: Action, roster: Roster) -> Effect:
        offer = await offer_of(session, request.reference, request.work_order)
        taken_over = _is_taker(roster, offer, request, action)
        order = offer if taken_over else await order_in_force(session, request)
        if order is None:
            raise _CannotApplyError("no work order is out")
        order.signed_in_at, order.signed_in_by = action.received_at, action.by
        if taken_over:
            if order.department != request.department and (taker := roster.holder(order.holder_id)) is not None:
                office = roster.office_of(taker, request.language)
                await self._messaging.tell_party(session, request, action.id, PASSED_ON, {"office": office})
            await put_in_force(session, request, order, self._tools.clock())
            return EventKind.TRANSFERRED, {"holder": order.holder_id, "order": order.number}
        return EventKind.SIGNED_IN, {"holder": order.holder_id, "order": order.number}

    async def _transfer(self, session: AsyncSession, request: Request, action: Action, roster: Roster) -> Effect:
        target = action.target or {}
        taker = roster.holder(target.get("judge") or target.get("department") or "")
        if taker is None:
            raise _CannotApplyError("the directory no longer knows the taker")
        if taker.id in accused_by(request):
            raise _CannotApplyError("the request complains of the taker")
        return await self._offer(session, request, action, roster, taker, EventKind.TRANSFER_OFFERED)

    async def _return(self, session: AsyncSession, request: Request, action: Action, roster: Roster) -> Effect:
        """The taker refuses the offer; or the holder gives the order back, to whom it is sent next."""
        offer = await offer_of(session, request.reference, request.work_order)
        if offer is not None and _is_taker(roster, offer, request, action):
            await withdraw_offer(session, request, self._tools.clock())
            await self._tell_holder(session, request, action, "work_order_returned")
            return EventKind.RETURNED, {"refused_by": offer.holder_id, "holder": request.holder_id}
        service, chamber = roster.litigation_service(request.court), roster.case_filing_chamber()
        if request.holder_id == chamber.code:
            raise _CannotApplyError("nobody is left to return it to")
        taker = chamber if request.holder_id == service.code else service
        return await self._offer(session, request, action, roster, taker.as_holder, EventKind.RETURNED)

    async def _offer(
        self, session: AsyncSession, request: Request, action: Action, roster: Roster, taker: Holder, kind: EventKind
    ) -> Effect:
        order = await offer_order(session, request, roster, taker, action.by, action.id, self._tools.clock())
        recipient = recipient_name(order.holder_id, order.holder_kind)
        await self._messaging.reserve(session, request, action.id, recipient, "work_order_offered", {})
        return kind, {"offered_to": order.holder_id, "order": order.number}

    async def _change_procedure(
        self, session: AsyncSession, request: Request, action: Action, roster: Roster
    ) -> Effect:
        request.procedure = Procedure(action.detail)
        if request.procedure is Procedure.SUMMARY:
            await end_orders(session, request.reference, self._tools.clock())
            request.holder_id = request.holder_kind = request.holder_post = request.holder_team = None
            request.stage = Stage.ANSWERING
            request.next_due_at = await self._answer_due_at(session, request)
        return EventKind.PROCEDURE_CHANGED, {"procedure": action.detail}

    async def _answer_due_at(self, session: AsyncSession, request: Request) -> datetime:
        """The limit to answer on the spot; newer rules may have moved it while nobody waited for it."""
        plan, rulebook = await newest_plan(session, request), self._tools.rulebook
        calendar = (await rulebook.calendar(session, request.calendar_version)).of(request.court)
        policy = await rulebook.policy(session, request.policy_version)
        recorded = {record.rung for record in await rung_records(session, request.reference)}
        new = recount(request, plan, recorded, policy, Rules(calendar, policy), self._tools.clock())
        if new.answer_moved:
            line = Line(f"{run_stream(request.stream)}-r")
            plan, _ = await new_plan.put_in_force(self._tools, session, request, plan, new, line)
        return answer_due_at(plan, policy)

    async def _supervise(self, session: AsyncSession, request: Request, action: Action, roster: Roster) -> Effect:
        act = SupervisionAct(action.detail)
        request.last_act = act.value
        if act is SupervisionAct.APPOINT:
            _, detail = await self._transfer(session, request, action, roster)
            return EventKind.SUPERVISED, {"act": act.value, **detail}
        if act in (SupervisionAct.URGE, SupervisionAct.ASK_WHY):
            await self._tell_holder(session, request, action, act.value)
        if act is SupervisionAct.EXPLAIN:
            await self._tell_leaders(session, request, action)
        return EventKind.SUPERVISED, {"act": act.value}

    async def _tell_holder(self, session: AsyncSession, request: Request, action: Action, template: str) -> None:
        if request.holder_id and request.holder_kind:
            recipient = recipient_name(request.holder_id, request.holder_kind)
            await self._messaging.reserve(session, request, action.id, recipient, template, {})

    async def _tell_leaders(self, session: AsyncSession, request: Request, action: Action) -> None:
        """An explanation goes to every leader who has the request in his inbox: he who asked is one of them."""
        leaders = {record.recipient for record in await rung_records(session, request.reference)}
        for leader in sorted(leader for leader in leaders if leader is not None):
            await self._messaging.reserve(session, request, action.id, leader, EXPLANATION, {})


def _is_taker(roster: Roster, offer: WorkOrder | None, request: Request, action: Action) -> bool:
    taker = holder_message(roster, offer, request)
    return taker is not None and action.by in taker.members
