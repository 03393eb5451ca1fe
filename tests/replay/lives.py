"""Lives whose histories are kept: together they run every activity and every branch that gives commands."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio.client import WorkflowHandle
from temporalio.testing import ActivityEnvironment

from activities.composing import SUPERVISION
from activities.messaging import Messaging
from activities.planning import Planning
from calendars.packaged import packaged_notices
from liaison.contract.names import (
    TASK_QUEUE,
    WorkflowName,
    claim_cause,
    delivery_workflow_id,
    follow_up_workflow_id,
    mailbox_workflow_id,
    notice_workflow_id,
    replan_id,
)
from liaison.contract.plans import PlanLadder
from liaison.contract.starting import hand_on_notice, ring_mailbox, start_follow_up, tell_delivery
from liaison.db.claimed import standing_claim
from liaison.db.claims import newest_plan
from liaison.db.messages import messages_of
from liaison.db.tables import AnswerDelivery, Plan
from liaison.gateways.sms.port import Inbound
from liaison.policy.message_words import DeliveryState
from liaison.policy.words import ActionKind, Category, Outcome, Procedure, Stage, SupervisionAct
from liaison.services.inbound import take_inbound
from liaison.services.repair import repair
from tests.city import shanghai
from tests.held import HeldOutbox
from tests.rules import approve, forget_notices_after, write_version
from tests.ui.live import LiveCity
from tests.ui.waiting import until

Life = Callable[[LiveCity], Awaitable[str]]
"""Lives in a city without a worker whose clock shows ``MORNING``; returns the workflow id to keep the history of."""

MORNING: Final = "2026-09-18 10:00"
BEFORE_THE_WINDOW: Final = "2026-09-21 08:29:56"
HOUR: Final = timedelta(hours=1)
MOBILE: Final = "13900001027"
"""The judge's, as the sample directory has it."""
JUDGE, TAKER, LEADER = "0104-j01", "0104-j04", "0104-l02"
APPOINTED: Final = "0104-j05"
SOON: Final = timedelta(seconds=2)
"""How long before an instant the worker comes, so that a timer fires."""


async def replied_on_time(city: LiveCity) -> str:
    async with city.working():
        reference = await _dispatched(city)
        await city.act(city.credentials.judge_keys[JUDGE], reference, ActionKind.SIGN_IN)
        await city.reply(reference)
        return await _ended(city, reference, Outcome.REPLIED)


async def replied_before_the_order_was_known(city: LiveCity) -> str:
    """The work order is in the book and its message being handed over; the workflow hears of it after the reply."""
    held = HeldOutbox(city.home)
    async with city.sending_through(held).working():
        reference = await city.submit()
        await held.asked.wait()
        reply = asyncio.create_task(city.reply(reference))
        await until(lambda: _taken(city, reference))
        held.let_go.set()
        await reply
        return await _ended(city, reference, Outcome.REPLIED)


async def supervised_in_turn(city: LiveCity) -> str:
    """A leader appoints while a transfer waits for another one; the appointed judge explains before the workflow has
    heard that he holds the request."""
    held = HeldOutbox(city.home)
    held.let_go.set()
    async with city.sending_through(held).working():
        reference = await _dispatched(city)
        await _appointed_behind_two_transfers(city, reference, held)
        held.hold()
        key, said = city.credentials.judge_keys[APPOINTED], {"note": "正在阅卷，明日答复"}
        given = [asyncio.create_task(city.act(key, reference, ActionKind.SIGN_IN))]
        await held.asked.wait()
        explained: dict[str, Any] = {"detail": SupervisionAct.EXPLAIN.value, "text": said}
        given.append(asyncio.create_task(city.act(key, reference, ActionKind.SUPERVISION_ACT, **explained)))
        await until(lambda: _taken(city, reference, 5))
        held.let_go.set()
        await asyncio.gather(*given)
        await city.reply(reference, judge=APPOINTED)
        return await _ended(city, reference, Outcome.REPLIED)


async def claimed_and_confirmed(city: LiveCity) -> str:
    """A short message in the judge's name; he says that it was he."""
    async with city.working():
        reference = await _dispatched(city)
        await _claimed(city, reference)
        await until(lambda: city.is_at(reference, Stage.CONFIRMING))
        await city.act(city.credentials.judge_keys[JUDGE], reference, ActionKind.CONFIRMATION)
        return await _ended(city, reference, Outcome.REPLIED)


