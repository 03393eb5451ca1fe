"""The message table: reserved with its reason, taken by one sender, settled once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import Message
from liaison.db.texts import data_key
from liaison.keys import KeyRing
from liaison.policy.words import Language, MessageClass, MessageState

PARTY = "party"
"""Recipient of messages to whoever asked."""

DATE_MOVED = "date_moved"
"""Template of the news that a date is another."""

ANSWER = "answer"
"""Template of the message that brings a reply in writing to its party."""

RECEIVED, PASSED_ON, CLOSED, FOLLOW_UP = "received", "passed_on", "closed", "follow_up"
"""Templates of what else a party hears of the life of its request."""

OF_AN_OPEN_REQUEST = (DATE_MOVED, RECEIVED, PASSED_ON)
"""Templates that nobody needs once the request is closed."""

WANTED = (MessageState.RESERVED, MessageState.SUBMITTING)
"""States in which a message still has to go out."""


def desk(department: str) -> str:
    """Recipient name of a department's duty desk."""
    return f"desk:{department}"


def department_of(recipient: str) -> str | None:
    """The department whose desk a recipient name stands for; None for a person or the party."""
    prefix, _, department = recipient.partition(":")
    return department if prefix == "desk" else None


@dataclass(frozen=True)
class Draft:
    """A message to be reserved. ``params`` fill the template and may be personal: they are sealed."""

    id: str
    reference: str
    cause: str
    recipient: str
    message_class: MessageClass
    template: str
    language: Language
    params: Mapping[str, str]
    send_after: datetime

    @property
    def idempotency_key(self) -> str:
        """One reason makes one message to one person."""
        return f"{self.reference}/{self.cause}/{self.recipient}"


async def reserve(session: AsyncSession, ring: KeyRing, draft: Draft, now: datetime) -> Message:
    """Reserve a message; the same reason and recipient give the row that is already there."""
    found = await session.exec(select(Message).where(Message.idempotency_key == draft.idempotency_key))
    if (message := found.one_or_none()) is not None:
        return message
    key = await data_key(session, ring, draft.reference)
    message = Message(
        id=draft.id,
        idempotency_key=draft.idempotency_key,
        reference=draft.reference,
        cause=draft.cause,
        recipient=draft.recipient,
        message_class=draft.message_class,
        template=draft.template,
        language=draft.language,
        sealed_params=key.seal(json.dumps(dict(draft.params), ensure_ascii=False), f"message/{draft.id}"),
        reserved_at=now,
        send_after=draft.send_after,
    )
    session.add(message)
    await session.flush()
    return message


async def read_params(session: AsyncSession, ring: KeyRing, message: Message) -> dict[str, str]:
    """The template's parameters, opened."""
    key = await data_key(session, ring, message.reference)
    params: dict[str, str] = json.loads(key.open(message.sealed_params, f"message/{message.id}"))
    return params


def gateway_key(message: Message) -> str:
    """What the gateway knows the message by: the same for the same reason and recipient, and tells it neither."""
    return hashlib.sha256(message.idempotency_key.encode()).hexdigest()[:32]


def take(message: Message) -> None:
    """Take a reserved message, locked by the caller, for sending: whoever finds it so asks the gateway first."""
    message.state, message.attempts, message.handed_on = MessageState.SUBMITTING, message.attempts + 1, True


async def mark_handed_on(session: AsyncSession, message_ids: Iterable[str]) -> None:
    """Senders have taken charge of these messages."""
    await session.exec(update(Message).where(col(Message.id).in_(list(message_ids))).values(handed_on=True))


async def messages_of(session: AsyncSession, reference: str, cause: str) -> list[Message]:
    """The messages one reason made."""
    found = await session.exec(
        select(Message).where(Message.reference == reference, Message.cause == cause).order_by(Message.id)
    )
    return list(found.all())


async def waiting_bells(session: AsyncSession, reference: str) -> list[Message]:
    """Reserved messages to staff of a request, and news of its dates and ways to anybody, locked against a sender.

    These are what a reply supersedes.
    """
    found = await session.exec(
        select(Message)
        .where(
            Message.reference == reference,
            col(Message.state) == MessageState.RESERVED,
            or_(col(Message.message_class) == MessageClass.STAFF, col(Message.template).in_(OF_AN_OPEN_REQUEST)),
        )
        .order_by(Message.id)
        .with_for_update()
    )
    return list(found.all())


async def news_of_dates(session: AsyncSession, reference: str) -> list[Message]:
    """Reserved news of a request's dates, locked against a sender: newer dates supersede them."""
    found = await session.exec(
        select(Message)
        .where(
            Message.reference == reference,
            col(Message.state) == MessageState.RESERVED,
            Message.template == DATE_MOVED,
        )
        .order_by(Message.id)
        .with_for_update()
    )
    return list(found.all())


def supersede(message: Message, now: datetime) -> None:
    """The reason of a waiting message is gone: it is not sent, and the row says so."""
    message.state, message.settled_at = MessageState.SUPERSEDED, now
