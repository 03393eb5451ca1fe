"""The watch over an answer: made or not, who must call, and the rung that alone waits for it (art. 8)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.call_list import put_on_call_list
from activities.messaging import Messaging
from activities.new_plan import Line, put_in_force
from activities.supervision import Supervision
from activities.tools import PLATFORM, Tools
from liaison.contract.aftercare import DeliverySeen, WatchDelivery
from liaison.contract.messages import RungDue
from liaison.contract.names import ROUND, rung_cause
from liaison.db.claims import newest_plan
from liaison.db.deliveries import BY_MESSAGE, answer_message, delivery_of
from liaison.db.messages import supersede, waiting_bells
from liaison.db.record import MESSAGES, append_event, lock_request
from liaison.db.rungs import annul_rungs, planned_rung, rung_records
from liaison.db.tables import AnswerDelivery, Plan, Request, RungRecord
from liaison.db.versions import newest_before
from liaison.policy.delivery import CUT, AnswerMessage, due_to_make, is_missed, next_look, rung_to_make, why_call
from liaison.policy.message_words import DeliveryMeans, DeliveryState, MessageState
from liaison.policy.recount import Rules, recount
from liaison.policy.rules import Policy
from liaison.policy.titles import TITLES
from liaison.policy.told_dates import due_date, for_operators
from liaison.policy.words import EventKind

MADE_LATE = "answer-made"
"""The reason of the line that a leader gets instead of his bell when the answer has been made since."""


class Delivering:
    """Looks after one answer at a time."""

    def __init__(self, tools: Tools, messaging: Messaging, supervision: Supervision) -> None:
        self._tools = tools
        self._messaging = messaging
        self._supervision = supervision

    @activity.defn
    async def watch_delivery(self, watch: WatchDelivery) -> DeliverySeen:
        """Look how far an answer has come: to its party, to a clerk who calls, or past the rung that waits for it."""
        async with self._tools.db.write() as session:
            request = await lock_request(session, watch.reference)
            delivery = await delivery_of(session, watch.reference)
            if delivery is None or request.erased_at is not None:
                return DeliverySeen()
            plan = await newest_plan(session, request)
            policy = await self._tools.rulebook.policy(session, request.policy_version)
            rung = None if delivery.due_at is None else rung_to_make(policy, request.court_level)
            if rung is not None:
                plan = await self._by_newest_calendar(session, request, delivery, plan, policy, rung)
            seen = await self._look(session, request, delivery, plan, policy, rung)
        if rung is not None:
            await self._messaging.hand_on(session, watch.reference, rung_cause(rung))
            await self._messaging.hand_on(session, watch.reference, MADE_LATE)
        return seen

    async def _by_newest_calendar(
        self,
        session: AsyncSession,
        request: Request,
        delivery: AnswerDelivery,
        plan: Plan,
        policy: Policy,
        rung: int,
    ) -> Plan:
        """The plan by which the rung is due: a closed request hears of no re-plan, but this date of it still runs.

        What is over was judged by the version in force then.
        """
        recorded = {record.rung for record in await rung_records(session, request.reference)}
        if delivery.state is DeliveryState.MADE or rung in recorded:
            return plan
        now, (newest, _) = self._tools.clock(), await self._tools.rulebook.current(session)
        while delivery.due_at is not None:
            number = newest.number if now < delivery.due_at else await newest_before(session, delivery.due_at)
            if number is None or number <= request.calendar_version:
                break
            calendar = (await self._tools.rulebook.calendar(session, number)).of(request.court)
            new = recount(request, plan, recorded, policy, Rules(calendar, policy), now)
            request.calendar_version = number
            if any(change.moved or change.became_final for change in new.replan.changes if change.rung == rung):
                plan, _ = await put_in_force(self._tools, session, request, plan, new, Line(MESSAGES))
                delivery.due_at = due_to_make(policy, request.court_level, plan.rungs)
        return plan

    async def _look(
        self,
        session: AsyncSession,
        request: Request,
        delivery: AnswerDelivery,
        plan: Plan,
        policy: Policy,
        rung: int | None,
    ) -> DeliverySeen:
        now, message = self._tools.clock(), await answer_message(session, delivery)
        await self._settle(session, delivery, message, policy, now)
        record = None if rung is None else await self._hold_to_rung(session, request, delivery, plan, rung)
        told = TITLES[record.post] if record is not None and record.annulled_at is None else ""
        due_on = "" if rung is None else for_operators(due_date(planned_rung(plan, rung)))
        seen = DeliverySeen(delivery.state, "", delivery.to_call_reason or "", due_on, told)
        if delivery.state is DeliveryState.MADE:
            return seen
        waits = rung is not None and record is None
        act_at = datetime.fromisoformat(planned_rung(plan, rung)["act_at"]) if waits and rung is not None else None
        look_at = self._tools.for_workflow(next_look(message, act_at, policy.delivery, now))
        return DeliverySeen(seen.state, look_at, seen.reason, seen.due_on, seen.told)

    async def _settle(
        self,
        session: AsyncSession,
        delivery: AnswerDelivery,
        message: AnswerMessage | None,
        policy: Policy,
        now: datetime,
    ) -> None:
        """Bring the row to what the message has come to; what a person has put on record stays."""
        if delivery.state is DeliveryState.MADE or delivery.to_call_reason == CUT:
            return
        if message is not None and message.state is MessageState.DELIVERED:
            delivery.state, delivery.means = DeliveryState.MADE, DeliveryMeans.MESSAGE
            delivery.made_at, delivery.made_by = message.settled_at or now, BY_MESSAGE
        elif delivery.state is DeliveryState.UNDER_WAY and (why := why_call(message, policy.delivery, now)):
            await put_on_call_list(session, delivery, why, now)

    async def _hold_to_rung(
        self, session: AsyncSession, request: Request, delivery: AnswerDelivery, plan: Plan, rung: int
    ) -> RungRecord | None:
        """Fire the rung if the answer was not made by its instant; take it back if it proves to have been."""
        now, record = self._tools.clock(), await session.get(RungRecord, (request.reference, ROUND, rung))
        missed = is_missed(delivery.due_at, delivery.made_at, now)
        if missed and record is None:
            due = RungDue(request.reference, request.stream, 0, rung)
            record = await self._supervision.record(session, request, plan, due, Line(MESSAGES))
        elif delivery.made_at is not None and not missed:
            for annulled in await annul_rungs(session, request, delivery.made_at, now):
                detail = {"rung": annulled.rung, "due_at": annulled.due_at.isoformat(), "action": delivery.action_id}
                await append_event(
                    session, request.reference, MESSAGES, EventKind.RUNG_ANNULLED, now, PLATFORM, detail,
                    recorded_at=now,
                )  # fmt: skip
        if record is not None and delivery.made_at is not None:
            await self._quieten(session, request, plan, record, answered_late=missed)
        return record

    async def _quieten(
        self, session: AsyncSession, request: Request, plan: Plan, record: RungRecord, *, answered_late: bool
    ) -> None:
        """An answer made before the bell changes it to a line, never to silence (design section 4)."""
        not_before = datetime.fromisoformat(planned_rung(plan, record.rung)["notify_at"])
        for bell in await waiting_bells(session, request.reference):
            if bell.cause != rung_cause(record.rung):
                continue
            supersede(bell, self._tools.clock())
            if answered_late:
                await self._messaging.reserve(
                    session, request, MADE_LATE, bell.recipient, "answered_late", {}, not_before=not_before
                )
