"""The append-only record, and the lock that orders everything done to one request."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.errors import RequestUnknown
from liaison.db.tables import ClerkItem, Event, Fault, Request
from liaison.policy.recipients import Fault as RosterFault
from liaison.policy.recipients import FaultKind
from liaison.policy.words import EventKind

INTAKE, INBOX, MESSAGES = "intake", "inbox", "messages"
"""Streams of the record beside those of the run chain; each numbers its own events."""

BESIDE = "-b"
"""Ends the name of the stream beside a run's, for lines whose number another time has taken."""


async def lock_request(session: AsyncSession, reference: str) -> Request:
    """The request, locked until the transaction ends (SQLite's writer lock already covers it).

    Raises:
        RequestUnknown: No such reference.
    """
    found = await session.exec(select(Request).where(Request.reference == reference).with_for_update())
    request = found.one_or_none()
    if request is None:
        raise RequestUnknown(reference)
    return request


async def append_event(
    session: AsyncSession,
    reference: str,
    stream: str,
    kind: EventKind,
    at: datetime,
    actor: str,
    detail: dict[str, Any] | None = None,
    *,
    recorded_at: datetime,
    seq: int | None = None,
) -> bool:
    """Append a line; False if the line (reference, stream, seq) is there already, as after a retry.

    Another kind of line under that number was written by the same run in a time that Temporal has forgotten, as when
    its file came out of a backup: then the new line stands in a stream beside, for no line of the record is lost.

    Args:
        session: The caller's transaction; the request is locked by it.
        reference: The request.
        stream: Whose numbering ``seq`` belongs to.
        kind: What happened.
        at: When it happened, which may be earlier than ``recorded_at``.
        actor: ``platform``, ``party``, a staff id or an operator.
        detail: Ids, dates and words; never a text.
        recorded_at: Now.
        seq: The number the workflow gave it; None for the stream's next.
    """
    if seq is None:
        seq = await last_seq(session, reference, stream) + 1
    elif (recorded := await _recorded_kind(session, reference, stream, seq)) is not None:
        if recorded is kind:
            return False
        stream = f"{stream}{BESIDE}"
        if await _recorded_kind(session, reference, stream, seq) is not None:
            return False
    session.add(
        Event(
            reference=reference,
            stream=stream,
            seq=seq,
            kind=kind,
            at=at,
            actor=actor,
            detail=detail or {},
            recorded_at=recorded_at,
        )
    )
    await session.flush()
    return True


async def recorded_line(session: AsyncSession, reference: str, stream: str, seq: int) -> Event | None:
    """A line of the record by its number; None if it is not written."""
    found = await session.exec(
        select(Event).where(col(Event.reference) == reference, col(Event.stream) == stream, col(Event.seq) == seq)
    )
    return found.one_or_none()


async def last_seq(session: AsyncSession, reference: str, stream: str) -> int:
    """Number of a stream's last event; 0 for none."""
    last = await session.exec(
        select(func.max(Event.seq)).where(col(Event.reference) == reference, col(Event.stream) == stream)
    )
    return last.one() or 0


async def first_dispatch(session: AsyncSession, reference: str) -> Mapping[str, Any] | None:
    """``{holder, ground}`` of the first work order; None before it."""
    found = await session.exec(
        select(Event.detail)
        .where(col(Event.reference) == reference, col(Event.kind) == EventKind.DISPATCHED)
        .order_by(col(Event.id))
        .limit(1)
    )
    return found.first()


async def append_clerk_item(
    session: AsyncSession, reference: str, stream: str, seq: int, reason: str, at: datetime
) -> None:
    """Put something before the clerks of the platform."""
    session.add(ClerkItem(reference=reference, stream=stream, seq=seq, reason=reason, created_at=at))


async def record_faults(
    session: AsyncSession, reference: str, rung: int | None, faults: Iterable[RosterFault], at: datetime
) -> None:
    """Enter posts found vacant or absent into the register of faults (design section 5)."""
    for fault in faults:
        subject = fault.staff_id or fault.post.value
        session.add(Fault(reference=reference, rung=rung, subject=subject, reason=fault.kind.value, found_at=at))


async def record_unreachable(session: AsyncSession, reference: str, recipient: str, at: datetime) -> None:
    """Enter a person or a duty desk whom no message reaches into the register of faults (art. 15)."""
    reason = FaultKind.UNREACHABLE.value
    session.add(Fault(reference=reference, rung=None, subject=recipient, reason=reason, found_at=at))


async def _recorded_kind(session: AsyncSession, reference: str, stream: str, seq: int) -> EventKind | None:
    found = await session.exec(
        select(Event.kind).where(col(Event.reference) == reference, col(Event.stream) == stream, col(Event.seq) == seq)
    )
    kind = found.first()
    return None if kind is None else EventKind(kind)
