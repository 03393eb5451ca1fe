"""Claimed replies: their giver is told of them; his word or a working hour of silence decides (ADR 0014)."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.gateways import gateway_named
from activities.messaging import Messaging
from activities.tools import PLATFORM, Tools
from liaison.contract.claims import ClaimReply, ClaimSeen, LookAtClaim, RevokeClaim
from liaison.contract.names import claim_cause, run_stream
from liaison.db.claimed import was_spoken_of
from liaison.db.claims import newest_plan
from liaison.db.inbox import settle_action
from liaison.db.messages import REPLY_CLAIMED, REPLY_SET_ASIDE, messages_of, supersede
from liaison.db.record import append_clerk_item, append_event, lock_request
from liaison.db.rungs import next_rung_due
from liaison.db.tables import Action, Request
from liaison.policy.claims import Told, fate_of_claim, heard_at
from liaison.policy.message_words import MessageState
from liaison.policy.words import ActionState, ClaimFate, EventKind, Stage

REVOKED, NOT_TOLD = "revoked", "its giver could not be told of it"

LOOK_AGAIN = timedelta(minutes=5)
"""How long a word that lies in the inbox is waited for, as a rung waits for a timely reply."""


class Claims:
    """Keeps what was claimed apart from what was said."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging

    @activity.defn
    async def claim_reply(self, order: ClaimReply) -> ClaimSeen:
        """Put a claimed reply on record and ask its giver to confirm it."""
        async with self._tools.db.write() as session:
            request = await lock_request(session, order.reference)
            action = await session.get_one(Action, order.action.action_id)
            if request.stage is Stage.CLOSED:
                await settle_action(session, action.id, ActionState.AFTER_CLOSURE, self._tools.clock())
            elif action.state is ActionState.PENDING:
                await self._claim(session, request, action, order)
        await self._messaging.hand_on(session, order.reference, claim_cause(action.id))
        return await self._seen(order.reference, action.id)

    @activity.defn
    async def look_at_claim(self, order: LookAtClaim) -> ClaimSeen:
        """Look whether a working hour has passed in silence since the giver was asked."""
        return await self._seen(order.reference, order.action_id)

    @activity.defn
    async def revoke_claim(self, order: RevokeClaim) -> None:
        """Set a claimed reply aside; the holder must reply."""
        now = self._tools.clock()
        async with self._tools.db.write() as session:
            request = await lock_request(session, order.reference)
            # An attempt that stood still, or a run that was reset, may find the request closed: it stays as it is.
            if request.stage is not Stage.CLOSED:
                await self._refuse(session, request, order, now)
        await self._messaging.hand_on(session, order.reference, _aside_cause(order))

    async def _claim(self, session: AsyncSession, request: Request, action: Action, order: ClaimReply) -> None:
        now = self._tools.clock()
        action.state, action.leased_until = ActionState.CLAIMED, None
        request.stage, request.next_due_at = Stage.CONFIRMING, None
        await append_event(
            session, request.reference, run_stream(order.stream), EventKind.REPLY_CLAIMED, action.received_at,
            action.by, {"action": action.id, "way": action.key_id}, recorded_at=now, seq=order.seq,
        )  # fmt: skip
        await self._messaging.reserve(session, request, claim_cause(action.id), action.by, REPLY_CLAIMED, {})

    async def _refuse(self, session: AsyncSession, request: Request, order: RevokeClaim, now: datetime) -> None:
        why = REVOKED if order.revocation else NOT_TOLD
        if await settle_action(session, order.action.action_id, ActionState.REFUSED, now, why):
            await self._set_aside(session, request, order, now)
        if order.revocation is not None:
            await settle_action(session, order.revocation.action_id, ActionState.ACCEPTED, now)

    async def _set_aside(self, session: AsyncSession, request: Request, order: RevokeClaim, now: datetime) -> None:
        request.stage = Stage.AWAITING_REPLY
        request.next_due_at = await next_rung_due(session, request, await newest_plan(session, request))
        revocation, stream = order.revocation, run_stream(order.stream)
        at = datetime.fromisoformat(revocation.received_at) if revocation else now
        detail = {"action": order.action.action_id, "revocation": revocation.action_id if revocation else None}
        await append_event(
            session, request.reference, stream, EventKind.REPLY_REVOKED, at,
            revocation.by if revocation else PLATFORM, detail, recorded_at=now, seq=order.seq,
        )  # fmt: skip
        if revocation is None:
            says = "a claimed reply was set aside: its giver could not be told 待确认的答复因无法通知本人而搁置"
            await append_clerk_item(session, request.reference, stream, order.seq, says, now)
        for message in await messages_of(session, request.reference, claim_cause(order.action.action_id)):
            if message.state is MessageState.RESERVED:
                supersede(message, now)
        await self._messaging.reserve(session, request, _aside_cause(order), order.action.by, REPLY_SET_ASIDE, {})

    async def _seen(self, reference: str, action_id: str) -> ClaimSeen:
        tools, now = self._tools, self._tools.clock()
        async with tools.db.read() as session:
            request = await session.get_one(Request, reference)
            message = next(iter(await messages_of(session, reference, claim_cause(action_id))), None)
            if message is None:
                # It was settled before it was on record: nobody was asked, nobody's silence confirms it.
                return ClaimSeen(ClaimFate.LAPSED)
            calendar, policy = await tools.rulebook.current(session)
            gateway = gateway_named(tools.gateways, message.gateway) if message.gateway else None
            heard = heard_at(
                message.state, message.submitted_at, message.settled_at,
                receipts=gateway is not None and gateway.can.receipts,
            )  # fmt: skip
            told = Told(message.state, message.reserved_at, message.send_after, heard)
            fate, at = fate_of_claim(told, now, request.court, calendar, policy)
            if fate is not ClaimFate.WAITING and await was_spoken_of(session, action_id, at):
                # A word given in time is on its way: it counts, however long the workers were away.
                fate, at = ClaimFate.WAITING, now + LOOK_AGAIN
        return ClaimSeen(fate, tools.for_workflow(at) if fate is ClaimFate.WAITING else "")


def _aside_cause(order: RevokeClaim) -> str:
    return f"aside-{order.action.action_id}"
