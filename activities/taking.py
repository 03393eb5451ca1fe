"""Taking one message for sending: only what is wanted, may go now, and goes by this way (design section 4)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from activities.call_list import call_if_cut
from activities.composing import address, compose
from activities.gateways import gateway_named, next_gateway, task_queue_of
from activities.instead import tell_instead
from activities.settling import Settling
from activities.tools import Tools
from activities.wanted import is_wanted
from liaison.contract.names import rung_cause
from liaison.contract.sending import MessageProgress
from liaison.db.messages import fits_from, still_open, supersede, take
from liaison.db.rungs import rung_records
from liaison.db.sends import sends
from liaison.db.tables import Message, Request, Sends
from liaison.gateways.sms.port import ShortMessage, SmsGateway
from liaison.policy.message_words import MessageState
from liaison.policy.sending import is_courtesy, may_repeat, most_in_a_day
from liaison.policy.sending_rules import SendingRules
from liaison.policy.windows import next_opening

LOOK_AGAIN_LEAST, LOOK_AGAIN_MOST = timedelta(seconds=2), timedelta(minutes=15)
"""While sending is frozen a notice looks again after a quarter of the freeze's age, within these bounds: soon after a
short one, and seldom enough that weeks of it do not fill a history."""

EVERY_COURT = ""
"""Of a message about no request: the hours that hold where no court has its own."""

ENOUGH_FOR_A_DAY = "this number has had a day's messages; it waits"

NOT_ONCE_MORE = "nobody knows whether it has gone; it is not sent once more, for it concerns nobody any more"

_OF_AN_ID = re.compile(r"(?:[a-z]+-)?([0-9A-HJKMNP-TV-Z]{26})")


@dataclass(frozen=True)
class Taken:
    """A message in the hands of this sender.

    Attributes:
        gateway: who is to take it.
        rules: of sending.
        tries: how often it was taken, this time included: the number of this taking.
        taken_at: when.
        in_doubt: whether it may have gone before, and ``asked`` must be asked first.
        once_more: whether it may be sent again though nobody can say.
        doubt_ends: when the wait for its receipt is over; None before there was one.
    """

    short: ShortMessage
    gateway: SmsGateway
    rules: SendingRules
    tries: int
    taken_at: datetime
    in_doubt: bool
    asked: SmsGateway | None
    once_more: bool
    doubt_ends: datetime | None


class Taking:
    """The first step of every try."""

    def __init__(self, tools: Tools, settling: Settling) -> None:
        self._tools = tools
        self._settling = settling

    async def take(self, session: AsyncSession, message: Message, task_queue: str) -> MessageProgress | Taken:
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
        return await self._addressed(session, message, gateway, rules, await _may_have_gone(session, message, rule))

    async def _addressed(
        self, session: AsyncSession, message: Message, gateway: SmsGateway, rules: SendingRules, restored: bool
    ) -> MessageProgress | Taken:
        """Take it with its number and text; one without a number has failed."""
        to = await address(self._tools, session, message)
        if to is None:
            return await self._settling.end(session, message, MessageState.FAILED, "no telephone number")
        if (full := await self._full(session, message, to.number_mac, rules)) is not None:
            return full
        # Composed first: what cannot be read must not look as if it had been handed over.
        short = await compose(self._tools, session, message, to, gateway.can)
        was, ends, now = message.state, _doubt_ends(message, rules), self._tools.clock()
        # Rows older than the note of who took them belong to the only gateway there was.
        asked = gateway_named(self._tools.gateways, message.gateway) if message.gateway else self._tools.gateways[0]
        useful = message.useful_until is None or now < message.useful_until
        if was is MessageState.RESERVED:
            await call_if_cut(session, message, short, gateway.can, now)
            take(message, gateway.name, to.number_mac)
        return Taken(
            short=short,
            gateway=gateway,
            rules=rules,
            tries=message.attempts,
            taken_at=now,
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
        if message.state is MessageState.RESERVED and (over := await self.unwanted(session, message)) is not None:
            # It was with a gateway or its sender while the request was closed, and came back.
            return over
        now, request = self._tools.clock(), await session.get(Request, message.reference)
        opening = await self._opening(session, message, request, now)
        if opening <= now:
            return None
        # Whoever is on call must not take it for one that may go and does not.
        message.send_after = opening
        return self._later(message, opening)

    async def unwanted(
        self, session: AsyncSession, message: Message, *, in_doubt: bool = False
    ) -> MessageProgress | None:
        """End a message, locked by the caller, that is of no more use or concerns nobody any more; None if it may go.

        What has not gone has expired, or is superseded. What is ``in_doubt``, and nobody can say, stays so, on record.
        """
        if not in_doubt and message.useful_until is not None and message.useful_until <= self._tools.clock():
            why = message.failure or "not sent before it was of no more use"
            return await self._settling.end(session, message, MessageState.EXPIRED, why)
        request = await session.get(Request, message.reference)
        if request is None or await is_wanted(session, message, request):
            return None
        if in_doubt:
            return await self._settling.end(session, message, MessageState.AMBIGUOUS, NOT_ONCE_MORE)
        supersede(message, self._tools.clock())
        await tell_instead(self._tools, session, message, request)
        return MessageProgress(message.state)

    def _later(self, message: Message, instant: datetime) -> MessageProgress:
        """Not before then; but what is of no more use earlier is told so in time."""
        if message.state is MessageState.RESERVED and message.useful_until is not None:
            instant = min(instant, max(message.useful_until, self._tools.clock()))
        return MessageProgress(message.state, self._tools.for_workflow(instant))

    def _look_again(self, frozen_since: datetime) -> datetime:
        now = self._tools.clock()
        return now + min(max((now - frozen_since) / 4, LOOK_AGAIN_LEAST), LOOK_AGAIN_MOST)

    async def _opening(
        self, session: AsyncSession, message: Message, request: Request | None, now: datetime
    ) -> datetime:
        """When its window opens; now if it is open."""
        calendar, policy = await self._tools.rulebook.current(session)
        earliest, court = max(now, message.send_after), request.court if request else EVERY_COURT
        return next_opening(earliest, message.message_class, court, calendar, policy)

    async def _full(
        self, session: AsyncSession, message: Message, number_mac: str, rules: SendingRules
    ) -> MessageProgress | None:
        """Whether the number has had its messages for a day: then it waits, and says so (M20)."""
        if message.state is not MessageState.RESERVED:
            return None
        most = most_in_a_day(message.template, rules)
        fits = await fits_from(session, number_mac, most, message.id, self._tools.clock())
        if fits is None:
            return None
        message.send_after, message.failure = fits, ENOUGH_FOR_A_DAY
        return self._later(message, fits)

    async def full_again(self, session: AsyncSession, message: Message, rules: SendingRules) -> MessageProgress | None:
        """The same for the second copy of a message in doubt, beside its first: the doubt goes on until it fits."""
        if message.number_mac is None:
            return None
        most = most_in_a_day(message.template, rules) - 1
        fits = await fits_from(session, message.number_mac, most, message.id, self._tools.clock())
        return None if fits is None else self._later(message, fits)


def _doubt_ends(message: Message, rules: SendingRules) -> datetime | None:
    if message.state is not MessageState.AMBIGUOUS or message.submitted_at is None:
        return None
    return message.submitted_at + rules.receipt


def _done_at(cause: str) -> datetime | None:
    """When somebody did what a message tells of, or a digest was made, by the time in its id; None for other reasons.

    No book that goes back to an earlier time makes such an id again.
    """
    made = _OF_AN_ID.fullmatch(cause)
    return ULID.from_str(made[1]).datetime if made else None


async def _may_have_gone(session: AsyncSession, message: Message, rule: Sends | None) -> bool:
    """Whether it may have been sent in the time that a restored book does not know of.

    What came about after the restoring was not: a request registered since, what somebody did since, a rung due since.
    """
    if rule is None or rule.restored_at is None:
        return False
    request = await session.get(Request, message.reference)
    registered_at = request.registered_at if request else message.reserved_at
    if max(registered_at, _done_at(message.cause) or registered_at) > rule.restored_at:
        return False
    records = await rung_records(session, message.reference)
    rung = next((record for record in records if rung_cause(record.rung) == message.cause), None)
    return rung is None or rung.escalated_by is not None or rung.due_at <= rule.restored_at
