"""Reserving messages with their reason, and handing them on once the reason is committed."""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from activities.sms import Sender
from activities.tools import Tools
from liaison.contract.starting import ring_mailbox, start_notice
from liaison.db.messages import PARTY, Draft, for_mailbox, mark_handed_on, messages_of, reserve, still_open
from liaison.db.tables import Message, Request
from liaison.db.texts import data_key, read_contact
from liaison.gateways.phones import takes_short_messages
from liaison.policy.message_words import MessageClass
from liaison.policy.sending import useful_until
from liaison.policy.sending_rules import SendingRules
from liaison.policy.windows import next_opening
from liaison.policy.words import Language

_log = structlog.get_logger()


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
    ) -> None:
        """Reserve one message in the transaction of its reason; the same reason and recipient reserve it once."""
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
        await reserve(session, tools.ring, draft, now)

    async def tell_party(
        self, session: AsyncSession, request: Request, cause: str, template: str, params: Mapping[str, str]
    ) -> bool:
        """Reserve a message to whoever asked, in his language; ``params["to"]`` is another number of his.

        Returns:
            False where the number takes no short message: then nothing is reserved.
        """
        if not await self.can_tell_party(session, request, params.get("to")):
            return False
        await self.reserve(
            session, request, cause, PARTY, template, params, MessageClass.PARTY, request.language
        )  # fmt: skip
        return True

    async def can_tell_party(self, session: AsyncSession, request: Request, other_number: str | None = None) -> bool:
        """Whether the party's number, or another one of his, takes short messages."""
        if other_number is not None:
            return takes_short_messages(other_number)
        key = await data_key(session, self._tools.ring, request.reference)
        return takes_short_messages((await read_contact(session, key, request.reference)).phone)

    async def hand_on(self, reference: str, cause: str) -> None:
        """Send what one reason reserved: now if its window is open, else by a notice that waits for it.

        Called after the reason is committed, and again by a retry: what was handed on before is left alone.
        """
        async with self._tools.db.peek() as session:
            messages = await messages_of(session, reference, cause)
            _, policy = await self._tools.rulebook.current(session)
        rules = policy.sending
        wanted = [message for message in messages if still_open(message)]
        bells = [message for message in wanted if for_mailbox(message, rules)]
        others = [message for message in wanted if message not in bells]
        left = {message.id: at for message in others if (at := await self._send(message)) is not None}
        if not left and not bells:
            return
        await asyncio.gather(*self._calls(left, bells, rules))
        async with self._tools.db.write() as session:
            await mark_handed_on(session, [*left, *(bell.id for bell in bells)])

    def _calls(
        self, left: Mapping[str, datetime], bells: Iterable[Message], rules: SendingRules
    ) -> Iterator[Awaitable[None]]:
        now, client = self._tools.clock(), self._tools.client
        for message_id, at in left.items():
            yield start_notice(client, message_id, at, now)
        for leader in {bell.recipient for bell in bells}:
            yield ring_mailbox(client, leader, rules.gathering)

    async def _send(self, message: Message) -> datetime | None:
        """Try once if the window is open; when a notice should go on, None if nothing is left to do.

        A gateway with a rate has a queue of its own, and one that is away would hold up whatever comes behind.
        """
        now, primary = self._tools.clock(), self._tools.gateways[0]
        if message.send_after > now:
            return message.send_after
        if primary.can.rate is not None or self._tools.absences.is_away(primary.name):
            return now
        try:
            progress = await self._sender.send(message.id)
        except Exception as error:
            # Whatever an adapter raises: the notice tries on, and the effects behind this one do not wait for it.
            _log.warning("message left to its notice", message=message.id, error_type=type(error).__name__)
            return now + timedelta(seconds=1)
        if progress.queue:
            return now
        return self._tools.from_workflow(progress.wait_until) if progress.wait_until else None