async def claimed_and_revoked(city: LiveCity) -> str:
    """A short message in the judge's name that was not his; then his own reply."""
    async with city.working():
        reference = await _dispatched(city)
        await _claimed(city, reference)
        await until(lambda: city.is_at(reference, Stage.CONFIRMING))
        said: dict[str, Any] = {"text": {"reason": "非本人所发"}}
        await city.act(city.credentials.clerk_key, reference, ActionKind.REVOCATION, **said)
        await until(lambda: city.is_at(reference, Stage.AWAITING_REPLY))
        await city.reply(reference)
        return await _ended(city, reference, Outcome.REPLIED)


async def claimed_and_not_objected_to(city: LiveCity) -> str:
    """The run is lost while a reply waits; the one that takes its place finds that an hour has passed in silence."""
    async with city.working():
        reference = await _dispatched(city)
        await _claimed(city, reference)
        await until(lambda: city.is_at(reference, Stage.CONFIRMING))
        await city.handle(reference).terminate()
        await _told_before(city, reference)
        await repair(city.platform, reference)
        return await _ended(city, reference, Outcome.REPLIED)


async def answered_by_clerk(city: LiveCity) -> str:
    async with city.working():
        reference = await city.submit(category=Category.CONSULTATION, judge=None)
        await until(lambda: city.is_at(reference, Stage.ANSWERING))
        await city.act(city.credentials.clerk_key, reference, ActionKind.ANSWER, text={"text": "请到窗口领取材料。"})
        return await _ended(city, reference, Outcome.ANSWERED)


async def answered_by_machine(city: LiveCity) -> str:
    async with city.working():
        reference = await city.submit(category=Category.OPINION, judge=None)
        return await _ended(city, reference, Outcome.ANSWERED)


async def answered_at_intake(city: LiveCity) -> str:
    async with city.working():
        reference = await city.submit(category=Category.CONSULTATION, judge=None, answer="请到窗口领取材料。")
        return await _ended(city, reference, Outcome.ANSWERED)


async def withdrawn(city: LiveCity) -> str:
    async with city.working():
        reference = await _dispatched(city)
        await city.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        return await _ended(city, reference, Outcome.WITHDRAWN)


async def transferred(city: LiveCity) -> str:
    """Offered, refused, offered again, taken over."""
    giver, taker = city.credentials.judge_keys[JUDGE], city.credentials.judge_keys[TAKER]
    offer: dict[str, Any] = {"target": {"judge": TAKER}, "text": {"reason": "另案由其审理"}}
    async with city.working():
        reference = await _dispatched(city)
        await city.act(giver, reference, ActionKind.TRANSFER, **offer)
        await _offered(city, reference, wanted=True)
        await city.act(taker, reference, ActionKind.RETURN, text={"reason": "非本庭案件"})
        await _offered(city, reference, wanted=False)
        await city.act(giver, reference, ActionKind.TRANSFER, **offer)
        await _offered(city, reference, wanted=True)
        await city.act(taker, reference, ActionKind.SIGN_IN)
        await _offered(city, reference, wanted=False)
        await city.reply(reference, judge=TAKER)
        return await _ended(city, reference, Outcome.REPLIED)


async def procedure_changed_twice(city: LiveCity) -> str:
    async with city.working():
        reference = await city.submit(category=Category.DOCUMENTS, judge=None)
        await until(lambda: city.is_at(reference, Stage.ANSWERING))
        for procedure, stage in ((Procedure.ORDINARY, Stage.AWAITING_REPLY), (Procedure.SUMMARY, Stage.ANSWERING)):
            said: dict[str, Any] = {"detail": procedure.value, "text": {"reason": "当事人要求"}}
            await city.act(city.credentials.clerk_key, reference, ActionKind.PROCEDURE_CHANGE, **said)
            await until(lambda stage=stage: city.is_at(reference, stage))  # type: ignore[misc]
        await city.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        return await _ended(city, reference, Outcome.WITHDRAWN)


async def hostile_signals(city: LiveCity) -> str:
    """Everything that must not wedge a run, a cancel among it; then a reply by signal."""
    async with city.working():
        reference = await _dispatched(city)
        handle = city.handle(reference)
        await handle.signal("reply", args=[])
        await handle.signal("reply", {"judge": JUDGE})
        await handle.signal("reply", {"judge": TAKER, "text": "我不是承办人，但我来答复。"})
        await handle.signal("no such signal", 7)
        escalation = {"by": LEADER, "reason": "当事人已多次来访"}
        await handle.signal("escalate", escalation)
        await handle.signal("escalate", escalation)
        await handle.cancel()
        await until(lambda: _remarked(city, reference, 6))
        await handle.signal("reply", {"judge": JUDGE, "text": "您的案件定于下周三上午九点开庭。"})
        return await _ended(city, reference, Outcome.REPLIED)


