"""Closure 办结: a reply closes the request at once, at any hour, and the party gets the answer in its window."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.aftercare import Aftercare
from activities.in_force import due_in_force
from activities.instead import INSTEAD_OF_THE_BELL
from activities.judge_notification import recipient_name
from activities.messaging import Messaging
from activities.tools import PLATFORM, Tools
from liaison.contract.messages import Closed, CloseRequest
from liaison.contract.names import run_stream, rung_cause
from liaison.db.claimed import standing_claim
from liaison.db.claims import newest_plan
from liaison.db.closing import close_with_attached
from liaison.db.inbox import action_texts, settle_action
from liaison.db.messages import supersede, waiting_bells
from liaison.db.record import append_event, lock_request
from liaison.db.rungs import annul_rungs
from liaison.db.tables import Action, Plan, Request
from liaison.db.work_orders import end_orders
from liaison.policy.words import ActionKind, ActionState, EventKind, Outcome

OUTCOMES = {
    ActionKind.REPLY: Outcome.REPLIED,
    ActionKind.ANSWER: Outcome.ANSWERED,
    ActionKind.WITHDRAWAL: Outcome.WITHDRAWN,
}


class Closure:
    """Ends requests."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging
        self._aftercare = Aftercare(tools, messaging)

    @activity.defn
    async def close_request(self, closure: CloseRequest) -> Closed:
        """Close the request and send the party the answer."""
        outcome = OUTCOMES[closure.action.kind]
        async with self._tools.db.write() as session:
            request = await lock_request(session, closure.reference)
            action = await session.get_one(Action, closure.action.action_id)
            if request.outcome is None:
                await self._close(session, request, action, closure, outcome)
        await self._messaging.hand_on(session, closure.reference, action.id)
        await self._aftercare.begin(closure.reference)
        return Closed(outcome)

    async def _close(
        self, session: AsyncSession, request: Request, action: Action, closure: CloseRequest, outcome: Outcome
    ) -> None:
        now, stream = self._tools.clock(), run_stream(closure.stream)
        plan = await newest_plan(session, request)
        await self._settle_claim(session, request, closure, now)
        first = plan.rungs[0]["rung"]
        due_at = await due_in_force(self._tools, session, request, plan, first)
        late = action.kind is ActionKind.REPLY and action.received_at >= due_at
        await settle_action(session, action.id, ActionState.LATE if late else ActionState.ACCEPTED, now)
        detail = {"action": action.id, "outcome": outcome.value, "late": late, "holder": request.holder_id}
        await append_event(
            session, request.reference, stream, EventKind.CLOSED, action.received_at, action.by, detail,
            recorded_at=now, seq=closure.seq,
        )  # fmt: skip
        said = (await action_texts(session, self._tools.ring, request.reference, [action.id])).get(action.id, {})
        spared = await self._aftercare.rung_to_make(session, request, said)
        annulled = await annul_rungs(session, request, action.received_at, now, spared)
        for record in annulled:
            await append_event(
                session, request.reference, f"{stream}-a", EventKind.RUNG_ANNULLED, now, PLATFORM,
                {"rung": record.rung, "due_at": record.due_at.isoformat(), "action": action.id}, recorded_at=now,
            )  # fmt: skip
        await end_orders(session, request.reference, now)
        await close_with_attached(session, request, outcome, now)
        await self._quieten_bells(session, request, action, plan, {rung_cause(record.rung) for record in annulled})
        await self._aftercare.leave(session, request, action, said, plan)

    async def _settle_claim(
        self, session: AsyncSession, request: Request, closure: CloseRequest, now: datetime
    ) -> None:
        """Put on record how a claimed reply came to count; one that something else overtook is kept all the same."""
        claim, confirmed = await standing_claim(session, request.reference), closure.confirmed
        if claim is None:
            return
        if confirmed is None:
            await settle_action(session, claim.id, ActionState.AFTER_CLOSURE, now)
            return
        word = confirmed.confirmation
        await append_event(
            session, request.reference, run_stream(closure.stream), EventKind.REPLY_CONFIRMED,
            datetime.fromisoformat(word.received_at) if word else now, word.by if word else PLATFORM,
            {"action": claim.id, "confirmation": word.action_id if word else None}, recorded_at=now, seq=confirmed.seq,
        )  # fmt: skip
        if word is not None:
            await settle_action(session, word.action_id, ActionState.ACCEPTED, now)

    async def _quieten_bells(
        self, session: AsyncSession, request: Request, action: Action, plan: Plan, annulled: set[str]
    ) -> None:
        """A reply before the bell changes it to "answered late", never to silence (design section 4)."""
        notify_at = {rung_cause(row["rung"]): datetime.fromisoformat(row["notify_at"]) for row in plan.rungs}
        holder = (
            recipient_name(request.holder_id, request.holder_kind)
            if request.holder_id and request.holder_kind
            else None
        )
        for bell in await waiting_bells(session, request.reference):
            supersede(bell, self._tools.clock())
            if bell.cause in notify_at.keys() - annulled and bell.recipient != holder:
                await self._messaging.reserve(
                    session, request, action.id, bell.recipient, INSTEAD_OF_THE_BELL[OUTCOMES[action.kind]], {},
                    not_before=notify_at[bell.cause],
                )  # fmt: skip
