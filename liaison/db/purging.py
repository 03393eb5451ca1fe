"""Erasing by age: the data key is destroyed, and with it all that was sealed under it, in every copy of the book.

What was sealed in a backup stays unreadable too as long as the key ring is kept elsewhere and a restored book is purged
before anybody reads in it; ``liaison restore`` does that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.messages import UNTOLD, WANTED
from liaison.db.record import append_event
from liaison.db.tables import Callback, DataKey, InboundMessage, Message, PartyContact, Request, RequestText
from liaison.policy.message_words import MessageState
from liaison.policy.rules import Retention
from liaison.policy.words import EventKind

RETENTION = "retention"
"""Stream of the record on which an erasure stands."""

BY = "platform"

BATCH = 200
"""Requests, and messages, erased in one transaction: others who write wait for it."""


@dataclass(frozen=True)
class Erased:
    """How many requests, messages, calls of gateways and messages to us one transaction erased or emptied."""

    requests: int
    messages: int
    callbacks: int
    inbound: int

    @property
    def more(self) -> bool:
        """Whether there may be more to erase."""
        return BATCH in (self.requests, self.messages, self.callbacks, self.inbound)


async def purge_batch(session: AsyncSession, ages: Retention, now: datetime) -> Erased:
    """Erase the oldest batch of what is past its age: dates, stages and the record stay."""
    requests = await _erase_requests(session, now - timedelta(days=ages.request_days), now)
    messages = await _erase_messages(session, now - timedelta(days=ages.message_days), now)
    arrived_before = now - timedelta(days=ages.callback_days)
    callbacks = await _drop_callbacks(session, arrived_before)
    return Erased(requests, messages, callbacks, await _empty_inbound(session, arrived_before, now))


async def _erase_requests(session: AsyncSession, closed_before: datetime, now: datetime) -> int:
    """Destroy data key, texts and contact of requests; what was still to be sent about them is not sent."""
    references = await _closed(session, closed_before)
    if not references:
        return 0
    for table in (DataKey, PartyContact, RequestText):
        await session.exec(delete(table).where(col(table.reference).in_(references)))
    about = col(Message.reference).in_(references)
    unsent = update(Message).where(about, col(Message.state).in_((*WANTED, *UNTOLD)))
    await session.exec(unsent.values(state=MessageState.SUPERSEDED, settled_at=now))
    await session.exec(update(Message).where(about, col(Message.erased_at).is_(None)).values(**_emptied(now)))
    await session.exec(update(Request).where(col(Request.reference).in_(references)).values(erased_at=now))
    for reference in references:
        await append_event(session, reference, RETENTION, EventKind.ERASED, now, BY, recorded_at=now)
    return len(references)


async def _erase_messages(session: AsyncSession, settled_before: datetime, now: datetime) -> int:
    """Empty what settled messages said."""
    oldest = (
        select(Message.id)
        .where(
            col(Message.settled_at) < settled_before,
            col(Message.erased_at).is_(None),
            # A clerk still has to read it out.
            col(Message.state) != MessageState.TO_CALL,
        )
        .order_by(col(Message.settled_at))
        .limit(BATCH)
    )
    ids = list((await session.exec(oldest)).all())
    if ids:
        await session.exec(update(Message).where(col(Message.id).in_(ids)).values(**_emptied(now)))
    return len(ids)


async def _drop_callbacks(session: AsyncSession, arrived_before: datetime) -> int:
    """Delete what gateways told us, as it came, whatever became of it."""
    oldest = (
        select(Callback.id)
        .where(col(Callback.received_at) < arrived_before)
        .order_by(col(Callback.received_at))
        .limit(BATCH)
    )
    ids = list((await session.exec(oldest)).all())
    if ids:
        await session.exec(delete(Callback).where(col(Callback.id).in_(ids)))
    return len(ids)


async def _empty_inbound(session: AsyncSession, decided_before: datetime, now: datetime) -> int:
    """Empty what people sent us and was matched or decided on; what a reply said stays with its request."""
    oldest = (
        select(InboundMessage.id)
        .where(col(InboundMessage.decided_at) < decided_before, col(InboundMessage.erased_at).is_(None))
        .order_by(InboundMessage.id)
        .limit(BATCH)
    )
    ids = list((await session.exec(oldest)).all())
    if ids:
        emptied = update(InboundMessage).where(col(InboundMessage.id).in_(ids))
        await session.exec(emptied.values(sealed=b"", erased_at=now))
    return len(ids)


async def _closed(session: AsyncSession, before: datetime) -> Sequence[str]:
    """Locked against another purge; the partial index holds exactly the candidates."""
    found = await session.exec(
        select(Request.reference)
        .where(col(Request.closed_at) < before, col(Request.erased_at).is_(None))
        .order_by(col(Request.closed_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return found.all()


def _emptied(now: datetime) -> dict[str, Any]:
    return {"sealed_params": b"", "erased_at": now}
