"""The message table: reserved with its reason, taken by one sender, settled once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import Message, Request
from liaison.db.texts import data_key
from liaison.keys import DataKey, KeyRing
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.sending import is_gathered
from liaison.policy.sending_rules import SendingRules
from liaison.policy.words import Language

PARTY = "party"
"""Recipient of messages to whoever asked."""

SENDER = "sender"
"""Recipient of a message to whoever sent us one and is not in the directory: ``to`` of its parameters is his number."""

NO_REQUEST = ""
"""Reference of a message about no request."""

DATE_MOVED = "date_moved"
"""Template of the news that a date is another."""

ANSWER = "answer"
"""Template of the message that brings a reply in writing to its party."""

DIGEST = "digest"
"""Template of the one message that tells a leader of many requests."""

RECEIVED, PASSED_ON, CLOSED, FOLLOW_UP = "received", "passed_on", "closed", "follow_up"
"""Templates of what else a party hears of the life of its request."""

REGISTERED = "registered"
"""Template of what a party hears whose request waits to be answered on the spot."""

NEWS = (DATE_MOVED, RECEIVED, PASSED_ON, CLOSED)
"""Templates of what a clerk tells a party that no short message reaches; an answer has a delivery of its own."""

OF_AN_OPEN_REQUEST = (DATE_MOVED, RECEIVED, PASSED_ON, REGISTERED)
"""Templates that nobody needs once the request is closed."""

SAYS = "says"
"""Parameter of such news: its text, ready to be read out."""

REPLY_CLAIMED, REPLY_SET_ASIDE = "reply_claimed", "reply_set_aside"
"""Templates of what the giver of a claimed reply is told."""

ALSO_OF_A_CLOSED_REQUEST = (DIGEST, "answered_late", "withdrawn", REPLY_CLAIMED, REPLY_SET_ASIDE)
"""Templates of what staff are told whether or not the request is closed by then."""

WANTED = (MessageState.RESERVED, MessageState.SUBMITTING)
"""States in which a message still has to go out."""

UNTOLD = (MessageState.RESERVED, MessageState.TO_CALL)
"""States in which nobody has begun to tell it."""

DAY, SOON = timedelta(hours=24), timedelta(minutes=1)
"""Within which messages to one number are counted; it rolls. And when to look again while as many are under way."""


def still_open(message: Message) -> bool:
    """Whether something is left to do: send it, or find out whether it has gone."""
    in_doubt = message.state is MessageState.AMBIGUOUS and message.settled_at is None
    return message.state in WANTED or in_doubt


def is_open() -> ColumnElement[bool]:
    """The same as a condition."""
    in_doubt = and_(col(Message.state) == MessageState.AMBIGUOUS, col(Message.settled_at).is_(None))
    return or_(col(Message.state).in_(WANTED), in_doubt)


def outlived(message: Message, request: Request) -> bool:
    """Whether a message concerns nobody since its request was closed; what was reserved later is meant for then."""
    if request.closed_at is None or message.reserved_at >= request.closed_at:
        return False
    if message.template in OF_AN_OPEN_REQUEST:
        return True
    return message.message_class is MessageClass.STAFF and message.template not in ALSO_OF_A_CLOSED_REQUEST


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
    useful_until: datetime | None = None

    @property
    def idempotency_key(self) -> str:
        """One reason makes one message to one person."""
        return f"{self.reference}/{self.cause}/{self.recipient}"


async def reserve(session: AsyncSession, ring: KeyRing, draft: Draft, now: datetime, *, first: bool = False) -> Message:
    """Reserve a message; the same reason and recipient give the row that is already there.

    It is the ``first`` where its reason is made in this very transaction: there is no such row then.
    """
    key = draft.idempotency_key
    # One late reply tells a leader once, of however many rungs: the first may not be written yet.
    found = next((new for new in session.new if isinstance(new, Message) and new.idempotency_key == key), None)
    if found is None and not first:
        found = await _find_reserved(session, key)
    if found is not None:
        return found
    message = Message(
        id=draft.id,
        idempotency_key=key,
        reference=draft.reference,
        cause=draft.cause,
        recipient=draft.recipient,
        message_class=draft.message_class,
        template=draft.template,
        language=draft.language,
        sealed_params=await _seal(session, ring, draft, draft.params),
        reserved_at=now,
        send_after=draft.send_after,
        useful_until=draft.useful_until,
    )
    session.add(message)
    return message


async def _find_reserved(session: AsyncSession, idempotency_key: str) -> Message | None:
    """What one reason reserved for one person."""
    found = await session.exec(select(Message).where(Message.idempotency_key == idempotency_key))
    return found.one_or_none()


async def read_params(session: AsyncSession, ring: KeyRing, message: Message) -> dict[str, str]:
    """The template's parameters, opened."""
    key = await _key(session, ring, message.reference)
    params: dict[str, str] = json.loads(key.open(message.sealed_params, f"message/{message.id}"))
    return params


