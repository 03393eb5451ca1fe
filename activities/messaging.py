"""Reserving messages with their reason, and handing them on once the reason is committed."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from activities.sms import Sender
from activities.tools import Tools
from liaison.contract.starting import start_notice
from liaison.db.messages import PARTY, WANTED, Draft, mark_handed_on, messages_of, reserve
from liaison.db.tables import Message, Request
from liaison.db.texts import data_key, read_contact
from liaison.gateways.phones import takes_short_messages
from liaison.policy.windows import next_opening
from liaison.policy.words import Language, MessageClass

_log = structlog.get_logger()


class Messaging:
    """Messages of one worker: a row first, then one attempt at once, then a ``notice-<id>`` that does not give up."""

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
        draft = Draft(
            id=str(ULID.from_datetime(now)),
            reference=request.reference,
            cause=cause,
            recipient=recipient,
            message_class=message_class,
            template=template,
            language=language,
            params={"reference": request.reference, **params},
            send_after=next_opening(earliest, message_class, request.court, calendar, policy),
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
        wanted = [message for message in messages if message.state in WANTED]
        left = {message.id: at for message in wanted if (at := await self._send(message)) is not None}
        if not left:
            return
        now, client = self._tools.clock(), self._tools.client
        await asyncio.gather(*(start_notice(client, message_id, at, now) for message_id, at in left.items()))
        async with self._tools.db.write() as session:
            await mark_handed_on(session, left)

    async def _send(self, message: Message) -> datetime | None:
        """Try once if the window is open; when a notice should go on, None if nothing is left to do."""
        now = self._tools.clock()
        if message.send_after > now:
            return message.send_after
        try:
            progress = await self._sender.send(message.id)
        except Exception as error:
            # Whatever an adapter raises: the notice tries on, and the effects behind this one do not wait for it.
            _log.warning("message left to its notice", message=message.id, error_type=type(error).__name__)
            return now + timedelta(seconds=1)
        return self._tools.from_workflow(progress.wait_until) if progress.wait_until else None
