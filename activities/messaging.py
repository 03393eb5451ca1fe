"""Reserving messages with their reason, and handing them on once the reason is committed."""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from activities.call_list import to_be_read_out
from activities.sms import Sender
from activities.taking import Taken
from activities.tools import Tools
from liaison.contract.starting import ring_mailbox, start_notice
from liaison.db.messages import NEWS, PARTY, Draft, for_mailbox, mark_handed_on, messages_of, reserve, still_open
from liaison.db.tables import Message, Request
from liaison.db.texts import read_contact
from liaison.gateways.phones import takes_short_messages
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.sending import useful_until
from liaison.policy.sending_rules import SendingRules
from liaison.policy.windows import next_opening
from liaison.policy.words import Language

LEFT_TO_RELAY: Final = timedelta(minutes=2)
"""What waits longer than this for its window is handed on by the relay, which comes by within a minute (ADR 0021)."""

_RESERVED: Final = "messages reserved"

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Reserved:
    """A message that a transaction has reserved, and taken with it where it may go at once."""

    message: Message
    taken: Taken | None = None


class Messaging:
    """Messages of one worker: a row first, then one attempt at once, then a ``notice-<id>`` that does not give up.

    Leaders' bells go to ``mailbox-<staff id>`` instead (ADR 0013).
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._sender = Sender(tools)

    async def reserve(
        self,
        session: AsyncSession,
        request: Request,
        cause: str,
        recipient: str,
        template: str,
        params: Mapping[str, str],
        message_class: MessageClass = MessageClass.STAFF,
        language: Language = Language.ZH_CN,
        not_before: datetime | None = None,
        *,
        relayed: bool = False,
    ) -> None:
        """Reserve one message in the transaction of its reason; the same reason and recipient reserve it once.

        What is ``relayed`` has its reason made in this very transaction and is not handed on by who reserves it, so not
        taken here either: the relay finds it.
        """
        tools, now = self._tools, self._tools.clock()
        calendar, policy = await tools.rulebook.current(session)
        earliest = max(now, not_before or now)
        send_after = next_opening(earliest, message_class, request.court, calendar, policy)
        draft = Draft(
            id=str(ULID.from_datetime(now)),
            reference=request.reference,
            cause=cause,
            recipient=recipient,
            message_class=message_class,
            template=template,
            language=language,
            params={"reference": request.reference, **params},
            send_after=send_after,
            useful_until=useful_until(send_after, message_class, request.court, calendar, policy.sending),
        )
        with session.no_autoflush:
            # Taken at once it is written once, as taken.
            message = await reserve(session, tools.ring, draft, now, first=relayed)
            taken = None if relayed else await self._take_at_once(session, message, policy.sending)
        known: list[_Reserved] = session.info.setdefault(_RESERVED, [])
        if all(each.message is not message for each in known):
            known.append(_Reserved(message, taken))

    async def _take_at_once(self, session: AsyncSession, message: Message, rules: SendingRules) -> Taken | None:
        """Take a message together with its reason, where it may go as soon as that is committed: no transaction of its
        own then, and the record never says that it went before its reason."""
        if not self._may_go_at_once(message) or for_mailbox(message, rules):
            return None
        try:
            return await self._sender.take(session, message)
        except SQLAlchemyError:
            raise
        except Exception as error:
            # An address or a text that cannot be read concerns the message alone; its notice tries on.
            _log.warning("message left to its notice", message=message.id, error_type=type(error).__name__)
            return None

    def _may_go_at_once(self, message: Message) -> bool:
        """A gateway with a rate has a queue of its own, and one that is away would hold up whatever comes behind."""
        primary = self._tools.gateways[0]
        is_due = message.state is MessageState.RESERVED and message.send_after <= self._tools.clock()
        return is_due and primary.can.rate is None and not self._tools.absences.is_away(primary.name)

    async def tell_party(
        self,
        session: AsyncSession,
        request: Request,
        cause: str,
        template: str,
        params: Mapping[str, str],
        not_before: datetime | None = None,
        *,
        relayed: bool = False,
    ) -> bool:
        """Reserve a message to whoever asked, in his language; ``params["to"]`` is another number of his.

        Returns:
            False where the number takes no short message: news goes on the clerks' call list, nothing is reserved else.
        """
        if not await self.can_tell_party(session, request, params.get("to")):
            if template in NEWS:
                await self._leave_to_clerk(session, request, cause, template, params)
            return False
        await self.reserve(
            session, request, cause, PARTY, template, params, MessageClass.PARTY, request.language, not_before,
            relayed=relayed,
        )  # fmt: skip
        return True

    async def _leave_to_clerk(
        self, session: AsyncSession, request: Request, cause: str, template: str, params: Mapping[str, str]
    ) -> None:
        """Put news on the call list: a row no sender touches, with the words to read out in the party's language."""
        now, params = self._tools.clock(), {"reference": request.reference, **params}
        draft = Draft(
            id=str(ULID.from_datetime(now)),
            reference=request.reference,
            cause=cause,
            recipient=PARTY,
            message_class=MessageClass.PARTY,
            template=template,
            language=request.language,
            params=to_be_read_out(self._tools, template, request.language, params),
            send_after=now,
        )
        message = await reserve(session, self._tools.ring, draft, now)
        if message.state is MessageState.RESERVED:
            message.state, message.handed_on = MessageState.TO_CALL, True

    async def can_tell_party(self, session: AsyncSession, request: Request, other_number: str | None = None) -> bool:
        """Whether the party's number, or another one of his, takes short messages."""
        if other_number is not None:
            return takes_short_messages(other_number)
        return takes_short_messages((await read_contact(session, self._tools.ring, request.reference)).phone)

    async def hand_on(self, session: AsyncSession, reference: str, cause: str) -> None:
        """Send what one reason reserved: now if its window is open, else by a notice that waits for it, which what has
        long to wait gets from the relay.

        Called after the reason is committed, and again by a retry: what was handed on before is left alone.

        Args:
            session: The transaction of the reason, which has ended; what it reserved is known to it.
            reference: The request.
            cause: The reason.
        """
        reserved, rules = await self._reserved(session, reference, cause)
        soon = self._tools.clock() + LEFT_TO_RELAY
        # What a sender had in his hands before a window shut may have nobody who waits for the next one.
        due = (each for each in reserved if each.message.handed_on or each.message.send_after <= soon)
        wanted = [each for each in due if still_open(each.message)]
        bells = [each.message for each in wanted if for_mailbox(each.message, rules)]
        others = [each for each in wanted if each.message not in bells]
        left = {each.message.id: at for each in others if (at := await self._send(each)) is not None}
        if not left and not bells:
            return
        await asyncio.gather(*self._calls(left, bells, rules))
        async with self._tools.db.write() as marking:
            await mark_handed_on(marking, [*left, *(bell.id for bell in bells)])

    async def _reserved(
        self, session: AsyncSession, reference: str, cause: str
    ) -> tuple[list[_Reserved], SendingRules]:
        """What was reserved for a reason: in this transaction, else by an attempt before this one."""
        known: list[_Reserved] = session.info.get(_RESERVED, [])
        if reserved := [each for each in known if each.message.cause == cause]:
            # The rules are known to whoever reserved: nothing is asked of a transaction that has ended.
            _, policy = await self._tools.rulebook.current(session)
            return reserved, policy.sending
        async with self._tools.db.peek() as looking:
            _, policy = await self._tools.rulebook.current(looking)
            return [_Reserved(each) for each in await messages_of(looking, reference, cause)], policy.sending

    def _calls(
        self, left: Mapping[str, datetime], bells: Iterable[Message], rules: SendingRules
    ) -> Iterator[Awaitable[None]]:
        now, client = self._tools.clock(), self._tools.client
        for message_id, at in left.items():
            yield start_notice(client, message_id, at, now)
        for leader in {bell.recipient for bell in bells}:
            yield ring_mailbox(client, leader, rules.gathering)

    async def _send(self, reserved: _Reserved) -> datetime | None:
        """Try once if the window is open; when a notice should go on, None if nothing is left to do."""
        now, message, taken = self._tools.clock(), reserved.message, reserved.taken
        if taken is None and message.state is MessageState.RESERVED and not self._may_go_at_once(message):
            return max(message.send_after, now)
        try:
            progress = await (self._sender.go_on(taken) if taken else self._sender.send(message.id))
        except Exception as error:
            # Whatever an adapter raises: the notice tries on, and the effects behind this one do not wait for it.
            _log.warning("message left to its notice", message=message.id, error_type=type(error).__name__)
            return now + timedelta(seconds=1)
        if progress.queue:
            return now
        return self._tools.from_workflow(progress.wait_until) if progress.wait_until else None