async def climbed_and_replied_late(city: LiveCity) -> str:
    """Workers are away past the warning; rung 1 fires by its timer; a leader urges; the reply comes late."""
    reference, plan = await _registered(city)
    then = city.moved_to(datetime.fromisoformat(plan.rungs[1]["act_at"]) - SOON)
    async with then.working():
        await until(lambda: _recorded(then, reference, [0, 1]))
        urged: dict[str, Any] = {"detail": SupervisionAct.URGE.value, "text": {"note": "请今日答复"}}
        await then.act(city.credentials.leader_keys[LEADER], reference, ActionKind.SUPERVISION_ACT, **urged)
        await then.reply(reference)
        return await _ended(then, reference, Outcome.REPLIED)


async def open_after_the_warning(city: LiveCity) -> str:
    """The history of a request that still lives."""
    reference, plan = await _registered(city)
    then = city.moved_to(datetime.fromisoformat(plan.rungs[0]["act_at"]) - SOON)
    async with then.working():
        await until(lambda: _recorded(then, reference, [0]))
        return then.handle(reference).id


async def became_ordinary(city: LiveCity) -> str:
    reference, plan = await _registered(city, category=Category.MATERIAL_TRANSFER, judge=None)
    then = city.moved_to(plan.answer_act_at - SOON)
    async with then.working():
        await until(lambda: then.is_at(reference, Stage.AWAITING_REPLY))
        await then.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        return await _ended(then, reference, Outcome.WITHDRAWN)


async def late_for_a_machine(city: LiveCity) -> str:
    """No run had it before its day was over."""
    reference, plan = await _registered(city, category=Category.OPINION, judge=None)
    then = city.moved_to(plan.answer_act_at + SOON)
    async with then.working():
        await until(lambda: then.is_at(reference, Stage.AWAITING_REPLY))
        await then.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        return await _ended(then, reference, Outcome.WITHDRAWN)


async def limit_moved(city: LiveCity) -> str:
    """The hall is said to be closed on the day of the limit; the book has the later one, its workflow has not heard."""
    reference, plan = await _registered(city, category=Category.MATERIAL_TRANSFER, judge=None)
    then = city.moved_to(plan.answer_act_at - SOON)
    version = len(packaged_notices()) + 1
    async with then.working():
        await until(lambda: then.is_at(reference, Stage.ANSWERING))
        await write_version(then, version, packaged_notices(), [{"id": "c", "court": "0104", "days": [plan.day0]}])
        planning = Planning(then.tools, Messaging(then.tools))
        await ActivityEnvironment().run(planning.plan_ladder, PlanLadder(reference, 9, 1, version))
        await until(lambda: _counted_with(then, reference, version))
        await then.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        return await _ended(then, reference, Outcome.WITHDRAWN)


async def notice_woken_too_early(city: LiveCity) -> str:
    """A message whose window opens in a moment: woken at once, it waits once more, then sends."""
    early = city.moved_to(shanghai(BEFORE_THE_WINDOW))
    async with early.working():
        reference = await _dispatched(early)
        message = next(m for m in await early.messages(reference) if m.template == "work_order")
        notice = early.client.get_workflow_handle(notice_workflow_id(message.id))
        await notice.signal("wakes who sleeps by a start delay")
        await notice.result()
        return notice.id


async def notice_handed_on(city: LiveCity) -> str:
    """A message that is handed on twice before its window opens: woken from its delay it waits, looks again at once,
    waits on, then sends."""
    early = city.moved_to(shanghai(BEFORE_THE_WINDOW) - 3 * SOON)
    async with early.working():
        reference = await _dispatched(early)
        message = next(m for m in await early.messages(reference) if m.template == "work_order")
        notice = early.client.get_workflow_handle(notice_workflow_id(message.id))
        for _ in range(2):
            await hand_on_notice(early.client, message.id, message.send_after, early.tools.clock())
            await until(lambda: _looked_after(early, notice))
        await notice.result()
        return notice.id


