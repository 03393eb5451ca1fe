"""A leader's mailbox: of the bells that are due it makes one message (design section 4; ADR 0013)."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from ulid import ULID

from activities.tools import Tools
from liaison.contract.sending import Gathered, OpenMailbox
from liaison.db.mailboxes import bells_of, gather, last_told
from liaison.db.messages import DIGEST, Draft, reserve
from liaison.db.tables import Message
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.sending_rules import SendingRules
from liaison.policy.words import Language


class Mailbox:
    """Gathers bells."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def gather_bells(self, mailbox: OpenMailbox) -> Gathered:
        """Make one message of the bells that are due for a leader."""
        now = self._tools.clock()
        async with self._tools.db.write() as session:
            _, policy = await self._tools.rulebook.current(session)
            rules = policy.sending
            bells = await bells_of(session, mailbox.staff_id, rules.gathers)
            # What was taken and not settled goes on by itself: nobody knows yet whether it has told him.
            under_way = [bell.id for bell in bells if bell.state is not MessageState.RESERVED]
            waiting = [bell for bell in bells if bell.state is MessageState.RESERVED]
            opens = await self._opens(session, mailbox, rules, now)
            due = [bell for bell in waiting if bell.send_after <= now] if opens <= now else []
            if (digest := _waiting_digest(waiting, due)) is not None:
                # His number has had its messages for today: what comes meanwhile is told with those that wait.
                await gather(session, due, digest, now)
                waiting, due = [bell for bell in waiting if bell not in due], []
            to_send = [*under_way, *([await self._one_of(session, due, now)] if due else [])]
            later = [bell for bell in waiting if bell not in due]
            for bell in later:
                bell.send_after = max(bell.send_after, opens)
            wait = min((bell.send_after for bell in later), default=None)
        return Gathered(to_send, self._tools.for_workflow(wait + rules.gathering) if wait is not None else "")

    async def _opens(self, session: AsyncSession, mailbox: OpenMailbox, rules: SendingRules, now: datetime) -> datetime:
        """From when on he may be told again."""
        last = await last_told(session, mailbox.staff_id, rules.gathers)
        return now if last is None else max(now, last + rules.every)

    async def _one_of(self, session: AsyncSession, due: Sequence[Message], now: datetime) -> str:
        """The one message that tells of all that are due: the only one itself, else a digest."""
        if len(due) == 1:
            return due[0].id
        digest = next((bell for bell in due if _takes_more(bell)), None)
        if digest is None:
            digest = await self._reserve(session, due[0], now)
        await gather(session, [bell for bell in due if bell is not digest], digest, now)
        return digest.id

    async def _reserve(self, session: AsyncSession, first: Message, now: datetime) -> Message:
        """A digest stands under the request of its first bell, by whose hours and calendar it goes."""
        digest_id = str(ULID.from_datetime(now))
        draft = Draft(
            id=digest_id,
            reference=first.reference,
            cause=f"digest-{digest_id}",
            recipient=first.recipient,
            message_class=MessageClass.STAFF,
            template=DIGEST,
            language=Language.ZH_CN,
            params={"reference": first.reference},
            send_after=now,
            useful_until=first.useful_until,
        )
        digest = await reserve(session, self._tools.ring, draft, now)
        digest.handed_on = True
        return digest


def _waiting_digest(waiting: Sequence[Message], due: Sequence[Message]) -> Message | None:
    """A digest that may not go yet."""
    return next((bell for bell in waiting if _takes_more(bell) and bell not in due), None)


def _takes_more(bell: Message) -> bool:
    """Whether it is a digest that no gateway has failed to deliver: one with fewer ways left would take newer bells
    down with it."""
    return bell.template == DIGEST and not bell.tried
