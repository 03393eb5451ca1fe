"""What became of a message, written once: its row, the record, the register of faults, the call list, and whoever waits
to hear it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from activities.call_list import call_with_news
from activities.tools import PLATFORM, Tools
from liaison.contract.sending import MessageProgress
from liaison.contract.starting import tell_delivery
from liaison.db.deliveries import made_by_message
from liaison.db.messages import ANSWER, NO_REQUEST, still_open
from liaison.db.record import MESSAGES, append_event, hold_request, record_unreachable
from liaison.db.tables import Message
from liaison.policy.message_words import MessageState
from liaison.policy.words import EventKind

LOOK_AGAIN = timedelta(seconds=15)
"""When to look after a message that another sender has in his hands: as long as an activity may take."""

GIVEN_UP = "it may have gone after its sender was given up"

_SENT = (MessageState.SUBMITTED, MessageState.DELIVERED)
_NOT_SENT = (MessageState.RESERVED, MessageState.FAILED, MessageState.EXPIRED, MessageState.SUPERSEDED)
_log = structlog.get_logger()


@dataclass(frozen=True)
class Verdict:
    """What one taking of a message came to.

    Attributes:
        state: the message's from now on.
        provider_id: what the gateway knows it by.
        failure: why it did not go, without a number.
        gone: whether this sender himself handed it to the gateway, or may have.
        wait_until: when to go on with a message that is not settled; None if it is.
        undelivered: whether the gateway that took it could not deliver it: another may.
        is_try: whether it counts among the tries after which pauses grow; flow control says when by itself.
    """

    state: MessageState
    provider_id: str | None = None
    failure: str | None = None
    gone: bool = False
    wait_until: datetime | None = None
    undelivered: bool = False
    is_try: bool = True


class Settling:
    """Writes down what senders found."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def settle(self, message_id: str, tries: int, verdict: Verdict) -> MessageProgress:
        """Settle the ``tries``-th taking of a message; it counts only while nobody has taken or settled it since."""
        now = self._tools.clock()
        async with self._tools.db.write() as session:
            message = await session.get_one(Message, message_id, with_for_update=True)
            if message.attempts == tries and message.state in _SENT:
                # A receipt, or another sender who asked the gateway, was faster: nobody has handed it over since.
                message.provider_id = message.provider_id or verdict.provider_id
                return self.left_to_another(message, now)
            if not _is_of(message, tries, verdict):
                await self._add(session, message, tries, verdict, now)
                return self.left_to_another(message, now)
            self._put(message, verdict, now)
            message.attempts -= not verdict.is_try
            if message.settled_at is not None:
                await self._record(session, message)
                await made_by_message(session, message, now)
        return MessageProgress(message.state, self._again(message, verdict.wait_until))

    async def end(self, session: AsyncSession, message: Message, state: MessageState, why: str) -> MessageProgress:
        """End a message, locked by the caller, that is not to be sent (again): failed, or expired."""
        self._put(message, Verdict(state, message.provider_id, why[:200]), self._tools.clock())
        await self._record(session, message)
        return MessageProgress(message.state)

    async def tell(self, message_id: str) -> None:
        """Tell the delivery of an answer that its message has come to an end; it looks by itself, only later."""
        async with self._tools.db.peek() as session:
            message = await session.get_one(Message, message_id)
        if message.template != ANSWER or still_open(message) or message.state is MessageState.SUBMITTED:
            return
        try:
            await tell_delivery(self._tools.client, message.reference)
        except Exception as error:
            # Whatever Temporal says: the row is written, and the sender must not be repeated for this.
            _log.warning("a delivery hears later", reference=message.reference, error_type=type(error).__name__)

    async def _add(self, session: AsyncSession, message: Message, tries: int, verdict: Verdict, now: datetime) -> None:
        """Add the verdict of a sender who stood still and was given up to what others have written since.

        They found what he had handed over, or handed it over once more; theirs stays, for receipts, calls and other
        gateways go by it. What he may have sent beside it is one copy more.
        """
        if not verdict.gone or message.state is MessageState.TO_CALL:
            return
        undelivered = message.state is MessageState.RESERVED and message.gateway in message.tried
        found = verdict.provider_id is not None and verdict.provider_id == message.provider_id
        if found or (undelivered and message.attempts == tries):
            return
        if message.state in _NOT_SENT and not undelivered:
            message.state, message.failure, message.settled_at = MessageState.AMBIGUOUS, GIVEN_UP, now
            message.provider_id = message.provider_id or verdict.provider_id
            message.submitted_at = message.submitted_at or now
            await made_by_message(session, message, now)
        else:
            message.repeats += 1
        if message.settled_at is not None:
            await self._record(session, message)

    def _put(self, message: Message, verdict: Verdict, now: datetime) -> None:
        message.state, message.failure, message.provider_id = verdict.state, verdict.failure, verdict.provider_id
        if verdict.undelivered and message.gateway is not None:
            message.tried = [*message.tried, message.gateway]
        if verdict.gone:
            message.submitted_at = now
        elif verdict.state in (*_SENT, MessageState.AMBIGUOUS):
            message.submitted_at = message.submitted_at or now
        message.settled_at = now if verdict.wait_until is None else None

    def _again(self, message: Message, wait_until: datetime | None) -> str:
        """When to go on; what was not taken is told to have expired no later than it does."""
        if wait_until is not None and message.state is MessageState.RESERVED and message.useful_until is not None:
            wait_until = min(wait_until, message.useful_until)
        return self._tools.for_workflow(wait_until) if wait_until is not None else ""

    def left_to_another(self, message: Message, now: datetime) -> MessageProgress:
        """What to answer where another sender has the message, or had it last."""
        again = self._tools.for_workflow(now + LOOK_AGAIN) if still_open(message) else ""
        return MessageProgress(message.state, again)

    async def _record(self, session: AsyncSession, message: Message) -> None:
        if message.reference == NO_REQUEST:
            return
        await hold_request(session, message.reference)
        kind = EventKind.MESSAGE_SENT if message.state in _SENT else EventKind.MESSAGE_FAILED
        now = self._tools.clock()
        told = {"message": message.id, "template": message.template, "to": message.recipient, "state": message.state}
        detail: dict[str, Any] = dict(told)
        detail |= {"repeats": message.repeats} if message.repeats else {}
        detail |= {"tried": message.tried} if message.tried else {}
        await append_event(session, message.reference, MESSAGES, kind, now, PLATFORM, detail, recorded_at=now)
        if message.state is MessageState.FAILED:
            await record_unreachable(session, message.reference, message.recipient, now)
        # A provider may need so long to say "not delivered" that no other is tried any more.
        if message.state is MessageState.FAILED or (message.state is MessageState.EXPIRED and message.tried):
            await call_with_news(self._tools, session, message)


def _is_of(message: Message, tries: int, verdict: Verdict) -> bool:
    """Whether a verdict is of the message's newest taking, and that is still to be settled. What the gateway said of it
    also ends a doubt that was given up."""
    if message.attempts != tries or message.state is MessageState.RESERVED:
        return False
    return still_open(message) or (message.state is MessageState.AMBIGUOUS and verdict.state in _SENT)
