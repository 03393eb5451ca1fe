"""Erasing by age: the data key is destroyed, and with it all that was sealed under it, in every copy of the book.

What was sealed in a backup stays unreadable too as long as the key ring is kept elsewhere and a restored book is purged
before anybody reads in it; ``liaison restore`` does that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.messages import WANTED
from liaison.db.record import append_event
from liaison.db.tables import DataKey, Message, PartyContact, Request, RequestText
from liaison.policy.words import EventKind, MessageState

RETENTION = "retention"
"""Stream of the record on which an erasure stands."""

PURGED_BY = "platform"


@dataclass(frozen=True)
class Due:
    """What is old enough: requests closed, and messages settled, before these instants."""

    requests_closed_before: datetime
    messages_settled_before: datetime


async def erase_requests(session: AsyncSession, due: Due, now: datetime, limit: int) -> int:
    """Destroy data key, texts and contact of at most ``limit`` requests, oldest first; how many there were."""
    references = await _due_requests(session, due.requests_closed_before, limit)
    if not references:
        return 0
    for table in (DataKey, PartyContact, RequestText):
        await session.exec(delete(table).where(col(table.reference).in_(references)))
    about = col(Message.reference).in_(references)
    await session.exec(
        update(Message)
        .where(about, col(Message.state).in_(WANTED))
        .values(state=MessageState.SUPERSEDED, settled_at=now)
    )
    await session.exec(
        update(Message).where(about, col(Message.erased_at).is_(None)).values(sealed_params=b"", erased_at=now)
    )
    await session.exec(update(Request).where(col(Request.reference).in_(references)).values(erased_at=now))
    for reference in references:
        await append_event(session, reference, RETENTION, EventKind.ERASED, now, PURGED_BY, recorded_at=now)
    return len(references)


async def erase_messages(session: AsyncSession, due: Due, now: datetime, limit: int) -> int:
    """Empty what at most ``limit`` settled messages said, oldest first; how many there were."""
    oldest = (
        select(Message.id)
        .where(col(Message.settled_at) < due.messages_settled_before, col(Message.erased_at).is_(None))
        .order_by(col(Message.settled_at))
        .limit(limit)
    )
    ids = list((await session.exec(oldest)).all())
    if ids:
        await session.exec(update(Message).where(col(Message.id).in_(ids)).values(sealed_params=b"", erased_at=now))
    return len(ids)


async def _due_requests(session: AsyncSession, closed_before: datetime, limit: int) -> Sequence[str]:
    """Locked against another purge; the partial index holds exactly the candidates."""
    found = await session.exec(
        select(Request.reference)
        .where(col(Request.closed_at) < closed_before, col(Request.erased_at).is_(None))
        .order_by(col(Request.closed_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return found.all()
