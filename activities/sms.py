"""Sending one message, once: taken, submitted, settled, each step on disk before the next."""

import asyncio
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.tools import PLATFORM, Tools
from liaison.contract.messages import MessageProgress, SendMessage
from liaison.db.deliveries import made_by_message
from liaison.db.directory import desk_contact, staff_contact
from liaison.db.messages import PARTY, WANTED, department_of, gateway_key, read_params, take
from liaison.db.record import MESSAGES, append_event, lock_request
from liaison.db.rungs import supervised_by
from liaison.db.sends import sends
from liaison.db.tables import Message, Request, Sends
from liaison.db.texts import data_key, read_contact
from liaison.gateways.sms.port import Fate, GatewayRefused, GatewayUnavailable, ShortMessage, Submission
from liaison.gateways.sms.templates import render
from liaison.policy.overdue import business_days_past, limit_day_of
from liaison.policy.windows import next_opening
from liaison.policy.words import EventKind, MessageState

GATEWAY_SECONDS = 3.0
"""How long a gateway may take; after that nobody knows whether it took the message. One rung tells three people, and
all their messages must fit the time of one activity."""

SUPERVISION = "supervision"
"""The leaders' bell, whose figures are taken when it rings."""

LOOK_AGAIN_LEAST, LOOK_AGAIN_MOST = timedelta(seconds=2), timedelta(minutes=15)
"""While sending is frozen a notice looks again after a quarter of the freeze's age, within these bounds: soon after a
short one, and seldom enough that weeks of it do not fill a history."""

_STATES = {Fate.SUBMITTED: MessageState.SUBMITTED, Fate.DELIVERED: MessageState.DELIVERED}