async def bells_gathered(city: LiveCity) -> str:
    """Two bells for one leader, of which one is rung: gathered for a moment, then told in one message."""
    async with city.working():
        reference = await _dispatched(city)
        messaging, request = Messaging(city.tools), await city.request(reference)
        async with city.tools.db.write() as session:
            for cause in ("bell-1", "bell-2"):
                await messaging.reserve(session, request, cause, LEADER, SUPERVISION, {})
        await ring_mailbox(city.client, LEADER, timedelta(seconds=1))
        mailbox = city.client.get_workflow_handle(mailbox_workflow_id(LEADER))
        await mailbox.result()
        return mailbox.id


async def answer_watched(city: LiveCity) -> str:
    """A party with a landline: the answer waits for a clerk's call, which is put on record."""
    async with city.working():
        reference = await _dispatched(city, phone="020-83210001")
        await city.reply(reference)
        await _ended(city, reference, Outcome.REPLIED)
        watch = city.client.get_workflow_handle(delivery_workflow_id(reference))
        await until(lambda: _looked_after(city, watch))
        async with city.tools.db.write() as session:
            delivery = await session.get_one(AnswerDelivery, reference)
            delivery.state, delivery.made_at = DeliveryState.MADE, city.tools.clock()
        await tell_delivery(city.client, reference)
        await watch.result()
        return watch.id


async def followed_up(city: LiveCity) -> str:
    """Asked once, and waiting for an answer."""
    async with city.working():
        reference = await _dispatched(city)
        await city.reply(reference)
        await _ended(city, reference, Outcome.REPLIED)
    next_day = city.moved_to(shanghai(MORNING) + timedelta(days=1))
    async with next_day.working():
        await start_follow_up(next_day.client, reference, next_day.tools.clock(), next_day.tools.clock())
        await until(lambda: _asked(next_day, reference))
        return follow_up_workflow_id(reference)


async def purged(city: LiveCity) -> str:
    """A night on which something closed is old enough, as its Schedule starts it."""
    async with city.working():
        reference = await _dispatched(city)
        await city.reply(reference)
        await _ended(city, reference, Outcome.REPLIED)
    years_later = city.moved_to(shanghai(MORNING) + timedelta(days=1096))
    async with years_later.working():
        night = await city.client.start_workflow(WorkflowName.PURGE, id="purge", task_queue=TASK_QUEUE)
        assert (await night.result())["requests"] == 1
        return night.id


async def horizon_seen(city: LiveCity) -> str:
    """A morning on which somebody looks for next year's notice, as its Schedule starts it."""
    async with city.working():
        morning = await city.client.start_workflow(WorkflowName.HORIZON, id="calendar-horizon", task_queue=TASK_QUEUE)
        assert (await morning.result())["urgency"] == "none"
        return morning.id


async def dates_moved(city: LiveCity) -> str:
    """The notice of the year comes while the request is open: a make-up Sunday brings its dates forward."""
    async with city.working():
        reference = await _announced_late(city)
        await until(lambda: _planned(city, reference, 2))
        await city.reply(reference)
        return await _ended(city, reference, Outcome.REPLIED)


async def replanned(city: LiveCity) -> str:
    """The re-plan that told it, to its end."""
    async with city.working():
        await _announced_late(city)
        handle = city.client.get_workflow_handle(replan_id(len(packaged_notices()), None))
        assert (await handle.result())["finished"]
        return handle.id


LIVES: Final[tuple[Life, ...]] = (
    replied_on_time,
    replied_before_the_order_was_known,
    supervised_in_turn,
    claimed_and_confirmed,
    claimed_and_revoked,
    claimed_and_not_objected_to,
    answered_by_clerk,
    answered_by_machine,
    answered_at_intake,
    withdrawn,
    transferred,
    procedure_changed_twice,
    hostile_signals,
    climbed_and_replied_late,
    open_after_the_warning,
    became_ordinary,
    late_for_a_machine,
    limit_moved,
    notice_woken_too_early,
    notice_handed_on,
    bells_gathered,
    answer_watched,
    followed_up,
    purged,
    horizon_seen,
    dates_moved,
    replanned,
)


async def _claimed(city: LiveCity, reference: str) -> None:
    now = city.platform.clock()
    inbound = Inbound("in-1", MOBILE, f"{reference[:4]} 已联系当事人，定于下周三开庭。", now)
    await take_inbound(city.platform, "outbox", inbound, now)


