"""Follow-up 回访: asking the party what it thinks of the answer, so many times and no more."""

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.messaging import Messaging
from activities.tools import PLATFORM, Tools
from liaison.contract.aftercare import Asked, AskParty
from liaison.contract.names import follow_up_cause
from liaison.db.follow_ups import any_delivered, follow_up_of
from liaison.db.messages import FOLLOW_UP, supersede, unsent
from liaison.db.record import MESSAGES, append_event, lock_request
from liaison.db.tables import FollowUp, Request
from liaison.policy.follow_up import next_try
from liaison.policy.message_words import FollowUpState
from liaison.policy.rules import Policy
from liaison.policy.words import EventKind


class FollowingUp:
    """Asks parties of closed requests."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging

    @activity.defn
    async def ask_party(self, ask: AskParty) -> Asked:
        """Ask the party what it thinks of the answer, unless it has said so; give up after the last try."""
        async with self._tools.db.write() as session:
            request = await lock_request(session, ask.reference)
            row = await follow_up_of(session, ask.reference)
            if row is None or request.erased_at is not None:
                return Asked()
            _, policy = await self._tools.rulebook.current(session)
            if row.state is not FollowUpState.ASKING or ask.number > row.tries:
                # A question that waited for a gateway is asked by the next try, and of nobody who has answered.
                for question in await unsent(session, ask.reference, FOLLOW_UP):
                    supersede(question, self._tools.clock())
            if row.state is FollowUpState.ASKING and ask.number > row.tries:
                await self._go_on(session, request, row, ask.number, policy)
            asked = self._stands(row, policy)
        await self._messaging.hand_on(session, ask.reference, follow_up_cause(ask.number))
        return asked

    async def _go_on(self, session: AsyncSession, request: Request, row: FollowUp, number: int, policy: Policy) -> None:
        now = self._tools.clock()
        if number > policy.follow_up.tries:
            reached = await any_delivered(session, request.reference, FOLLOW_UP)
            row.state = FollowUpState.UNRATED if reached else FollowUpState.UNREACHABLE
            return
        await self._messaging.tell_party(session, request, follow_up_cause(number), FOLLOW_UP, {})
        row.tries, row.asked_at = number, now
        await append_event(
            session, request.reference, MESSAGES, EventKind.FOLLOW_UP_ASKED, now, PLATFORM, {"try": number},
            recorded_at=now,
        )  # fmt: skip

    def _stands(self, row: FollowUp, policy: Policy) -> Asked:
        if row.state is not FollowUpState.ASKING or row.asked_at is None:
            return Asked(row.state)
        return Asked(row.state, self._tools.for_workflow(next_try(row.asked_at, policy.follow_up)))
