"""Work orders 工单: sent, offered, taken over, returned; each holder's share of the party's clock stays on record."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.inbox import offer_of, work_order_in_force
from liaison.db.tables import Request, WorkOrder
from liaison.policy.roster import Holder, Roster


async def send_order(
    session: AsyncSession, request: Request, roster: Roster, holder: Holder, given_by: str, now: datetime
) -> WorkOrder:
    """Send a work order that takes effect at once: the platform's own dispatch."""
    await withdraw_offer(session, request, now)
    order = await _next_order(session, request, roster, holder, given_by, None, now)
    await put_in_force(session, request, order, now)
    session.add(order)
    return order


async def offer_order(
    session: AsyncSession,
    request: Request,
    roster: Roster,
    holder: Holder,
    given_by: str,
    action_id: str | None,
    now: datetime,
) -> WorkOrder:
    """Offer a work order: the giver holds on until the taker signs in. An older offer lapses."""
    await withdraw_offer(session, request, now)
    order = await _next_order(session, request, roster, holder, given_by, action_id, now)
    session.add(order)
    await session.flush()
    return order


async def _next_order(
    session: AsyncSession,
    request: Request,
    roster: Roster,
    holder: Holder,
    given_by: str,
    action_id: str | None,
    now: datetime,
) -> WorkOrder:
    last = await session.exec(select(func.max(WorkOrder.number)).where(col(WorkOrder.reference) == request.reference))
    person = roster.staff(holder.id)
    return WorkOrder(
        reference=request.reference,
        number=(last.one() or 0) + 1,
        holder_id=holder.id,
        holder_kind=holder.kind,
        court=holder.court,
        department=holder.department,
        post=roster.post_of(holder),
        team=person.team if person else None,
        given_by=given_by,
        action_id=action_id,
        sent_at=now,
    )


async def put_in_force(session: AsyncSession, request: Request, order: WorkOrder, now: datetime) -> None:
    """Make ``order`` the one the request is held under; the share of the holder before it ends."""
    before = await order_in_force(session, request)
    if before is not None:
        before.ended_at = now
    order.held_from = now
    request.work_order = order.number
    request.holder_id, request.holder_kind = order.holder_id, order.holder_kind
    request.holder_post, request.holder_team = order.post, order.team
    request.department = order.department


async def order_in_force(session: AsyncSession, request: Request) -> WorkOrder | None:
    """The order the request is held under; None before dispatch, and after it was taken back to be answered."""
    if request.holder_id is None:
        return None
    return await work_order_in_force(session, request.reference, request.work_order)


async def withdraw_offer(session: AsyncSession, request: Request, now: datetime) -> WorkOrder | None:
    """End the open offer, if there is one."""
    offer = await offer_of(session, request.reference, request.work_order)
    if offer is not None:
        offer.ended_at = now
        await session.flush()
    return offer


async def end_orders(session: AsyncSession, reference: str, now: datetime) -> None:
    """End every order of a request that is closed or taken back."""
    await session.exec(
        update(WorkOrder)
        .where(col(WorkOrder.reference) == reference, col(WorkOrder.ended_at).is_(None))
        .values(ended_at=now)
    )
