"""What a closing request leaves behind: the answer on its way, the party to be asked what it thinks of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.call_list import put_on_call_list
from activities.messaging import Messaging
from activities.tools import Tools
from liaison.contract.names import ROUND
from liaison.contract.starting import start_delivery
from liaison.db.deliveries import answer_message
from liaison.db.follow_ups import number_asked_since
from liaison.db.messages import ANSWER, CLOSED
from liaison.db.tables import Action, AnswerDelivery, FollowUp, Plan, Request, RungRecord
from liaison.policy.delivery import LANDLINE, due_to_make, is_missed, next_look, rung_to_make
from liaison.policy.follow_up import first_try
from liaison.policy.message_words import DeliveryState
from liaison.policy.words import ActionKind, Procedure, ReplyKind

WATCHED = timedelta(days=1)
"""For so long nobody asks whether an answer's watch, or a follow-up, still runs: Temporal repeats what a dying
process left of this very activity."""


class Aftercare:
    """Writes with the closing what is still to come, and starts it once that is committed."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging

    async def rung_to_make(self, session: AsyncSession, request: Request, said: Mapping[str, Any]) -> int | None:
        """The rung that waits until a reply in writing is made to its party; None where none does."""
        if said.get("kind") != ReplyKind.TEXT or request.procedure is not Procedure.ORDINARY:
            return None
        policy = await self._tools.rulebook.policy(session, request.policy_version)
        return rung_to_make(policy, request.court_level)

    async def leave(
        self, session: AsyncSession, request: Request, action: Action, said: Mapping[str, Any], plan: Plan
    ) -> None:
        """Reserve what the party hears, in the closing transaction; what it withdrew it need not be told of.

        Args:
            session: The closing transaction.
            request: The request, closed.
            action: What closed it.
            said: What the action says.
            plan: The plan in force.
        """
        if action.kind is ActionKind.WITHDRAWAL:
            return
        if said.get("kind") == ReplyKind.TEXT:
            await self._send_answer(session, request, action, said, plan)
        else:
            await self._messaging.tell_party(session, request, action.id, CLOSED, {})
        await self._plan_follow_up(session, request)

    async def begin(self, reference: str) -> None:
        """Start the watch over an answer that is not made yet: after the commit, and again by a retry.

        The follow-up is for tomorrow; the relay starts it then, so that thousands need not sleep until the morning.
        """
        async with self._tools.db.peek() as session:
            look_at = await self._first_look(session, reference)
        if look_at is not None:
            await start_delivery(self._tools.client, reference, look_at, self._tools.clock())

    async def _send_answer(
        self, session: AsyncSession, request: Request, action: Action, said: Mapping[str, Any], plan: Plan
    ) -> None:
        now = self._tools.clock()
        params = {"text": said["text"]} | ({"to": said["to"]} if "to" in said else {})
        delivery = AnswerDelivery(
            reference=request.reference, action_id=action.id, court=request.court, since=now, leased_until=now + WATCHED
        )
        if request.procedure is Procedure.ORDINARY:
            policy = await self._tools.rulebook.policy(session, request.policy_version)
            delivery.due_at = due_to_make(policy, request.court_level, plan.rungs)
        session.add(delivery)
        # Written before the answer is taken: whoever takes it may have to put it on the call list.
        await session.flush()
        if not await self._messaging.tell_party(session, request, action.id, ANSWER, params):
            await put_on_call_list(session, delivery, LANDLINE, now)

    async def _plan_follow_up(self, session: AsyncSession, request: Request) -> None:
        now = self._tools.clock()
        _, policy = await self._tools.rulebook.current(session)
        rules = policy.follow_up
        if request.court in rules.off_in_courts or not await self._messaging.can_tell_party(session, request):
            return
        if await number_asked_since(session, request.reference, now - timedelta(days=rules.quiet_days)):
            return
        session.add(FollowUp(reference=request.reference, since=now, leased_until=first_try(now, rules)))

    async def _first_look(self, session: AsyncSession, reference: str) -> datetime | None:
        """When an answer is first looked after; None if it was made, in time or with its rung on record."""
        delivery, now = await session.get(AnswerDelivery, reference), self._tools.clock()
        if delivery is None:
            return None
        if is_missed(delivery.due_at, delivery.made_at, now):
            return None if delivery.made_at and await self._is_recorded(session, reference) else now
        if delivery.state is DeliveryState.MADE:
            return None
        _, policy = await self._tools.rulebook.current(session)
        message = await answer_message(session, delivery)
        return next_look(message, delivery.due_at, policy.delivery, now) if message and message.waits else now

    async def _is_recorded(self, session: AsyncSession, reference: str) -> bool:
        request = await session.get_one(Request, reference)
        policy = await self._tools.rulebook.policy(session, request.policy_version)
        rung = rung_to_make(policy, request.court_level)
        return rung is None or await session.get(RungRecord, (reference, ROUND, rung)) is not None
