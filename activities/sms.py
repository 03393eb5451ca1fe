"""Sending one message, once: taken, submitted, settled, each step on disk before the next (ADR 0011)."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.composing import address, compose
from activities.gateways import gateway_named, next_gateway, task_queue_of
from activities.settling import Settling, Verdict
from activities.tools import Tools
from liaison.contract.messages import MessageProgress, SendMessage
from liaison.db.messages import fits_from, still_open, take
from liaison.db.sends import sends
from liaison.db.tables import Message, Request, Sends
from liaison.gateways.sms.port import (
    Fate,
    GatewayBusy,
    GatewayInDoubt,
    GatewayRefused,
    GatewayUnavailable,
    ShortMessage,
    SmsGateway,
    Submission,
)
from liaison.policy.sending import is_courtesy, may_repeat, pause_before_try
from liaison.policy.sending_rules import SendingRules
from liaison.policy.windows import next_opening
from liaison.policy.words import MessageState

GATEWAY_SECONDS = 3.0
"""How long a gateway may take; after that nobody knows whether it took the message. One rung tells three people, and
all their messages must fit the time of one activity."""

LOOK_AGAIN_LEAST, LOOK_AGAIN_MOST = timedelta(seconds=2), timedelta(minutes=15)
"""While sending is frozen a notice looks again after a quarter of the freeze's age, within these bounds: soon after a
short one, and seldom enough that weeks of it do not fill a history."""

ENOUGH_FOR_A_DAY = "this number has had a day's messages; it waits"
NOBODY_KNOWS = "the gateway did not answer"

_STATES = {Fate.SUBMITTED: MessageState.SUBMITTED, Fate.DELIVERED: MessageState.DELIVERED}


@dataclass(frozen=True)
class _Taken:
    """A message in the hands of this sender.

    Attributes:
        gateway: who is to take it.
        rules: of sending.
        tries: how often it was taken, this time included: the number of this taking.
        in_doubt: whether it may have gone before, and ``asked`` must be asked first.
        once_more: whether it may be sent again though nobody can say.
        doubt_ends: when the wait for its receipt is over; None before there was one.
    """

    short: ShortMessage
    gateway: SmsGateway
    rules: SendingRules
    tries: int
    in_doubt: bool
    asked: SmsGateway | None
    once_more: bool
    doubt_ends: datetime | None


class Sender:
    """The last step of every message."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._settling = Settling(tools)

    @activity.defn
    async def send_message(self, order: SendMessage) -> MessageProgress:
        """Send one message, once."""
        return await self.send(order.message_id, activity.info().task_queue)

    async def send(self, message_id: str, task_queue: str = "") -> MessageProgress:
        """Try once to send a message, if it is still wanted, its window is open and this is its gateway's task queue.

        Returns:
            Its state, and when or from where to try again.
        """
        async with self._tools.db.write() as session:
            message = await session.get_one(Message, message_id, with_for_update=True)
            step = await self._take(session, message, task_queue)
        if isinstance(step, MessageProgress):
            await self._settling.tell(message)
            return step
        return await (self._resume(step) if step.in_doubt else self._submit(step))

    async def _take(self, session: AsyncSession, message: Message, task_queue: str) -> MessageProgress | _Taken:
        """Take a message in the transaction that found it wanted; or what to answer instead."""
        rule, (_, policy) = await sends(session), await self._tools.rulebook.current(session)
        if (not_now := await self._not_now(session, message, rule)) is not None:
            return not_now
        now, rules = self._tools.clock(), policy.sending
        gateway = next_gateway(self._tools.gateways, self._tools.absences, message.tried, now, rules)
        if gateway is None:
            why = message.failure or "no gateway is left to try"
            return await self._settling.end(session, message, MessageState.FAILED, why)
        queue = task_queue_of(gateway)
        if queue and queue != task_queue:
            return MessageProgress(message.state, queue=queue, courtesy=is_courtesy(message.template, rules))
        to = await address(self._tools, session, message)
        if to is None:
            return await self._settling.end(session, message, MessageState.FAILED, "no telephone number")
        if (full := await self._full(session, message, to.number_mac, rules)) is not None:
            return full
        restored = await _may_have_gone(session, message, rule)
        was, ends = message.state, _doubt_ends(message, rules)
        # Rows older than the note of who took them belong to the only gateway there was.
        asked = gateway_named(self._tools.gateways, message.gateway) if message.gateway else self._tools.gateways[0]
        useful = message.useful_until is None or now < message.useful_until
        if was is MessageState.RESERVED:
            take(message, gateway.name, to.number_mac)
        return _Taken(
            short=await compose(self._tools, session, message, to),
            gateway=gateway,
            rules=rules,
            tries=message.attempts,
            in_doubt=was is not MessageState.RESERVED or restored,
            asked=asked,
            once_more=useful and not restored and may_repeat(message.message_class, message.repeats),
            doubt_ends=ends,
        )

    async def _not_now(self, session: AsyncSession, message: Message, rule: Sends | None) -> MessageProgress | None:
        """What to answer instead of sending; None if it may go."""
        if not still_open(message):
            return MessageProgress(message.state)
        if rule is not None and rule.frozen:
            return self._later(message, self._look_again(rule.since))
        now, useful_until = self._tools.clock(), message.useful_until
        if message.state is MessageState.RESERVED and useful_until is not None and useful_until <= now:
            why = message.failure or "not sent before it was of no more use"
            return await self._settling.end(session, message, MessageState.EXPIRED, why)
        opening = await self._opening(session, message, now)
        return self._later(message, opening) if opening > now else None

    def _later(self, message: Message, instant: datetime) -> MessageProgress:
        """Not before then; but what is of no more use earlier is told so in time."""
        if message.state is MessageState.RESERVED and message.useful_until is not None:
            instant = min(instant, max(message.useful_until, self._tools.clock()))
        return MessageProgress(message.state, self._tools.for_workflow(instant))

    def _look_again(self, frozen_since: datetime) -> datetime:
        now = self._tools.clock()
        return now + min(max((now - frozen_since) / 4, LOOK_AGAIN_LEAST), LOOK_AGAIN_MOST)

    async def _opening(self, session: AsyncSession, message: Message, now: datetime) -> datetime:
        """When its window opens; now if it is open."""
        request = await session.get_one(Request, message.reference)
        calendar, policy = await self._tools.rulebook.current(session)
        earliest = max(now, message.send_after)
        return next_opening(earliest, message.message_class, request.court, calendar, policy)

    async def _full(
        self, session: AsyncSession, message: Message, number_mac: str, rules: SendingRules
    ) -> MessageProgress | None:
        """Whether the number has had its messages for a day: then it waits, and says so (M20)."""
        if message.state is not MessageState.RESERVED:
            return None
        now, most = self._tools.clock(), rules.daily_to_one_number
        fits = await fits_from(session, number_mac, most, message.id, now)
        if fits is None:
            return None
        message.send_after, message.failure = fits, ENOUGH_FOR_A_DAY
        return self._later(message, fits)

    async def _resume(self, taken: _Taken) -> MessageProgress:
        """Ask the gateway before sending: an earlier attempt died or was left in doubt, or the book is older than the
        gateway's log. If it cannot say, wait for a receipt, then send once more."""
        found = await self._look_up(taken)
        if found.fate is Fate.UNKNOWN:
            return await self._again(taken, marked=False)
        if found.fate is Fate.FAILED:
            return await self._settle(taken, self._undelivered(taken, found))
        if found.fate in _STATES:
            return await self._settle(taken, Verdict(_STATES[found.fate], found.provider_id))
        now = self._tools.clock()
        if not taken.once_more:
            return await self._settle(taken, Verdict(MessageState.AMBIGUOUS, found.provider_id, NOBODY_KNOWS))
        if taken.doubt_ends is not None and taken.doubt_ends <= now:
            return await self._again(taken, marked=True)
        ends = taken.doubt_ends or now + taken.rules.receipt
        return await self._settle(
            taken, Verdict(MessageState.AMBIGUOUS, found.provider_id, NOBODY_KNOWS, wait_until=ends)
        )

    async def _look_up(self, taken: _Taken) -> Submission:
        cannot_say = Submission(None, Fate.CANNOT_SAY)
        if taken.asked is None or not taken.asked.can.status_query:
            return cannot_say
        try:
            return await asyncio.wait_for(taken.asked.look_up(taken.short), GATEWAY_SECONDS)
        except (TimeoutError, GatewayUnavailable, GatewayInDoubt):
            return cannot_say

    async def _again(self, taken: _Taken, *, marked: bool) -> MessageProgress:
        """Take a message a second time, unless somebody has settled it meanwhile; ``marked`` if it may go twice."""
        async with self._tools.db.write() as session:
            message = await session.get_one(Message, taken.short.id, with_for_update=True)
            if not still_open(message) or message.attempts != taken.tries:
                return MessageProgress(message.state)
            take(message, taken.gateway.name, message.number_mac)
            message.repeats, message.settled_at = message.repeats + marked, None
            tries = message.attempts
        return await self._submit(replace(taken, tries=tries, once_more=taken.once_more and not marked))

    async def _submit(self, taken: _Taken) -> MessageProgress:
        now, absences, name = self._tools.clock(), self._tools.absences, taken.gateway.name
        try:
            submission = await asyncio.wait_for(taken.gateway.submit(taken.short), GATEWAY_SECONDS)
        except GatewayRefused as refusal:
            return await self._settle(taken, Verdict(MessageState.FAILED, failure=str(refusal)[:200]))
        except GatewayBusy as busy:
            return await self._settle(taken, Verdict(MessageState.RESERVED, wait_until=now + busy.after))
        except GatewayUnavailable:
            absences.note_away(name, now)
            again = now + pause_before_try(taken.tries, taken.rules)
            return await self._settle(taken, Verdict(MessageState.RESERVED, wait_until=again))
        except (TimeoutError, GatewayInDoubt):
            absences.note_away(name, now)
            return await self._settle(taken, self._doubt(taken))
        absences.note_back(name)
        if submission.fate is Fate.FAILED:
            return await self._settle(taken, self._undelivered(taken, submission))
        return await self._settle(taken, Verdict(_STATES[submission.fate], submission.provider_id, gone=True))

    def _doubt(self, taken: _Taken) -> Verdict:
        """It may have gone. A gateway that can be asked is asked soon; else its receipt is waited for."""
        wait = pause_before_try(taken.tries, taken.rules) if taken.gateway.can.status_query else taken.rules.receipt
        can_be_cleared = taken.once_more or taken.gateway.can.status_query
        until = self._tools.clock() + wait if can_be_cleared else None
        return Verdict(MessageState.AMBIGUOUS, failure=NOBODY_KNOWS, gone=True, wait_until=until)

    def _undelivered(self, taken: _Taken, told: Submission) -> Verdict:
        """The gateway took it and could not deliver it: on to the next one, at once."""
        why = f"not delivered by {taken.gateway.name}"
        now = self._tools.clock()
        return Verdict(MessageState.RESERVED, told.provider_id, why, wait_until=now, undelivered=True)

    async def _settle(self, taken: _Taken, verdict: Verdict) -> MessageProgress:
        return await self._settling.settle(taken.short.id, taken.tries, verdict)


def _doubt_ends(message: Message, rules: SendingRules) -> datetime | None:
    if message.state is not MessageState.AMBIGUOUS or message.submitted_at is None:
        return None
    return message.submitted_at + rules.receipt


async def _may_have_gone(session: AsyncSession, message: Message, rule: Sends | None) -> bool:
    """Whether the book came out of a backup after this request was registered: its rows may be older than the world."""
    if rule is None or rule.restored_at is None:
        return False
    return (await session.get_one(Request, message.reference)).registered_at <= rule.restored_at
