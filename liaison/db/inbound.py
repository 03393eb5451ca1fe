"""Short messages that people sent us: whose they may be, which requests they may mean, and the clerks' queue."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.figures import OPEN_STAGES
from liaison.db.tables import InboundMessage, PartyContact, Request, StaffRow, WorkOrder
from liaison.keys import KeyRing
from liaison.policy.message_words import InboundState
from liaison.policy.words import Stage


def seal_inbound(ring: KeyRing, inbound_id: str, number: str, text: str) -> bytes:
    """Seal what was sent, key class ``gateway``."""
    return ring.seal(json.dumps({"number": number, "text": text}, ensure_ascii=False), _place(inbound_id))


def open_inbound(ring: KeyRing, inbound: InboundMessage) -> tuple[str, str] | None:
    """Number and text; None once they were erased. Personal data."""
    if inbound.erased_at is not None:
        return None
    said = json.loads(ring.open(inbound.sealed, _place(inbound.id)))
    return said["number"], said["text"]


async def find_inbound(session: AsyncSession, gateway: str, provider_ids: Collection[str]) -> InboundMessage | None:
    """A message we have already, by any of the provider's ids for it."""
    found = await session.exec(
        select(InboundMessage).where(
            InboundMessage.gateway == gateway, col(InboundMessage.provider_id).in_(provider_ids)
        )
    )
    return found.first()


async def staff_of_number(session: AsyncSession, number_mac: str) -> Sequence[str]:
    """Ids of the people of the directory in force who have this mobile number."""
    found = await session.exec(select(StaffRow.id).where(StaffRow.mobile_mac == number_mac).order_by(StaffRow.id))
    return found.all()


async def newest_of_party(session: AsyncSession, number_mac: str) -> Request | None:
    """The newest request of a party with this number."""
    found = await session.exec(
        select(Request)
        .join(PartyContact, col(PartyContact.reference) == col(Request.reference))
        .where(PartyContact.phone_mac == number_mac)
        .order_by(col(Request.registered_at).desc())
        .limit(1)
    )
    return found.first()


async def open_references(session: AsyncSession, holders: Sequence[str]) -> Sequence[str]:
    """References of the open requests that these holders hold, all of them: a code counts only if it names no other."""
    found = await session.exec(
        select(Request.reference)
        .where(
            col(Request.holder_id).in_(holders),
            # Written so that the holder's index is the one that helps: by any other all that was ever closed is read.
            col(Request.stage).in_(OPEN_STAGES),
            func.coalesce(Request.attached_to, "") == "",
        )
        .order_by(Request.reference)
    )
    return found.all()


async def was_closed(session: AsyncSession, holders: Collection[str], spans: Sequence[tuple[str, str]]) -> bool:
    """Whether one of these holders' closed requests lies in one of the spans, each a first and a last reference."""
    return await _is_any(session, spans, col(Request.holder_id).in_(holders), col(Request.stage) == Stage.CLOSED)


async def may_be_spoken_of(session: AsyncSession, holders: Collection[str], spans: Sequence[tuple[str, str]]) -> bool:
    """Whether somebody's open request lies in one of the spans, or one whose work order these holders ever had."""
    theirs_once = exists().where(
        col(WorkOrder.reference) == col(Request.reference), col(WorkOrder.holder_id).in_(holders)
    )
    return await _is_any(session, spans, or_(col(Request.stage).in_(OPEN_STAGES), theirs_once))


async def _is_any(session: AsyncSession, spans: Sequence[tuple[str, str]], *conditions: ColumnElement[bool]) -> bool:
    """Whether there is such a request in one of the spans: few are."""
    if not spans:
        return False
    lies_there = or_(*(col(Request.reference).between(first, last) for first, last in spans))
    return (await session.exec(select(Request.reference).where(lies_there, *conditions).limit(1))).first() is not None


async def unmatched(session: AsyncSession, court: str | None, after: str, limit: int) -> Sequence[InboundMessage]:
    """Messages that wait for a clerk of this court, oldest first; for clerks of every court, all of them."""
    waiting = select(InboundMessage).where(
        col(InboundMessage.state) == InboundState.UNMATCHED, col(InboundMessage.id) > after
    )
    if court is not None:
        waiting = waiting.where(InboundMessage.court == court)
    return (await session.exec(waiting.order_by(InboundMessage.id).limit(limit))).all()


async def lock_unmatched(session: AsyncSession, court: str | None, inbound_id: str) -> InboundMessage | None:
    """One message, if clerks of this court see it; locked until the transaction ends."""
    inbound = await session.get(InboundMessage, inbound_id, with_for_update=True)
    return inbound if inbound is not None and court in (None, inbound.court) else None


def decide(inbound: InboundMessage, state: InboundState, by: str, at: datetime, reason: str) -> None:
    """Write what a clerk made of a message."""
    inbound.state, inbound.decided_by, inbound.decided_at, inbound.reason = state, by, at, reason


def _place(inbound_id: str) -> str:
    return f"gateway/inbound/{inbound_id}"
