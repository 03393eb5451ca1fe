"""How far answers have come to their parties; the clerks' call list is made of those that no message could bring, and
of news that none could."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, union
from sqlalchemy.orm import aliased
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.messages import ANSWER, PARTY
from liaison.db.sound import sound_rows
from liaison.db.tables import AnswerDelivery, Message, Request, RungRecord
from liaison.db.visibility import visible
from liaison.policy.delivery import CUT, AnswerMessage
from liaison.policy.message_words import DeliveryMeans, DeliveryState, MessageState
from liaison.policy.scope import Scope

BY_MESSAGE = "platform"


async def delivery_of(session: AsyncSession, reference: str) -> AnswerDelivery | None:
    """The delivery of a request's answer, locked until the transaction ends; None if there is nothing to deliver."""
    found = await session.exec(select(AnswerDelivery).where(AnswerDelivery.reference == reference).with_for_update())
    return found.one_or_none()


async def made_by_message(session: AsyncSession, message: Message, at: datetime) -> None:
    """An answer is made when its message has arrived, whole; called in the transaction that settles the message."""
    if (message.template, message.state) != (ANSWER, MessageState.DELIVERED):
        return
    await session.exec(
        update(AnswerDelivery)
        .where(
            col(AnswerDelivery.reference) == message.reference,
            col(AnswerDelivery.action_id) == message.cause,
            col(AnswerDelivery.state) != DeliveryState.MADE,
            col(AnswerDelivery.to_call_reason).is_distinct_from(CUT),
        )
        .values(state=DeliveryState.MADE, made_at=at, made_by=BY_MESSAGE, means=DeliveryMeans.MESSAGE)
    )


async def answer_message(session: AsyncSession, delivery: AnswerDelivery) -> AnswerMessage | None:
    """What the book knows of the message that brings the answer; None where no message could."""
    found = await session.exec(
        select(Message).where(
            Message.reference == delivery.reference,
            Message.cause == delivery.action_id,
            Message.recipient == PARTY,
            Message.template == ANSWER,
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    went_at = row.submitted_at or max(row.send_after, row.reserved_at)
    return AnswerMessage(row.state, row.send_after, went_at, row.settled_at)


async def to_call(
    session: AsyncSession, scope: Scope, after: str, limit: int
) -> Sequence[tuple[Request, AnswerDelivery | None]]:
    """Requests the scope may see whose party a clerk must call, with references greater than ``after``; and the answer,
    if it is one that no message brings."""
    waiting = union(
        select(AnswerDelivery.reference).where(AnswerDelivery.state == DeliveryState.TO_CALL),
        select(Message.reference).where(Message.state == MessageState.TO_CALL),
    )
    answer = and_(
        col(AnswerDelivery.reference) == col(Request.reference), col(AnswerDelivery.state) == DeliveryState.TO_CALL
    )
    wanted = (
        select(Request, AnswerDelivery)
        .join(AnswerDelivery, answer, isouter=True)
        .where(
            col(Request.reference).in_(waiting),
            col(Request.erased_at).is_(None),
            visible(scope),
            col(Request.reference) > after,
        )
        .order_by(Request.reference)
        .limit(limit)
    )
    return await sound_rows(session, wanted, col(Request.reference))


async def news_to_tell(session: AsyncSession, references: Collection[str]) -> Sequence[Message]:
    """What clerks must tell the parties of these requests beside the answer, oldest first."""
    found = await session.exec(
        select(Message)
        .where(Message.state == MessageState.TO_CALL, col(Message.reference).in_(references))
        .order_by(Message.id)
    )
    return found.all()


async def to_be_watched(session: AsyncSession, begun_before: datetime, reference: str | None = None) -> set[str]:
    """Requests, or this one of them, whose answers were on their way before an instant and are not made."""
    wanted = select(AnswerDelivery.reference).where(_to_be_watched(), col(AnswerDelivery.since) < begun_before)
    if reference is not None:
        wanted = wanted.where(AnswerDelivery.reference == reference)
    return set((await session.exec(wanted)).all())


async def lease_unwatched(session: AsyncSession, now: datetime, until: datetime, limit: int) -> Sequence[str]:
    """Requests whose answers are not made and whose watch was not seen to for long, leased until ``until``."""
    free = or_(col(AnswerDelivery.leased_until).is_(None), col(AnswerDelivery.leased_until) <= now)
    chosen = (
        select(AnswerDelivery.reference)
        .where(_to_be_watched(), free)
        .order_by(AnswerDelivery.reference)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    leased = await session.exec(
        update(AnswerDelivery)
        .where(col(AnswerDelivery.reference).in_(chosen), free)
        .values(leased_until=until)
        .returning(col(AnswerDelivery.reference))
    )
    return list(leased.scalars())


async def keep_watched(session: AsyncSession, references: Sequence[str], until: datetime) -> None:
    """Leave these alone until then: Temporal has their watches."""
    await session.exec(
        update(AnswerDelivery).where(col(AnswerDelivery.reference).in_(references)).values(leased_until=until)
    )


def waits_for_its_party() -> ColumnElement[bool]:
    """Whether a rung record is that of a closed request whose answer was not made in time, and still may be."""
    return exists().where(
        col(AnswerDelivery.reference) == col(RungRecord.reference),
        col(AnswerDelivery.due_at) == col(RungRecord.due_at),
        col(AnswerDelivery.state) != DeliveryState.MADE,
        ~_erased(),
    )


def _to_be_watched() -> ColumnElement[bool]:
    """Whether an answer is not made; one that was erased never will be."""
    return and_(col(AnswerDelivery.state).in_([DeliveryState.UNDER_WAY, DeliveryState.TO_CALL]), ~_erased())


def _erased() -> ColumnElement[bool]:
    of_age = aliased(Request)
    return exists().where(col(of_age.reference) == AnswerDelivery.reference, col(of_age.erased_at).is_not(None))
