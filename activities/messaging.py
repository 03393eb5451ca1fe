"""Reserving messages with their reason, and handing them on once the reason is committed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from activities.sms import Sender
from activities.tools import Tools
from liaison.contract.starting import start_notice
from liaison.db.messages import Draft, mark_handed_on, messages_of, reserve
from liaison.db.tables import Request
from liaison.policy.windows import next_opening
from liaison.policy.words import Language, MessageClass, MessageState

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

    async def hand_on(self, reference: str, cause: str) -> None:
        """Send what one reason reserved: now if its window is open, else by a notice that waits for it.

        Called after the reason is committed, and again by a retry: what was handed on before is left alone.
        """
        async with self._tools.db.peek() as session:
            messages = await messages_of(session, reference, cause)
        for message in messages:
            if message.state in (MessageState.RESERVED, MessageState.SUBMITTING):
                await self._hand_on(message.id, message.send_after)

    async def _hand_on(self, message_id: str, send_after: datetime) -> None:
        now = self._tools.clock()
        if send_after <= now:
            try:
                progress = await self._sender.send(message_id)
                if not progress.wait_until:
                    return
                send_after = self._tools.from_workflow(progress.wait_until)
            except Exception as error:
                # Whatever an adapter raises: the notice tries on, and the effects behind this one do not wait for it.
                _log.warning("message left to its notice", message=message_id, error_type=type(error).__name__)
                send_after = now + timedelta(seconds=1)
        await start_notice(self._tools.client, message_id, send_after, now)
        async with self._tools.db.write() as session:
            await mark_handed_on(session, message_id)
