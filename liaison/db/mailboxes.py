"""The bells of one leader, and the digest that tells of many of them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.messages import DIGEST, is_open
from liaison.db.tables import Message, Request
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.words import Outcome

EXPLANATION = "explanation"
"""Template of what a leader hears when a holder has said why he has not replied."""


async def bells_of(session: AsyncSession, staff_id: str, templates: Collection[str]) -> list[Message]:
    """Messages of a mailbox that still have to go, its digest among them, oldest first, locked."""
    found = await session.exec(
        select(Message).where(*_of_mailbox(staff_id, templates), is_open()).order_by(Message.id).with_for_update()
    )
    return list(found.all())


async def let_go(session: AsyncSession, staff_id: str, templates: Collection[str]) -> None:
    """Have others find senders for bells that a mailbox has in charge and does not gather any more."""
    given_up = (col(Message.recipient) == staff_id, col(Message.template).in_(list(templates)))
    reserved = (col(Message.message_class) == MessageClass.STAFF, col(Message.state) == MessageState.RESERVED)
    await session.exec(update(Message).where(*given_up, *reserved).values(handed_on=False))


async def last_told(session: AsyncSession, staff_id: str, templates: Collection[str]) -> datetime | None:
    """When a mailbox last sent anything; None for never."""
    found = await session.exec(select(func.max(Message.submitted_at)).where(*_of_mailbox(staff_id, templates)))
    return found.one()


async def gather(session: AsyncSession, bells: Sequence[Message], digest: Message, now: datetime) -> None:
    """These bells, locked by the caller, are told by the digest, and with an older digest whatever that had gathered.

    It is useful as long as the newest of them.
    """
    ends = [each.useful_until for each in (digest, *bells)]
    digest.useful_until = None if None in ends else max(end for end in ends if end is not None)
    if older := [bell.id for bell in bells if bell.template == DIGEST]:
        held = update(Message).where(col(Message.gathered_into).in_(older))
        await session.exec(held.values(gathered_into=digest.id))
    for bell in bells:
        bell.state, bell.gathered_into, bell.settled_at, bell.handed_on = MessageState.GATHERED, digest.id, now, True


async def references_in(session: AsyncSession, bell: Message) -> set[str]:
    """The requests that a bell or digest tells of."""
    if bell.template != DIGEST:
        return {bell.reference}
    return set(await session.exec(select(Message.reference).where(Message.gathered_into == bell.id)))


async def told_by(session: AsyncSession, digest_id: str) -> tuple[int, int, int]:
    """How many requests of a digest's bells were by now answered late, how many withdrawn, and of how many that are
    open it brings an explanation."""
    gathered = select(Message.reference).where(Message.gathered_into == digest_id)
    # Counted where they are: a request with a word nobody knows must not silence the others.
    withdrawn = col(Request.outcome) == Outcome.WITHDRAWN
    late = col(Request.outcome) != Outcome.WITHDRAWN
    explained = and_(
        col(Request.outcome).is_(None),
        col(Request.reference).in_(gathered.where(Message.template == EXPLANATION)),
    )
    found = await session.exec(
        select(func.count().filter(late), func.count().filter(withdrawn), func.count().filter(explained)).where(
            col(Request.reference).in_(gathered)
        )
    )
    return found.one()


def _of_mailbox(staff_id: str, templates: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Message.recipient) == staff_id,
        col(Message.template).in_([*templates, DIGEST]),
        col(Message.message_class) == MessageClass.STAFF,
    )
