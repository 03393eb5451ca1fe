"""The clerks' call list: answers that no message brings, or not the whole of them."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.tools import PLATFORM
from liaison.db.deliveries import delivery_of
from liaison.db.messages import ANSWER
from liaison.db.record import MESSAGES, append_event, hold_request
from liaison.db.tables import AnswerDelivery, Message
from liaison.gateways.sms.length import characters
from liaison.gateways.sms.port import Capabilities, ShortMessage
from liaison.policy.delivery import CUT
from liaison.policy.message_words import DeliveryState
from liaison.policy.words import EventKind


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
