"""Sending one message, once: taken, submitted, settled, each step on disk before the next (ADR 0012)."""

import asyncio
from dataclasses import replace

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.call_list import call_if_cut
from activities.settling import LOOK_AGAIN, Settling, Verdict
from activities.taking import Taken, Taking
from activities.tools import Tools
from liaison.contract.sending import MessageProgress, SendMessage
from liaison.db.messages import still_open, take
from liaison.db.tables import Message
from liaison.gateways.sms.port import (
    Fate,
    GatewayBusy,
    GatewayInDoubt,
    GatewayRefused,
    GatewayUnavailable,
    Submission,
)
from liaison.policy.message_words import MessageState
from liaison.policy.sending import pause_before_try
from liaison.undisturbed import undisturbed

GATEWAY_SECONDS = 3.0
"""How long a gateway may take, unless it says so itself; after that nobody knows whether it took the message. One rung
tells three people, and all their messages must fit the time of one activity."""

NOBODY_KNOWS = "the gateway did not answer"

_STATES = {Fate.SUBMITTED: MessageState.SUBMITTED, Fate.DELIVERED: MessageState.DELIVERED}


class Sender:
    """The last step of every message."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._settling = Settling(tools)
        self._taking = Taking(tools, self._settling)

    @activity.defn
    async def send_message(self, order: SendMessage) -> MessageProgress:
        """Send one message, once; whoever watches over an answer that was not sent at once hears of it."""
        progress = await self.send(order.message_id, activity.info().task_queue)
        if not progress.wait_until and not progress.queue:
            await self._settling.tell(order.message_id)
        return progress

    async def send(self, message_id: str, task_queue: str = "") -> MessageProgress:
        """Try once to send a message, if it is still wanted, its window is open and this is its gateway's task queue.

        Returns:
            Its state, and when or from where to try again.
        """
        async with self._tools.db.write() as session:
            message = await session.get_one(Message, message_id, with_for_update=True)
            step = await self._taking.take(session, message, task_queue)
        return step if isinstance(step, MessageProgress) else await self.go_on(step)

    async def take(self, session: AsyncSession, message: Message) -> Taken | None:
        """Take a message in the transaction that reserves it; None where it cannot go at once."""
        step = await self._taking.take(session, message, "")
        return step if isinstance(step, Taken) else None

    async def go_on(self, taken: Taken) -> MessageProgress:
        """Hand over what was taken, once that is committed."""
        return await (self._resume(taken) if taken.in_doubt else self._submit(taken))

    async def _resume(self, taken: Taken) -> MessageProgress:
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

    async def _look_up(self, taken: Taken) -> Submission:
        cannot_say = Submission(None, Fate.CANNOT_SAY)
        if taken.asked is None or not taken.asked.can.status_query:
            return cannot_say
        try:
            return await asyncio.wait_for(taken.asked.look_up(taken.short), GATEWAY_SECONDS)
        except (TimeoutError, GatewayUnavailable, GatewayInDoubt):
            return cannot_say

    async def _again(self, taken: Taken, *, marked: bool) -> MessageProgress:
        """Take a message a second time, unless somebody has settled it meanwhile or nobody is helped by it any more;
        ``marked`` if it may go twice."""
        async with self._tools.db.write() as session:
            message = await session.get_one(Message, taken.short.id, with_for_update=True)
            was_settled = message.state is MessageState.RESERVED or not still_open(message)
            if was_settled or message.attempts != taken.tries:
                return self._settling.left_to_another(message, self._tools.clock())
            if (over := await self._taking.unwanted(session, message, in_doubt=marked)) is not None:
                return over
            if marked and (full := await self._taking.full_again(session, message, taken.rules)) is not None:
                return full
            await call_if_cut(session, message, taken.short, taken.gateway.can, self._tools.clock())
            take(message, taken.gateway.name, message.number_mac)
            message.repeats, message.settled_at = message.repeats + marked, None
            again = replace(taken, tries=message.attempts, taken_at=self._tools.clock())
        return await self._submit(replace(again, once_more=taken.once_more and not marked))

    async def _submit(self, taken: Taken) -> MessageProgress:
        now, absences, name = self._tools.clock(), self._tools.absences, taken.gateway.name
        if now - taken.taken_at >= LOOK_AGAIN:
            # We stood still, and another sender may have it: nothing has gone from here yet.
            return await self._settle(taken, Verdict(MessageState.RESERVED, wait_until=now, is_try=False))
        try:
            patience = taken.gateway.can.seconds or GATEWAY_SECONDS
            submission = await asyncio.wait_for(taken.gateway.submit(taken.short), patience)
        except GatewayRefused as refusal:
            absences.note_back(name)
            return await self._settle(taken, Verdict(MessageState.FAILED, failure=str(refusal)[:200]))
        except GatewayBusy as busy:
            absences.note_back(name)
            later = Verdict(MessageState.RESERVED, wait_until=now + busy.after, is_try=False)
            return await self._settle(taken, later)
        except GatewayUnavailable:
            absences.note_away(name, now)
            again = now + pause_before_try(taken.tries, taken.rules)
            return await self._settle(taken, Verdict(MessageState.RESERVED, wait_until=again))
        except (TimeoutError, GatewayInDoubt):
            absences.note_away(name, now)
            return await self._settle(taken, self._doubt(taken))
        except asyncio.CancelledError:
            # Given up while the gateway had it; the row says so, for another sender may have settled it meanwhile.
            await self._settle(taken, self._doubt(taken))
            raise
        absences.note_back(name)
        if submission.fate is Fate.FAILED:
            return await self._settle(taken, self._undelivered(taken, submission))
        return await self._settle(taken, Verdict(_STATES[submission.fate], submission.provider_id, gone=True))

    def _doubt(self, taken: Taken) -> Verdict:
        """It may have gone. A gateway that can be asked is asked soon; else its receipt is waited for."""
        wait = pause_before_try(taken.tries, taken.rules) if taken.gateway.can.status_query else taken.rules.receipt
        can_be_cleared = taken.once_more or taken.gateway.can.status_query
        until = self._tools.clock() + wait if can_be_cleared else None
        return Verdict(MessageState.AMBIGUOUS, failure=NOBODY_KNOWS, gone=True, wait_until=until)

    def _undelivered(self, taken: Taken, told: Submission) -> Verdict:
        """The gateway took it and could not deliver it: on to the next one, at once."""
        why = f"not delivered by {taken.gateway.name}"
        now = self._tools.clock()
        return Verdict(MessageState.RESERVED, told.provider_id, why, wait_until=now, undelivered=True)

    async def _settle(self, taken: Taken, verdict: Verdict) -> MessageProgress:
        """Write it down whoever gives us up: Temporal cancels an activity some seconds after its time is over."""
        return await undisturbed(self._settling.settle(taken.short.id, taken.tries, verdict))