def for_mailbox(message: Message, rules: SendingRules) -> bool:
    """Whether a message is a leader's bell, which his mailbox rings; duty desks have no mailbox."""
    if message.recipient == PARTY or department_of(message.recipient) is not None:
        return False
    return message.template == DIGEST or is_gathered(message.template, message.message_class, rules)


async def write_params(session: AsyncSession, ring: KeyRing, message: Message, params: Mapping[str, str]) -> None:
    """Put others in their place, sealed."""
    message.sealed_params = await _seal(session, ring, message, params)


async def _seal(session: AsyncSession, ring: KeyRing, of: Draft | Message, params: Mapping[str, str]) -> bytes:
    key = await _key(session, ring, of.reference)
    return key.seal(json.dumps(dict(params), ensure_ascii=False), f"message/{of.id}")


async def _key(session: AsyncSession, ring: KeyRing, reference: str) -> DataKey | KeyRing:
    """What seals a message: its request's data key, or the ring where it is about none."""
    return ring if reference == NO_REQUEST else await data_key(session, ring, reference)


def gateway_key(message: Message) -> str:
    """What the gateway knows the message by: the same for the same reason and recipient, and tells it neither."""
    return hashlib.sha256(message.idempotency_key.encode()).hexdigest()[:32]


def take(message: Message, gateway: str, number_mac: str | None) -> None:
    """Take a message, locked by the caller, for sending: whoever finds it so asks the gateway first."""
    message.state, message.attempts, message.handed_on = MessageState.SUBMITTING, message.attempts + 1, True
    message.gateway, message.number_mac = gateway, number_mac
    message.provider_id = message.submitted_at = None


async def fits_from(session: AsyncSession, number_mac: str, most: int, but: str, now: datetime) -> datetime | None:
    """When one more message to a number makes no more than ``most`` within 24 hours; None if it does now.

    What is being handed over counts, and what may have gone twice counts twice; ``but`` is the message that asks. The
    number is its caller's until his transaction ends: no two find the same last place free.
    """
    await _hold_number(session, number_mac)
    # Those few are asked for by themselves: in one question with the number's day, its whole past would be read.
    in_hand = select(Message.number_mac, Message.repeats).where(
        Message.state == MessageState.SUBMITTING, Message.id != but
    )
    unwritten = [(new.number_mac, new.repeats) for new in session.new if _is_in_hand(new, but)]
    under_way = [*await session.exec(in_hand), *unwritten]
    room = most - sum(1 + repeats for mac, repeats in under_way if mac == number_mac)
    if room <= 0:
        return now + SOON
    gone = select(Message.submitted_at, Message.repeats).where(
        Message.number_mac == number_mac,
        Message.state != MessageState.SUBMITTING,
        col(Message.submitted_at) > now - DAY,
        Message.id != but,
    )
    newest = await session.exec(gone.order_by(col(Message.submitted_at).desc()).limit(room))
    copies = [at for at, repeats in newest if at is not None for _ in range(1 + repeats)]
    # As soon as all but ``room`` - 1 of them are a day old.
    return None if len(copies) < room else copies[room - 1] + DAY


def _is_in_hand(new: object, but: str) -> TypeGuard[Message]:
    """Whether it was taken in this very transaction, and not written yet."""
    return isinstance(new, Message) and new.state is MessageState.SUBMITTING and new.id != but


async def _hold_number(session: AsyncSession, number_mac: str) -> None:
    """SQLite lets only one write anyway. Two numbers of one hash wait for one another, and that is all."""
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(number_mac, 0))))


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
    """Messages to staff of a request that nobody has begun to tell, and news of its dates and ways to anybody, locked
    against a sender.

    These are what a reply supersedes; a digest tells of others too, and takes its figures when it goes.
    """
    found = await session.exec(
        select(Message)
        .where(
            Message.reference == reference,
            col(Message.state).in_(UNTOLD),
            or_(col(Message.message_class) == MessageClass.STAFF, col(Message.template).in_(OF_AN_OPEN_REQUEST)),
            Message.template != DIGEST,
        )
        .order_by(Message.id)
        .with_for_update()
    )
    return list(found.all())


async def unsent(session: AsyncSession, reference: str, *templates: str) -> list[Message]:
    """Messages of some kinds about a request that nobody has begun to tell, locked against a sender, oldest first."""
    found = await session.exec(
        select(Message)
        .where(
            Message.reference == reference,
            col(Message.state).in_(UNTOLD),
            col(Message.template).in_(templates),
        )
        .order_by(Message.id)
        .with_for_update()
    )
    return list(found.all())


def supersede(message: Message, now: datetime) -> None:
    """The reason of a waiting message is gone: it is not sent, and the row says so."""
    message.state, message.settled_at = MessageState.SUPERSEDED, now