async def _told_before(city: LiveCity, reference: str) -> None:
    """The message about the claim, as if it had gone out two hours ago."""
    async with city.tools.db.write() as session:
        claim = await standing_claim(session, reference)
        assert claim is not None
        [message] = await messages_of(session, reference, claim_cause(claim.id))
        message.submitted_at = city.platform.clock() - 2 * HOUR


async def _registered(city: LiveCity, **changes: Any) -> tuple[str, Plan]:
    reference = await city.submit(**changes)
    async with city.tools.db.read() as session:
        return reference, await newest_plan(session, await city.request(reference))


async def _announced_late(city: LiveCity) -> str:
    """A request registered before the notice of its year, which is approved then."""
    known = await forget_notices_after(city, "2024-12-31")
    reference = await _dispatched(city)
    await approve(city, known + 1, packaged_notices())
    return reference


async def _planned(city: LiveCity, reference: str, plan: int) -> bool:
    known = await _counted_with(city, reference, len(packaged_notices()))
    return known and len(await city.rows(Plan, reference)) == plan


async def _counted_with(city: LiveCity, reference: str, version: int) -> bool:
    return (await city.state(reference)).calendar_version == version


async def _looked_after(city: LiveCity, watch: WorkflowHandle[Any, Any]) -> bool:
    return [event async for event in watch.fetch_history_events()][-1].HasField("timer_started_event_attributes")


async def _asked(city: LiveCity, reference: str) -> bool:
    run = city.client.get_workflow_handle(follow_up_workflow_id(reference))
    return await _looked_after(city, run)


async def _dispatched(city: LiveCity, **changes: Any) -> str:
    reference = await city.submit(**changes)
    await until(lambda: city.is_at(reference, Stage.AWAITING_REPLY))
    return reference


async def _taken(city: LiveCity, reference: str, number: int = 1) -> bool:
    """Whether so many updates stand in the history."""
    events = [event async for event in city.handle(reference).fetch_history_events()]
    accepted = [event for event in events if event.HasField("workflow_execution_update_accepted_event_attributes")]
    return len(accepted) >= number


async def _appointed_behind_two_transfers(city: LiveCity, reference: str, held: HeldOutbox) -> None:
    """The first transfer's message is being handed over, the second waits for it, and the leader appoints."""
    await city.handle(reference).signal("escalate", {"by": LEADER, "reason": "当事人已多次来访"})
    await until(lambda: _rungs(city, reference, 1))
    held.hold()
    keys, given = city.credentials, []
    for number, (key, taker) in enumerate(((keys.judge_keys[JUDGE], TAKER), (keys.clerk_key, "0104-j06")), start=1):
        said: dict[str, Any] = {"target": {"judge": taker}, "text": {"reason": "另案由其审理"}}
        given.append(asyncio.create_task(city.act(key, reference, ActionKind.TRANSFER, **said)))
        await until(lambda number=number: _taken(city, reference, number))  # type: ignore[misc]
    appointment: dict[str, Any] = {"detail": SupervisionAct.APPOINT.value, "target": {"judge": APPOINTED}}
    leader = keys.leader_keys[LEADER]
    given.append(asyncio.create_task(city.act(leader, reference, ActionKind.SUPERVISION_ACT, **appointment)))
    await until(lambda: _taken(city, reference, 3))
    held.let_go.set()
    await asyncio.gather(*given)
    await _offered(city, reference, wanted=True)


async def _ended(city: LiveCity, reference: str, outcome: Outcome) -> str:
    handle = city.handle(reference)
    assert (await handle.result()).outcome is outcome
    return handle.id


async def _offered(city: LiveCity, reference: str, *, wanted: bool) -> None:
    async def settled() -> bool:
        state = await city.state(reference)
        return (state.offered is not None) is wanted and not state.unsettled

    await until(settled)


async def _recorded(city: LiveCity, reference: str, rungs: list[int]) -> bool:
    """Whether the workflow has fired these rungs and heard that each is on record."""
    events = (await city.handle(reference).fetch_history()).events
    steps = {
        event.event_id
        for event in events
        if event.activity_task_scheduled_event_attributes.activity_type.name == "record_rung"
    }
    heard = {event.activity_task_completed_event_attributes.scheduled_event_id for event in events}
    return (await city.state(reference)).recorded == rungs and len(steps & heard) == len(rungs)


async def _rungs(city: LiveCity, reference: str, number: int) -> bool:
    return len(await city.rungs(reference)) == number


async def _remarked(city: LiveCity, reference: str, number: int) -> bool:
    return len((await city.state(reference)).remarks) >= number