class Sender:
    """The last step of every message."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def send_message(self, order: SendMessage) -> MessageProgress:
        """Send one message, once."""
        return await self.send(order.message_id)

    async def send(self, message_id: str) -> MessageProgress:
        """Send a message if it is still wanted and its window is open.

        Raises:
            GatewayUnavailable: Not taken; the message is reserved again.
        """
        async with self._tools.db.write() as session:
            message = await session.get_one(Message, message_id, with_for_update=True)
            rule = await sends(session)
            if (not_now := await self._not_now(session, message, rule)) is not None:
                return not_now
            in_doubt = message.state is MessageState.SUBMITTING or await _may_have_gone(session, message, rule)
            if message.state is MessageState.RESERVED:
                take(message)
            short = await self._compose(session, message)
        return await (self._resume(message, short) if in_doubt else self._submit(message, short))

    async def _not_now(self, session: AsyncSession, message: Message, rule: Sends | None) -> MessageProgress | None:
        """What to answer instead of sending; None if it may go."""
        if message.state not in WANTED:
            return MessageProgress(message.state)
        if rule is not None and rule.frozen:
            return MessageProgress(message.state, self._tools.for_workflow(self._look_again(rule.since)))
        if (opening := await self._opening(session, message)) is not None:
            return MessageProgress(message.state, opening)
        return None

    def _look_again(self, frozen_since: datetime) -> datetime:
        now = self._tools.clock()
        return now + min(max((now - frozen_since) / 4, LOOK_AGAIN_LEAST), LOOK_AGAIN_MOST)

    async def _opening(self, session: AsyncSession, message: Message) -> str | None:
        """When the window opens, on the workflow's clock; None if it is open."""
        request = await session.get_one(Request, message.reference)
        calendar, policy = await self._tools.rulebook.current(session)
        now = self._tools.clock()
        earliest = max(now, message.send_after)
        opening = next_opening(earliest, message.message_class, request.court, calendar, policy)
        return self._tools.for_workflow(opening) if opening > now else None

    async def _resume(self, message: Message, short: ShortMessage | None) -> MessageProgress:
        """Ask the gateway before sending: an earlier attempt died between taking the message and settling it, or the
        book is older than the gateway's log."""
        if short is None:
            return await self._submit(message, short)
        try:
            found = await asyncio.wait_for(self._tools.gateway.look_up(short), GATEWAY_SECONDS)
        except TimeoutError:
            found = Submission(None, Fate.CANNOT_SAY)
        if found.fate is Fate.UNKNOWN:
            return await self._submit(message, short)
        state = _STATES.get(found.fate, MessageState.AMBIGUOUS)
        return await self._settle(message.id, state, provider_id=found.provider_id)

    async def _submit(self, message: Message, short: ShortMessage | None) -> MessageProgress:
        if short is None:
            return await self._settle(message.id, MessageState.FAILED, failure="no telephone number")
        try:
            submission: Submission = await asyncio.wait_for(self._tools.gateway.submit(short), GATEWAY_SECONDS)
        except GatewayRefused as refusal:
            return await self._settle(message.id, MessageState.FAILED, failure=str(refusal)[:200])
        except GatewayUnavailable:
            await self._settle(message.id, MessageState.RESERVED)
            raise
        except TimeoutError:
            return await self._settle(
                message.id, MessageState.AMBIGUOUS, failure="the gateway did not answer", gone=True
            )
        return await self._settle(message.id, _STATES[submission.fate], provider_id=submission.provider_id, gone=True)

    async def _compose(self, session: AsyncSession, message: Message) -> ShortMessage | None:
        """The message as the gateway takes it; None if nobody's number is known."""
        tools = self._tools
        params = await read_params(session, tools.ring, message)
        number = params.pop("to", None) or await self._number(session, message)
        if number is None:
            return None
        if message.template == SUPERVISION:
            params |= await self._bell_figures(session, message)
        text = render(tools.templates, message.template, message.language, params)
        return ShortMessage(
            id=message.id,
            key=gateway_key(message),
            to=number,
            template=message.template,
            language=message.language,
            params=params,
            text=text,
        )

    async def _bell_figures(self, session: AsyncSession, bell: Message) -> dict[str, str]:
        """What the bell says: how many requests lie with the leader, and how many business days the oldest is late.

        Days are those of the court whose request the bell rings for: most leaders have no other.
        """
        count, since = await supervised_by(session, bell.recipient)
        request = await session.get_one(Request, bell.reference)
        calendar, _ = await self._tools.rulebook.current(session)
        now = self._tools.clock()
        days = business_days_past(calendar.of(request.court), limit_day_of(since), now) if since is not None else 0
        return {"count": str(count), "days": str(days)}

    async def _number(self, session: AsyncSession, message: Message) -> str | None:
        if message.recipient == PARTY:
            key = await data_key(session, self._tools.ring, message.reference)
            return (await read_contact(session, key, message.reference)).phone
        whose = department_of(message.recipient)
        if whose is not None:
            contact = await desk_contact(session, self._tools.ring, whose)
        else:
            contact = await staff_contact(session, self._tools.ring, message.recipient)
        return contact.mobile if contact else None

    async def _settle(
        self,
        message_id: str,
        state: MessageState,
        provider_id: str | None = None,
        failure: str | None = None,
        gone: bool = False,
    ) -> MessageProgress:
        """Settle a message once; ``gone`` says that this sender himself handed it to the gateway, or may have."""
        now = self._tools.clock()
        async with self._tools.db.write() as session:
            message = await session.get_one(Message, message_id, with_for_update=True)
            if message.state is not MessageState.SUBMITTING:
                # We stood still, were given up, and another sender has settled it meanwhile: by finding what we had
                # handed over, or by handing it over once more.
                if not gone or (provider_id is not None and message.provider_id == provider_id):
                    return MessageProgress(message.state)
                state, failure = MessageState.AMBIGUOUS, "two senders may both have sent it"
            message.state, message.failure = state, failure
            message.gateway, message.provider_id = self._tools.gateway.name, provider_id
            if state is not MessageState.RESERVED:
                message.submitted_at = message.settled_at = now
                await self._record(session, message)
                await made_by_message(session, message, now)
        return MessageProgress(state)

    async def _record(self, session: AsyncSession, message: Message) -> None:
        await lock_request(session, message.reference)
        sent = message.state in (MessageState.SUBMITTED, MessageState.DELIVERED)
        kind = EventKind.MESSAGE_SENT if sent else EventKind.MESSAGE_FAILED
        detail = {"message": message.id, "template": message.template, "to": message.recipient, "state": message.state}
        now = self._tools.clock()
        await append_event(session, message.reference, MESSAGES, kind, now, PLATFORM, detail, recorded_at=now)


async def _may_have_gone(session: AsyncSession, message: Message, rule: Sends | None) -> bool:
    """Whether the book came out of a backup after this request was registered: its rows may be older than the world."""
    if rule is None or rule.restored_at is None:
        return False
    return (await session.get_one(Request, message.reference)).registered_at <= rule.restored_at
