"""Replies typed as plain signals in Temporal's UI or CLI: copied into the inbox with their true receive time."""

import hashlib
from datetime import UTC, datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from ulid import ULID

from activities.opening import action_message
from activities.tools import Tools, holder_message
from liaison.contract.messages import SignalReply, SignalReplyKept
from liaison.contract.names import SignalName
from liaison.db.inbox import action_texts, insert_action, replies_kept
from liaison.db.record import INBOX, append_event, lock_request
from liaison.db.tables import Action, Request
from liaison.db.texts import CONTENT, data_key, read_text
from liaison.db.work_orders import order_in_force
from liaison.policy.replies import flaw_of
from liaison.policy.words import ActionKind, ActionState, EventKind, ReplyKind, Stage

SIGNAL = "signal"
"""What stands for an API key in the record of such a reply."""


class SignalReplies:
    """Keeps replies that came without our API."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def keep_signal_reply(self, reply: SignalReply) -> SignalReplyKept:
        """Copy a reply given as a plain signal into the reply inbox, with its true receive time."""
        if not (self._tools.plain_signals_accepted or self._tools.plain_signals_confirmed):
            return SignalReplyKept(refused="plain signals are switched off; reply on the platform")
        received_at = await self._received_at(reply.ordinal)
        action_id = self._action_id(reply, received_at)
        async with self._tools.db.write() as session:
            request = await lock_request(session, reply.reference)
            kept = await session.get(Action, action_id)
            if kept is None:
                refused = await self._why_not(session, request, reply)
                if refused:
                    return SignalReplyKept(refused=refused)
                kept = await self._keep(session, request, reply, action_id, received_at)
            elif kept.state is ActionState.REFUSED:
                return SignalReplyKept(refused="it was refused when the relay delivered it")
        return SignalReplyKept(action_message(kept))

    async def _received_at(self, ordinal: int) -> datetime:
        """When Temporal took the signal: a worker may handle it much later, and its own clock does not count."""
        info = activity.info()
        handle = self._tools.client.get_workflow_handle(info.workflow_id or "", run_id=info.workflow_run_id)
        seen = 0
        async for event in handle.fetch_history_events():
            if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                continue
            seen += event.workflow_execution_signaled_event_attributes.signal_name == SignalName.REPLY
            if seen == ordinal:
                return event.event_time.ToDatetime(tzinfo=UTC) - self._tools.shift
        raise RuntimeError(f"the history holds no reply signal number {ordinal}")

    def _action_id(self, reply: SignalReply, received_at: datetime) -> str:
        """The same signal gives the same id, however often this activity runs."""
        info = activity.info()
        origin = f"{info.workflow_run_id}/{reply.ordinal}".encode()
        milliseconds = int(received_at.timestamp() * 1000)
        return str(ULID(milliseconds.to_bytes(6, "big") + hashlib.sha256(origin).digest()[:10]))

    async def _why_not(self, session: AsyncSession, request: Request, reply: SignalReply) -> str:
        roster = await self._tools.rulebook.roster(session)
        holder = holder_message(roster, await order_in_force(session, request), request)
        if request.stage is Stage.CLOSED:
            return "the request is closed"
        if holder is None or reply.judge not in holder.members:
            return "the judge is not the holder nor of his team"
        policy = await self._tools.rulebook.policy(session, request.policy_version)
        key = await data_key(session, self._tools.ring, reply.reference)
        question = await read_text(session, key, reply.reference, CONTENT) or ""
        flaw = flaw_of(reply.text, question, policy)
        if flaw is None and await self._was_given_before(session, reply):
            return "the same reply was given before"
        return flaw.en if flaw else ""

    async def _was_given_before(self, session: AsyncSession, reply: SignalReply) -> bool:
        """Twice the same is one reply (issue line L32)."""
        kept = await replies_kept(session, reply.reference)
        texts = await action_texts(session, self._tools.ring, reply.reference, [row.id for row in kept])
        return any(row.by == reply.judge and texts.get(row.id) == _said(reply) for row in kept)

    async def _keep(
        self, session: AsyncSession, request: Request, reply: SignalReply, action_id: str, received_at: datetime
    ) -> Action:
        action = Action(
            id=action_id,
            reference=reply.reference,
            kind=ActionKind.REPLY,
            by=reply.judge,
            key_id=SIGNAL,
            on_behalf_of=request.holder_id if request.holder_id != reply.judge else None,
            received_at=received_at,
            claimed=self._tools.plain_signals_confirmed,
        )
        await insert_action(session, self._tools.ring, action, _said(reply))
        await append_event(
            session, reply.reference, INBOX, EventKind.REPLY_RECEIVED, received_at, reply.judge,
            {"action": action_id, "way": SIGNAL}, recorded_at=self._tools.clock(),
        )  # fmt: skip
        return action


def _said(reply: SignalReply) -> dict[str, str]:
    return {"kind": ReplyKind.TEXT.value, "text": reply.text}
