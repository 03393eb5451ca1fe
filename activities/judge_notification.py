"""Telling a judge that a party waits: the work order to its first holder (Opinions art. 5)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.messaging import Messaging
from activities.tools import PLATFORM, Tools, holder_message
from activities.trial_register import find_case
from calendars.core import shanghai_date
from liaison.contract.messages import Dispatch, Holder
from liaison.contract.names import run_stream
from liaison.db.claims import newest_plan
from liaison.db.messages import RECEIVED, desk
from liaison.db.record import append_event, first_dispatch, lock_request, record_faults
from liaison.db.tables import Request, WorkOrder
from liaison.db.texts import read_contact
from liaison.db.work_orders import send_order
from liaison.gateways.trial_system.port import TrialCase
from liaison.policy.dispatch import DispatchGround, holder_for
from liaison.policy.dispatch import WorkOrder as ChosenHolder
from liaison.policy.told_dates import date_params, due_date
from liaison.policy.words import EventKind, HolderKind, Procedure, Stage


class JudgeNotification:
    """Finds the holder and sends him the work order."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging

    @activity.defn
    async def dispatch(self, order: Dispatch) -> Holder:
        """Find the holder, send him the work order, return him."""
        case = await self._case(order.reference)
        async with self._tools.db.write() as session:
            request = await lock_request(session, order.reference)
            await self._send(session, request, order, case)
            roster = await self._tools.rulebook.roster(session)
            sent = await session.get(WorkOrder, (request.reference, request.work_order))
            holder = holder_message(roster, sent, request)
            cause = order_cause(request.work_order)
        await self._messaging.hand_on(session, order.reference, cause)
        if holder is None:
            raise RuntimeError(f"{order.reference} has an event of dispatch and no work order")
        return holder

    async def _case(self, reference: str) -> TrialCase | None:
        """The case in the trial register, looked up before the transaction: the register may be slow."""
        async with self._tools.db.peek() as session:
            case_number = (await read_contact(session, self._tools.ring, reference)).case_number
            request = await session.get_one(Request, reference)
        return await find_case(self._tools.trial_system, request.court, case_number)

    async def _send(self, session: AsyncSession, request: Request, order: Dispatch, case: TrialCase | None) -> None:
        now, roster = self._tools.clock(), await self._tools.rulebook.roster(session)
        chosen = holder_for(
            roster,
            request.court,
            category=request.category,
            judge=request.judge,
            case_judge=case.judge_id if case else None,
            department=await _department_asked_for(session, request),
            about=request.about,
        )
        stream, detail = run_stream(order.stream), _detail(chosen)
        if not await append_event(
            session, request.reference, stream, EventKind.DISPATCHED, now, PLATFORM, detail,
            recorded_at=now, seq=order.seq,
        ):  # fmt: skip
            return
        if request.stage is Stage.CLOSED:
            # The book is of a later time than the run that asks, as after Temporal alone was put back from a backup.
            raise RuntimeError(f"{request.reference} is closed in the book; liaison repair ends its workflow")
        plan = await newest_plan(session, request)
        await send_order(session, request, roster, chosen.holder, PLATFORM, now)
        await record_faults(session, request.reference, None, chosen.faults, now)
        request.stage, request.procedure = Stage.AWAITING_REPLY, Procedure.ORDINARY
        limit = plan.rungs[0]
        request.next_due_at = datetime.fromisoformat(limit["due_at"])
        await self._messaging.reserve(
            session,
            request,
            order_cause(request.work_order),
            recipient_name(chosen.holder.id, chosen.holder.kind),
            "work_order",
            date_params(due_on=due_date(limit)),
        )
        told = {
            "received_on": shanghai_date(request.received_at).isoformat(),
            "office": roster.office_of(chosen.holder, request.language),
            **date_params(due_on=due_date(limit)),
        }
        await self._messaging.tell_party(session, request, order_cause(request.work_order), RECEIVED, told)


async def _department_asked_for(session: AsyncSession, request: Request) -> str | None:
    """The row's department is the one asked for until a first order went out; from then on it is the holder's."""
    first = await first_dispatch(session, request.reference) if request.work_order else None
    if first is None:
        return request.department
    named: str = first["holder"]
    return named if first["ground"] == DispatchGround.DEPARTMENT_NAMED else None


def order_cause(number: int) -> str:
    """The reason of the message that sends or offers a work order."""
    return f"order-{number}"


def recipient_name(holder_id: str, kind: HolderKind) -> str:
    """How the message table names a holder."""
    return holder_id if kind is HolderKind.JUDGE else desk(holder_id)


def _detail(chosen: ChosenHolder) -> dict[str, str]:
    detail = {"holder": chosen.holder.id, "ground": chosen.ground.value}
    return detail | ({"in_place_of": chosen.in_place_of} if chosen.in_place_of else {})
