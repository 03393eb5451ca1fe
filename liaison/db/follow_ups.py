"""Follow-ups 回访 of closed requests, and whose number asks or is asked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import Event, FollowUp, Message, PartyContact
from liaison.policy.message_words import FollowUpState, MessageState
from liaison.policy.words import EventKind


async def follow_up_of(session: AsyncSession, reference: str) -> FollowUp | None:
    """A request's follow-up, locked until the transaction ends; None if nobody is asked.

    It is as it stands under the lock, whatever the session has seen of it before.
    """
    locked = select(FollowUp).where(FollowUp.reference == reference).with_for_update()
    found = await session.exec(locked.execution_options(populate_existing=True))
    return found.one_or_none()


async def number_asked_since(session: AsyncSession, reference: str, since: datetime) -> bool:
    """Whether the number of a request's party is being asked about another request, or was after ``since``."""
    number = select(PartyContact.phone_mac).where(PartyContact.reference == reference).scalar_subquery()
    found = await session.exec(
        select(FollowUp.reference)
        .join(PartyContact, col(PartyContact.reference) == col(FollowUp.reference))
        .where(
            col(PartyContact.phone_mac) == number,
            col(FollowUp.reference) != reference,
            col(FollowUp.since) > since,
        )
        .limit(1)
    )
    return found.first() is not None


async def asked_by_number(session: AsyncSession, phone_mac: str) -> Sequence[FollowUp]:
    """Follow-ups of one number that were asked, the newest first."""
    found = await session.exec(
        select(FollowUp)
        .join(PartyContact, col(PartyContact.reference) == col(FollowUp.reference))
        .where(PartyContact.phone_mac == phone_mac, col(FollowUp.asked_at).is_not(None))
        .order_by(col(FollowUp.since).desc())
    )
    return found.all()


async def first_asked(session: AsyncSession, reference: str) -> datetime | None:
    """When a request's party was first asked, by the record; None before it. The row knows the last try alone."""
    tries = select(func.min(Event.at)).where(
        col(Event.reference) == reference, col(Event.kind) == EventKind.FOLLOW_UP_ASKED
    )
    return (await session.exec(tries)).one()


async def any_delivered(session: AsyncSession, reference: str, template: str) -> bool:
    """Whether a message of this kind about the request has arrived."""
    found = await session.exec(
        select(Message.id)
        .where(
            Message.reference == reference,
            Message.template == template,
            col(Message.state) == MessageState.DELIVERED,
        )
        .limit(1)
    )
    return found.first() is not None


async def lease_unasked(
    session: AsyncSession, now: datetime, until: datetime, limit: int
) -> Sequence[tuple[str, datetime]]:
    """Follow-ups under way that were not seen to for long, with the time they began, leased until ``until``."""
    free = or_(col(FollowUp.leased_until).is_(None), col(FollowUp.leased_until) <= now)
    chosen = (
        select(FollowUp.reference)
        .where(FollowUp.state == FollowUpState.ASKING, free)
        .order_by(FollowUp.reference)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    leased = await session.exec(
        update(FollowUp)
        .where(col(FollowUp.reference).in_(chosen), free)
        .values(leased_until=until)
        .returning(col(FollowUp.reference), col(FollowUp.since))
    )
    return [(reference, since) for reference, since in leased]


async def keep_asked(session: AsyncSession, references: Sequence[str], until: datetime) -> None:
    """Leave these alone until then: Temporal has their follow-ups."""
    await session.exec(update(FollowUp).where(col(FollowUp.reference).in_(references)).values(leased_until=until))
