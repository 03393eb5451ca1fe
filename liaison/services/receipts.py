"""Receipts: what became of messages that a gateway took (issue line M10)."""

from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.contract.starting import tell_delivery
from liaison.db.deliveries import made_by_message
from liaison.db.messages import ANSWER, NO_REQUEST
from liaison.db.receipts import taken_as, taken_nameless
from liaison.db.record import MESSAGES, append_event, hold_request
from liaison.db.tables import Message
from liaison.gateways.sms.port import Fate, Receipt
from liaison.policy.message_words import MessageState
from liaison.policy.words import EventKind
from liaison.services.handing_on import hand_on
from liaison.services.platform import Platform
from liaison.services.starting import TEMPORAL_AWAY

BY = "platform"

_DELIVERABLE = (
    MessageState.SUBMITTED,
    MessageState.AMBIGUOUS,
    MessageState.RESERVED,
    MessageState.FAILED,
    MessageState.TO_CALL,
)
"""States that a message may be in when we hear that it was delivered: a receipt may overtake and contradict others."""

_log = structlog.get_logger()


async def take_receipt(platform: Platform, gateway: str, receipt: Receipt) -> bool:
    """Settle the message that a gateway took under the receipt's id; the same receipt twice changes nothing.

    What could not be delivered goes to the next gateway; its sender finds out whether there is one.

    Returns:
        Whether the message is known. A receipt may come before we have written down what the gateway answered: then
        keep it, and take it again later.
    """
    now = platform.clock()
    async with platform.db.write() as session:
        message = await _message_of(session, gateway, receipt)
        if message is None:
            return False
        if receipt.fate is Fate.SUBMITTED:
            await _note_taken(session, message, now)
        delivered = receipt.fate is Fate.DELIVERED and await _deliver(session, message, receipt.at, now)
        failed = receipt.fate is Fate.FAILED and _send_on(message, receipt.code)
    if failed:
        await hand_on(platform, [message])
    if delivered and message.template == ANSWER:
        await _tell(platform, message.reference)
    return True


async def _message_of(session: AsyncSession, gateway: str, receipt: Receipt) -> Message | None:
    """By the provider's id; by our own key where we never heard that: its answer was lost, or it was asked later."""
    message = await taken_as(session, gateway, receipt.provider_id)
    if message is None and receipt.key:
        message = await taken_nameless(session, gateway, receipt.key)
        if message is not None:
            message.provider_id = receipt.provider_id
    return message


async def _note_taken(session: AsyncSession, message: Message, now: datetime) -> None:
    """The gateway took it, which ends a doubt and nothing else."""
    if message.state is not MessageState.AMBIGUOUS:
        return
    message.state, message.failure, message.settled_at = MessageState.SUBMITTED, None, now
    await _record(session, message, EventKind.MESSAGE_SENT, now, now)


async def _deliver(session: AsyncSession, message: Message, at: datetime, now: datetime) -> bool:
    if message.state not in _DELIVERABLE:
        return False
    # It arrived when the receipt says so, however long that lay with the provider or with us: a limit may hang on it.
    arrived_at = min(max(at, message.submitted_at or at), now)
    message.state, message.failure, message.handed_on = MessageState.DELIVERED, None, True
    message.settled_at = arrived_at
    # The request is held before its delivery is, as everywhere.
    await _record(session, message, EventKind.MESSAGE_DELIVERED, arrived_at, now)
    await made_by_message(session, message, arrived_at)
    return True


async def _record(session: AsyncSession, message: Message, kind: EventKind, at: datetime, now: datetime) -> None:
    if message.reference == NO_REQUEST:
        return
    await hold_request(session, message.reference)
    detail = {"message": message.id, "template": message.template, "to": message.recipient, "gateway": message.gateway}
    await append_event(session, message.reference, MESSAGES, kind, at, BY, detail, recorded_at=now)


def _send_on(message: Message, code: str) -> bool:
    """Reserve a message again that its gateway could not deliver, be the doubt about it given up already; False if it
    is no longer at that."""
    if message.erased_at is not None or message.state not in (MessageState.SUBMITTED, MessageState.AMBIGUOUS):
        return False
    message.state, message.settled_at, message.handed_on = MessageState.RESERVED, None, False
    message.tried = [*message.tried, message.gateway or ""]
    message.failure = f"not delivered by {message.gateway}: {code}"[:200]
    return True


async def _tell(platform: Platform, reference: str) -> None:
    try:
        await tell_delivery(platform.client, reference)
    except TEMPORAL_AWAY as error:
        # The delivery looks into the book by itself, only later.
        _log.warning("a delivery hears later", reference=reference, error_type=type(error).__name__)
