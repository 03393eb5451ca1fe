"""Registration: everything a new request consists of, written in the caller's one transaction."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.record import INTAKE, append_event
from liaison.db.tables import Event, Plan, Request
from liaison.db.texts import CONTENT, Party, create_data_key, write_contact, write_text
from liaison.keys import KeyRing
from liaison.policy.words import EventKind


@dataclass(frozen=True)
class Registration:
    """A request about to be registered.

    Attributes:
        request: Its row.
        plan: Plan 1; None for an attached request, which has no clock of its own.
        content: What the party asks.
        party: Who asks.
        phone_mac: Keyed hash of the telephone number; ``case_mac`` of the case number, if any.
    """

    request: Request
    plan: Plan | None
    content: str = field(repr=False)
    party: Party
    phone_mac: str
    case_mac: str | None


async def open_matter(session: AsyncSession, matter: str) -> Request | None:
    """The open request about this matter, locked until the transaction ends.

    Two first requests of one matter may both be told None; the unique column stops the second (``IntegrityError``).
    """
    found = await session.exec(select(Request).where(col(Request.open_matter) == matter).with_for_update())
    return found.one_or_none()


async def insert_request(session: AsyncSession, ring: KeyRing, new: Registration, at: datetime) -> None:
    """Write a request: row, plan, sealed texts, sealed contact, first events.

    Raises:
        IntegrityError: Another transaction has just opened the same matter (PostgreSQL).
    """
    request = new.request
    session.add(request)
    key = await create_data_key(session, ring, request.reference)
    await write_text(session, key, request.reference, CONTENT, new.content, at)
    await write_contact(session, key, request.reference, new.party, new.phone_mac, new.case_mac)
    if new.plan is not None:
        session.add(new.plan)
    session.add(_registered(request, at))
    await session.flush()
    if request.attached_to is not None:
        await _record_attached(session, request, request.attached_to, at)


def _registered(request: Request, at: datetime) -> Event:
    """The first line of the record."""
    detail = {
        "channel": request.channel.value,
        "court": request.court,
        "category": request.category.value,
        "procedure": request.procedure.value,
        "reason": request.triage_reason,
        "received_at": request.received_at.isoformat(),
        "calendar_version": request.calendar_version,
        "policy_version": request.policy_version,
    }
    return Event(
        reference=request.reference,
        stream=INTAKE,
        seq=1,
        kind=EventKind.REGISTERED,
        at=at,
        actor=request.key_id,
        detail=detail,
        recorded_at=at,
    )


async def _record_attached(session: AsyncSession, request: Request, main: str, at: datetime) -> None:
    """On both records: whoever reads one finds the other."""
    for reference, detail in ((request.reference, {"to": main}), (main, {"from": request.reference})):
        await append_event(session, reference, INTAKE, EventKind.ATTACHED, at, request.key_id, detail, recorded_at=at)
