"""The append-only record, and the lock that orders everything done to one request."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Insert, bindparam, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.errors import RequestUnknown
from liaison.db.tables import ClerkItem, Event, Fault, Request, metadata
from liaison.policy.recipients import Fault as RosterFault
from liaison.policy.recipients import FaultKind
from liaison.policy.words import EventKind

INTAKE, INBOX, MESSAGES = "intake", "inbox", "messages"
"""Streams of the record beside those of the run chain; each numbers its own events."""

BESIDE = "-b"
"""Ends the name of the stream beside a run's, for lines whose number another time has taken."""

# What every step of every request says is built once: to build it takes longer than to run it.
_LOCKED: Final = (
    select(Request)
    .where(Request.reference == bindparam("reference"))
    .with_for_update()
    # What was read before somebody else let go of the lock is not to be believed.
    .execution_options(populate_existing=True)
)
_HELD: Final = select(Request.reference).where(Request.reference == bindparam("reference")).with_for_update()
_LAST_SEQ: Final = select(func.coalesce(func.max(Event.seq), 0)).where(
    col(Event.reference) == bindparam("of_reference"), col(Event.stream) == bindparam("of_stream")
)
_EVENTS: Final = metadata.tables["event"]
_NUMBER: Final = ("reference", "stream", "seq")
_LINE: Final = {
    name: insert(_EVENTS).on_conflict_do_nothing(index_elements=_NUMBER).execution_options(preserve_rowcount=True)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_NEXT_LINE: Final = {name: line.values(seq=_LAST_SEQ.scalar_subquery() + 1) for name, line in _LINE.items()}


async def lock_request(session: AsyncSession, reference: str) -> Request:
    """The request, locked until the transaction ends (SQLite's writer lock already covers it).

    Raises:
        RequestUnknown: No such reference.
    """
    request = (await session.exec(_LOCKED, params={"reference": reference})).one_or_none()
    if request is None:
        raise RequestUnknown(reference)
    return request


async def hold_request(session: AsyncSession, reference: str) -> None:
    """The same for whoever needs nothing of the row.

    Raises:
        RequestUnknown: No such reference.
    """
    if (await session.exec(_HELD, params={"reference": reference})).one_or_none() is None:
        raise RequestUnknown(reference)


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
    line = {
        "reference": reference,
        "stream": stream,
        "kind": kind,
        "at": at,
        "actor": actor,
        "detail": detail or {},
        "recorded_at": recorded_at,
    }
    if seq is None:
        return await _write(session, line, _NEXT_LINE)
    if await _write(session, line | {"seq": seq}):
        return True
    if await _recorded_kind(session, reference, stream, seq) is kind:
        return False
    return await _write(session, line | {"seq": seq, "stream": f"{stream}{BESIDE}"})


async def recorded_line(session: AsyncSession, reference: str, stream: str, seq: int) -> Event | None:
    """A line of the record by its number; None if it is not written."""
    found = await session.exec(
        select(Event).where(col(Event.reference) == reference, col(Event.stream) == stream, col(Event.seq) == seq)
    )
    return found.one_or_none()


async def last_seq(session: AsyncSession, reference: str, stream: str) -> int:
    """Number of a stream's last event; 0 for none."""
    return (await session.exec(_LAST_SEQ, params={"of_reference": reference, "of_stream": stream})).one()


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


async def _write(session: AsyncSession, line: Mapping[str, Any], statement: Mapping[str, Insert] = _LINE) -> bool:
    """Write a line unless there is one under its number."""
    of = {"of_reference": line["reference"], "of_stream": line["stream"]}
    written = await session.exec(statement[session.get_bind().dialect.name], params={**line, **of})
    return written.rowcount == 1


async def record_unreachable(session: AsyncSession, reference: str, recipient: str, at: datetime) -> None:
    """Enter whom a message does not reach, a person, a desk or the party, into the register of faults (art. 15)."""
    reason = FaultKind.UNREACHABLE.value
    session.add(Fault(reference=reference, rung=None, subject=recipient, reason=reason, found_at=at))


async def _recorded_kind(session: AsyncSession, reference: str, stream: str, seq: int) -> EventKind | None:
    found = await session.exec(
        select(Event.kind).where(col(Event.reference) == reference, col(Event.stream) == stream, col(Event.seq) == seq)
    )
    kind = found.first()
    return None if kind is None else EventKind(kind)
