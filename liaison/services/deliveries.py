"""How far answers have come, and what is put on record of a call or a hand-over: of an answer, and of news that no
message brings."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from liaison.contract.starting import tell_delivery
from liaison.db.deliveries import delivery_of, news_to_tell
from liaison.db.reads import Found
from liaison.db.record import INBOX, append_event, lock_request
from liaison.db.tables import AnswerDelivery, Message, Request
from liaison.db.texts import data_key, read_text, write_text
from liaison.gateways.phones import e164
from liaison.policy.delivery import why_call_with_news
from liaison.policy.message_words import DeliveryMeans, DeliveryState, MessageState
from liaison.policy.recipients import accused_by
from liaison.policy.scope import Scope
from liaison.policy.words import EventKind, KeyRole
from liaison.services.action_rules import acts_for, not_the_holder
from liaison.services.clock_offset import refuse_if_clock_is_off
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.finding import refuse_if_erased, visible_request
from liaison.services.once import Call, carry_out
from liaison.services.platform import Answer, Body, Platform
from liaison.services.readers import may_read
from liaison.services.show import shown, shown_or_none
from liaison.services.starting import TEMPORAL_AWAY

OPERATION = "record_delivery"


@dataclass(frozen=True)
class Made:
    """An answer told by a call, or handed over.

    Attributes:
        means: Call or hand-over.
        at: When; the answer counts as made then.
        said: What is sealed: ``{number, gist}`` of a call, ``{to, gist}`` of a hand-over.
    """

    means: DeliveryMeans
    at: datetime
    said: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class _Untold:
    """What a party is still to be told: an answer that is not made, news on the call list, or both."""

    answer: AnswerDelivery | None
    news: Sequence[Message]

    @property
    def since(self) -> datetime:
        """A call before that told nothing of it."""
        return self.answer.since if self.answer else self.news[0].reserved_at


async def record_delivery(platform: Platform, reference: str, made: Made, call: Call) -> Answer:
    """Put on record that a clerk of the court, or the holder's team, has made the answer to its party, or told it
    the news on the call list.

    Returns:
        201 with the delivery, or 200 with the stored answer to a repetition.

    Raises:
        Refused: ``NOT_FOUND``, ``FORBIDDEN``, ``NOT_THE_HOLDER``, ``CONFLICT``, ``INVALID``, ``ERASED``,
            ``KEY_REUSED``, ``CLOCK_OFFSET``.
    """
    await refuse_if_clock_is_off(platform)

    async def effect(session: AsyncSession) -> Answer:
        found = await visible_request(session, call.scope, reference)
        main = await lock_request(session, found.main.reference)
        refuse_if_erased(main)
        await _check_right(platform, session, call.scope, main)
        untold = await _untold(session, main.reference)
        if faults := tuple(_faults(made, untold, platform.clock() + await _ahead(platform, session))):
            raise Refused(Slug.INVALID, "内容有误。", "The record has faults.", faults)
        await _make(platform, session, untold, made, call.person)
        return _answer(untold, found.own.reference, made, call.person)

    answer = await carry_out(platform, call, OPERATION, effect)
    if answer.status == 201:
        await _tell(platform, reference)
    return answer


async def deliveries_view(platform: Platform, scope: Scope, reference: str) -> Body:
    """How far a request's answer has come: a page of one item, or of none where nothing was said in writing.

    Items: ``{reference, state, since, due_at, to_call_since, reason, made_at, made_by, means}``; ``text`` says, to
    those who may read it, whom a person told what.
    """
    async with platform.db.peek() as session:
        found = await visible_request(session, scope, reference)
        delivery = await session.get(AnswerDelivery, found.main.reference)
        if delivery is None:
            return {"items": [], "next_cursor": None}
        said = await _said(platform, session, scope, found, delivery.said_under)
    return {"items": [_show(delivery, found.own.reference) | said], "next_cursor": None}


async def _check_right(platform: Platform, session: AsyncSession, scope: Scope, main: Request) -> None:
    if scope.role is KeyRole.CLERK:
        return
    if not acts_for(await platform.rulebook.roster(session), main.holder_id, scope, accused_by(main)):
        raise not_the_holder()


async def _untold(session: AsyncSession, reference: str) -> _Untold:
    answer, news = await delivery_of(session, reference), await news_to_tell(session, [reference])
    if answer is not None and answer.state is not DeliveryState.MADE:
        return _Untold(answer, news)
    if news:
        return _Untold(None, news)
    if answer is None:
        raise Refused(Slug.CONFLICT, "没有待送达的书面答复。", "There is no written answer to be made.")
    raise Refused(Slug.CONFLICT, "答复已送达当事人。", "The answer has been made to the party.")


async def _ahead(platform: Platform, session: AsyncSession) -> Any:
    _, policy = await platform.rulebook.current(session)
    return policy.received_ahead


def _faults(made: Made, untold: _Untold, latest: datetime) -> Iterator[Fault]:
    if made.means is DeliveryMeans.CALL and e164(made.said["number"]) is None:
        yield Fault("/number", "电话号码无效。", "This is not a valid telephone number.")
    if made.at > latest:
        yield Fault("/time", "时间晚于当前时间。", "The time lies in the future.")
    if made.at < untold.since:
        yield Fault("/time", "时间早于答复作出时间。", "The time lies before the answer was given.")


async def _make(platform: Platform, session: AsyncSession, untold: _Untold, made: Made, person: str) -> None:
    now, answer = platform.clock(), untold.answer
    subject, reference = str(ULID.from_datetime(now)), answer.reference if answer else untold.news[0].reference
    key = await data_key(session, platform.ring, reference)
    await write_text(session, key, reference, subject, json.dumps(made.said, ensure_ascii=False), now)
    if answer is not None:
        answer.state, answer.means, answer.said_under = DeliveryState.MADE, made.means, subject
        answer.made_at, answer.made_by = made.at, person
        detail = {"means": made.means.value, "action": answer.action_id}
        await append_event(session, reference, INBOX, EventKind.ANSWER_MADE, made.at, person, detail, recorded_at=now)
    for told in untold.news:
        if told.reserved_at <= made.at:
            told.state, told.settled_at = MessageState.DELIVERED, made.at
            detail = {"message": told.id, "template": told.template, "to": told.recipient, "means": made.means.value}
            await append_event(
                session, reference, INBOX, EventKind.MESSAGE_DELIVERED, made.at, person, detail, recorded_at=now
            )


async def _tell(platform: Platform, reference: str) -> None:
    """Let the watch know at once; it would find it out by itself at its next look."""
    async with platform.db.peek() as session:
        own = await session.get_one(Request, reference)
    try:
        await tell_delivery(platform.client, own.attached_to or reference)
    except TEMPORAL_AWAY:
        platform.breaker.trip()


async def _said(platform: Platform, session: AsyncSession, scope: Scope, found: Found, subject: str | None) -> Body:
    main, roster = found.main, await platform.rulebook.roster(session)
    if subject is None or main.erased_at is not None or not await may_read(session, roster, scope, found):
        return {}
    key = await data_key(session, platform.ring, main.reference)
    text = await read_text(session, key, main.reference, subject)
    return {} if text is None else {"text": json.loads(text)}


def _answer(untold: _Untold, reference: str, made: Made, person: str) -> Answer:
    path = f"/v1/requests/{reference}"
    if untold.answer is not None:
        return Answer(201, _show(untold.answer, reference), f"{path}/deliveries")
    since, reason = shown(untold.since), why_call_with_news(untold.news[0].failure)
    # News has no delivery of its own: the record says that it was told.
    news = {"reference": reference, "state": DeliveryState.MADE.value, "since": since, "due_at": None}
    told = {"made_at": shown(made.at), "made_by": person, "means": made.means.value}
    return Answer(201, news | {"to_call_since": since, "reason": reason} | told, f"{path}/events")


def _show(delivery: AnswerDelivery, reference: str) -> Body:
    return {
        "reference": reference,
        "state": delivery.state.value,
        "since": shown(delivery.since),
        "due_at": shown_or_none(delivery.due_at),
        "to_call_since": shown_or_none(delivery.to_call_since),
        "reason": delivery.to_call_reason,
        "made_at": shown_or_none(delivery.made_at),
        "made_by": delivery.made_by,
        "means": delivery.means.value if delivery.means else None,
    }
