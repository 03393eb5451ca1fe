"""The clerks' call list: answers that no message brings, or not the whole of them, and news that none brings."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.tools import PLATFORM, Tools
from activities.wanted import is_wanted
from liaison.db.deliveries import delivery_of
from liaison.db.messages import ANSWER, NEWS, PARTY, SAYS, read_params, write_params
from liaison.db.record import MESSAGES, append_event, hold_request
from liaison.db.tables import AnswerDelivery, Message, Request
from liaison.gateways.sms.length import characters
from liaison.gateways.sms.port import Capabilities, ShortMessage
from liaison.gateways.sms.templates import render
from liaison.policy.delivery import CUT
from liaison.policy.message_words import DeliveryState, MessageState
from liaison.policy.told_dates import in_words
from liaison.policy.words import EventKind, Language


async def put_on_call_list(session: AsyncSession, delivery: AnswerDelivery, reason: str, now: datetime) -> None:
    """Have the clerks call: no message brings the answer. Who waits on the list already does so under a new reason."""
    delivery.to_call_since = delivery.to_call_since or now
    delivery.state, delivery.to_call_reason = DeliveryState.TO_CALL, reason
    detail = {"action": delivery.action_id, "reason": reason}
    await append_event(
        session, delivery.reference, MESSAGES, EventKind.ANSWER_TO_CALL, now, PLATFORM, detail, recorded_at=now
    )


async def call_if_cut(
    session: AsyncSession, message: Message, short: ShortMessage, can: Capabilities, now: datetime
) -> None:
    """Have the clerks call, once, where the gateway that is about to take an answer takes only its beginning."""
    limit = can.parameter_limit
    if message.template != ANSWER or limit is None or characters(short.params["text"]) <= limit:
        return
    await hold_request(session, message.reference)
    delivery = await delivery_of(session, message.reference)
    if delivery is None or delivery.action_id != message.cause:
        return
    if delivery.state is not DeliveryState.MADE and delivery.to_call_reason != CUT:
        await put_on_call_list(session, delivery, CUT, now)


def to_be_read_out(tools: Tools, template: str, language: Language, params: Mapping[str, str]) -> dict[str, str]:
    """Parameters of news with the words in which a clerk tells it."""
    return {**params, SAYS: render(tools.templates, template, language, in_words(params, language))}


async def call_with_news(tools: Tools, session: AsyncSession, message: Message) -> None:
    """Have the clerks tell what a message that has just come to nothing was to tell its party: news of a request that
    still concerns it. For a day it counts among what was settled, and nobody erases what it says before it is told.
    """
    if message.recipient != PARTY or message.template not in NEWS:
        return
    if not await is_wanted(session, message, await session.get_one(Request, message.reference)):
        return
    params = await read_params(session, tools.ring, message)
    said = to_be_read_out(tools, message.template, message.language, params)
    await write_params(session, tools.ring, message, said)
    message.state = MessageState.TO_CALL
