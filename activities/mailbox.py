"""A leader's mailbox: of the bells that are due it makes one message (design section 4; ADR 0013)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from ulid import ULID

from activities.tools import Tools
from liaison.contract.sending import Gathered, OpenMailbox
from liaison.db.mailboxes import bells_of, gather, last_told, let_go
from liaison.db.messages import DIGEST, Draft, read_params, reserve, still_open
from liaison.db.tables import Message, Request
from liaison.db.versions import policies_before
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.rules import Policy
from liaison.policy.sending_rules import SendingRules
from liaison.policy.words import Language

_log: Final = structlog.get_logger()


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
            if given_up := await self._gathered_before(session, policy):
                await let_go(session, mailbox.staff_id, given_up)
            bells = await bells_of(session, mailbox.staff_id, rules.gathers)
            # What was taken and not settled goes on by itself: nobody knows yet whether it has told him.
            under_way = [bell for bell in bells if bell.state is not MessageState.RESERVED]
            waiting = [bell for bell in bells if bell.state is MessageState.RESERVED]
            opens = await self._opens(session, mailbox, rules, now)
            due = [bell for bell in waiting if bell.send_after <= now] if opens <= now else []
            later = [bell for bell in waiting if bell not in due]
            if (digest := await self._first_read(session, filter(_takes_more, later))) is not None:
                # His number has had its messages for today: what comes meanwhile is told with those that wait.
                await gather(session, due, digest, now)
                due = []
            to_send = [bell for bell in under_way if await self._can_be_read(session, bell)]
            to_send += await self._one_of(session, due, now) if due else []
            for bell in later:
                bell.send_after = max(bell.send_after, opens)
            waits = [bell.send_after + rules.gathering for bell in later]
            if any(still_open(bell) and bell not in to_send for bell in (*under_way, *due)):
                # What cannot be read stays as it is until somebody mends it, and holds up no other.
                waits.append(now + rules.slow)
        wait = self._tools.for_workflow(min(waits)) if waits else ""
        return Gathered([bell.id for bell in to_send], wait)

    async def _gathered_before(self, session: AsyncSession, policy: Policy) -> frozenset[str]:
        """Templates that an earlier policy gathered and this one does not: their bells may lie in the mailbox."""
        numbers = await policies_before(session, policy.version)
        earlier = [await self._tools.rulebook.policy(session, number) for number in numbers]
        return frozenset().union(*(each.sending.gathers for each in earlier)) - policy.sending.gathers

    async def _opens(self, session: AsyncSession, mailbox: OpenMailbox, rules: SendingRules, now: datetime) -> datetime:
        """From when on he may be told again."""
        last = await last_told(session, mailbox.staff_id, rules.gathers)
        return now if last is None else max(now, last + rules.every)

    async def _one_of(self, session: AsyncSession, due: Sequence[Message], now: datetime) -> list[Message]:
        """The one message that tells of all that are due: the only one itself, else a digest.

        It needs one of them that can be read. Without any, only what is of no more use goes on, and expires unread.
        """
        digest = await self._first_read(session, sorted(due, key=_takes_more, reverse=True))
        if digest is None:
            return [bell for bell in due if bell.useful_until is not None and bell.useful_until <= now]
        if len(due) == 1:
            return [digest]
        if not _takes_more(digest):
            digest = await self._reserve(session, digest, now)
        await gather(session, [bell for bell in due if bell is not digest], digest, now)
        return [digest]

    async def _first_read(self, session: AsyncSession, bells: Iterable[Message]) -> Message | None:
        """The first of them that can be read: few are looked at, however many there are."""
        for bell in bells:
            if await self._can_be_read(session, bell):
                return bell
        return None

    async def _can_be_read(self, session: AsyncSession, bell: Message) -> bool:
        """Whether its sender will find what he needs: its request, the key of that, and what it says."""
        try:
            await session.get(Request, bell.reference)
            await read_params(session, self._tools.ring, bell)
        except SQLAlchemyError:
            raise
        except Exception as error:
            _log.warning("a bell cannot be read", message=bell.id, error_type=type(error).__name__)
            return False
        return True

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


def _takes_more(bell: Message) -> bool:
    """Whether it is a digest that no gateway has failed to deliver: one with fewer ways left would take newer bells
    down with it."""
    return bell.template == DIGEST and not bell.tried
