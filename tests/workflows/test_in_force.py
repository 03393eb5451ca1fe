"""Silence is judged by the rules in force when it ends, also where they have not reached the request yet (C20, C21).

Every version here is approved and its re-plan not started, as when workers or Temporal are away meanwhile.
"""

import asyncio
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.testing import ActivityEnvironment

from activities import registry
from activities.answer_limit import AnswerLimit
from activities.delivering import Delivering
from activities.messaging import Messaging
from activities.planning import Planning
from activities.supervision import Supervision
from activities.tools import Tools
from liaison.contract.aftercare import WatchDelivery
from liaison.contract.names import delivery_workflow_id, replan_id
from liaison.contract.plans import LimitSeen, LookAtLimit, PlanLadder
from liaison.db.tables import Action, AnswerDelivery, Plan, Replan, WorkOrder
from liaison.policy.words import ActionKind, ActionState, Category, EventKind, Outcome, Procedure
from liaison.services.replanning import start_replan
from tests.city import City, shanghai
from tests.rules import notices_until, put_policy, write_version
from tests.services.rules import policy_document
from tests.ui.waiting import until
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity
from tests.workflows.gateways import Moody, refuse

FRIDAY = "2026-09-18 10:00"
"""Its own day is the limit to answer on the spot; the make-up Sunday is the next business day. The warning is due when
21 September ends, rung 4 when 30 September does."""

CONSULTATION: dict[str, Any] = {"category": Category.CONSULTATION, "judge": None}

ALWAYS = "2026-12-31"


_WARNING = {
    "business_day": 3, "informs": ["holder", "department_desk", "liaison_officer"], "provisional": True,
    "source": "a test",
}  # fmt: skip
_LADDER = policy_document()["ladder"]
_A_DAY_LATER: dict[str, Any] = {
    "answer": {"business_days": 2},
    "warning": _WARNING,
    "ladder": {
        level: [rung | {"business_day": rung["business_day"] + 1} for rung in rungs] for level, rungs in _LADDER.items()
    }
    | {"cited_document": "a test"},
}


async def _close_hall(city: City, *days: str, court: str = "0104") -> int:
    """A closure that counts as days off; the number of the version it makes."""
    number = (await _newest(city)) + 1
    closures = [{"id": "c", "court": court, "days": list(days)}]
    await write_version(city, number, notices_until(ALWAYS), closures, reason=f"{court} closed on {days[-1]}")
    return number


async def _move_open_requests_to(city: City, policy: int) -> None:
    calendar = await _newest(city)
    replan = Replan(id=replan_id(calendar, policy), calendar_version=calendar, policy_version=policy)
    replan.started_at = city.tools.clock()
    async with city.tools.db.write() as session:
        session.add(replan)


async def _newest(city: City) -> int:
    async with city.tools.db.read() as session:
        calendar, _ = await city.tools.rulebook.current(session)
    return calendar.number


@WITH_AND_WITHOUT_CACHE
async def test_a_rung_falls_due_by_newer_rules_that_were_in_force_at_it(city_at: OpenCity, cached: int) -> None:
    """Also where the re-plan to them never comes."""
    async with city_at(FRIDAY, cached=cached, replan_per_second=1_000) as city:
        reference, late = await city.submit(), await city.submit(judge="0104-j02")
        await city.advance_to("2026-09-21 23:30")
        version = await _close_hall(city, "2026-09-21")
        await city.advance_to("2026-09-22 00:12")
        assert await city.rungs(reference) == []
        assert "| warning 预警 | 2026-09-22 |" in await city.details(reference)
        # By the dates that were in force this reply is in time.
        await city.reply(late, "0104-j02")
        await city.handle(late).result()
        [reply] = await city.rows(Action, late)
        assert (reply.state, await city.rungs(late)) == (ActionState.ACCEPTED, [])
        await city.advance_to("2026-09-23 00:12")
        [warning] = await city.rungs(reference)
        assert (warning.rung, warning.due_at) == (0, shanghai("2026-09-23 00:00"))
        await start_replan(city.platform, calendar=version, policy=None)
        await city.advance(minutes=2)
        kinds = await city.kinds(reference)
        assert kinds.count(EventKind.REPLANNED) == 1 and EventKind.RUNG_HELD_BACK not in kinds
        await city.replay(reference)


@WITH_AND_WITHOUT_CACHE
async def test_the_limit_to_answer_on_the_spot_is_that_of_rules_that_were_in_force_at_it(
    city_at: OpenCity, cached: int
) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        answered, silent = await city.submit(**CONSULTATION), await city.submit(**CONSULTATION)
        await city.advance_to("2026-09-18 23:30")
        await _close_hall(city, "2026-09-18")
        await city.advance_to("2026-09-19 00:12")
        assert (await city.request(silent)).procedure is Procedure.SUMMARY
        assert "not answered by the end of 2026-09-20, the request becomes ordinary" in await city.details(silent)
        given = await city.act(city.credentials.clerk_key, answered, ActionKind.ANSWER, text={"text": "三号窗口办理。"})
        assert given.body["state"] == ActionState.ACCEPTED
        assert (await city.handle(answered).result()).outcome is Outcome.ANSWERED
        await city.advance_to("2026-09-20 23:59")
        assert (await city.request(silent)).procedure is Procedure.SUMMARY
        await city.advance_to("2026-09-21 00:12")
        assert (await city.request(silent)).procedure is Procedure.ORDINARY
        assert (await city.kinds(silent)).count(EventKind.PROCEDURE_CHANGED) == 1
        for reference in (answered, silent):
            await city.replay(reference)


async def test_a_limit_that_a_newer_plan_in_the_book_has_later_moves_there(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(**CONSULTATION)
        await city.advance_to("2026-09-18 23:59")
        version = await _close_hall(city, "2026-09-18")
        plan_ladder = Planning(city.tools, Messaging(city.tools)).plan_ladder
        await ActivityEnvironment().run(plan_ladder, PlanLadder(reference, 9, 1, version))
        await city.advance_to("2026-09-19 00:12")
        assert "not answered by the end of 2026-09-20, the request becomes ordinary" in await city.details(reference)
        await city.advance_to("2026-09-21 00:12")
        assert (await city.request(reference)).procedure is Procedure.ORDINARY


@pytest.mark.parametrize("for_open_requests", [True, False])
@pytest.mark.parametrize(("kind", "after"), [("limit", "2026-09-19 00:12"), ("warning", "2026-09-22 00:12")])
async def test_a_policy_counts_from_its_approval_if_open_requests_move_to_it(
    city_at: OpenCity, kind: str, after: str, for_open_requests: bool
) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(**(CONSULTATION if kind == "limit" else {}))
        await city.advance_to("2026-09-18 23:30")
        policy = await put_policy(city, **_A_DAY_LATER)
        if for_open_requests:
            await _move_open_requests_to(city, policy)
        await city.advance_to(after)
        changed = EventKind.PROCEDURE_CHANGED in await city.kinds(reference)
        fell_due = changed if kind == "limit" else bool(await city.rungs(reference))
        assert fell_due is not for_open_requests


@pytest.mark.parametrize(
    ("kind", "outcome"), [(ActionKind.WITHDRAWAL, Outcome.WITHDRAWN), (ActionKind.ANSWER, Outcome.ANSWERED)]
)
async def test_what_ends_a_request_while_its_limit_is_looked_at_ends_it(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch, kind: ActionKind, outcome: Outcome
) -> None:
    """No work order goes out for it any more."""
    rooms = list[HeldLimit]()
    monkeypatch.setattr(registry, "AnswerLimit", lambda *made_of: rooms.append(HeldLimit(*made_of)) or rooms[-1])
    async with city_at(FRIDAY) as city:
        reference = await city.submit(**CONSULTATION)
        await city.advance_to("2026-09-18 23:59")
        waking = asyncio.create_task(city.advance_to("2026-09-19 00:12"))
        [look] = rooms
        await look.ended.wait()
        keys = {ActionKind.WITHDRAWAL: city.credentials.channel_key, ActionKind.ANSWER: city.credentials.clerk_key}
        text = {"text": "三号窗口办理。"} if kind is ActionKind.ANSWER else {}
        given = asyncio.create_task(city.act(keys[kind], reference, kind, text=text))
        await until(lambda: _heard(city, reference))
        look.let_go.set()
        await waking
        assert (await given).body["state"] == ActionState.ACCEPTED
        assert (await city.handle(reference).result()).outcome is outcome
        assert EventKind.PROCEDURE_CHANGED not in await city.kinds(reference)
        assert await city.rows(WorkOrder, reference) == []
        await city.replay(reference)


class HeldLimit(AnswerLimit):
    """Its result is not told before it is let go."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        super().__init__(tools, messaging)
        self.ended, self.let_go = asyncio.Event(), asyncio.Event()

    @activity.defn
    async def look_at_limit(self, order: LookAtLimit) -> LimitSeen:
        seen = await super().look_at_limit(order)
        self.ended.set()
        await self.let_go.wait()
        return seen


async def _heard(city: City, reference: str) -> bool:
    types = [event.event_type async for event in city.handle(reference).fetch_history_events()]
    return EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED in types


async def test_what_was_approved_after_the_instant_changes_nothing_of_it(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-22 00:00")
        await _close_hall(city, "2026-09-21")
        await city.advance_to("2026-09-22 00:12")
        [warning] = await city.rungs(reference)
        assert warning.due_at == shanghai("2026-09-22 00:00")


async def test_an_answer_that_is_not_made_is_held_to_the_newest_dates(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.advance_to("2026-09-29 10:00")
        await _close_hall(city, "2026-09-29")
        await city.advance_to("2026-10-01 00:12")
        assert await city.rungs(reference) == []
        [delivery] = await city.rows(AnswerDelivery, reference)
        assert delivery.due_at == shanghai("2026-10-09 00:00")
        [event] = [event for event in await city.events(reference) if event.kind is EventKind.REPLANNED]
        assert event.detail["because"] == ["0104 closed on 2026-09-29"]
        await city.advance_to("2026-10-09 00:12")
        [record] = await city.rungs(reference)
        assert (record.rung, record.due_at) == (4, shanghai("2026-10-09 00:00"))


async def test_an_answer_that_is_not_made_is_held_to_dates_put_off_twice_while_nobody_looked(
    city_at: OpenCity,
) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.advance(minutes=1)
        await city.client.get_workflow_handle(delivery_workflow_id(reference)).terminate()
        await city.advance_to("2026-09-29 10:00")
        await _close_hall(city, "2026-09-29")
        # Approved when the rung's first instant is over, and its second is not.
        await city.advance_to("2026-10-08 10:00")
        await _close_hall(city, "2026-09-29", "2026-10-08")
        await city.advance_to("2026-10-09 00:12")
        messaging = Messaging(city.tools)
        watch = Delivering(city.tools, messaging, Supervision(city.tools, messaging)).watch_delivery
        await ActivityEnvironment().run(watch, WatchDelivery(reference))
        assert await city.rungs(reference) == []
        [delivery] = await city.rows(AnswerDelivery, reference)
        assert delivery.due_at == shanghai("2026-10-10 00:00")
        await city.advance_to("2026-10-10 00:12")
        await ActivityEnvironment().run(watch, WatchDelivery(reference))
        [record] = await city.rungs(reference)
        assert (record.rung, record.due_at) == (4, shanghai("2026-10-10 00:00"))


async def test_only_what_changed_a_day_of_the_request_is_its_reason(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, replan_per_second=1_000) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await _close_hall(city, "2026-09-22", court="0105")
        number = await _newest(city) + 1
        closures = [{"id": court, "court": court, "days": ["2026-09-22"]} for court in ("0105", "0104")]
        await write_version(city, number, notices_until(ALWAYS), closures, reason="0104 closed")
        await start_replan(city.platform, calendar=number, policy=None)
        await city.advance(minutes=2)
        [event] = [event for event in await city.events(reference) if event.kind is EventKind.REPLANNED]
        assert event.detail["because"] == ["0104 closed"]
        assert (await city.rows(Plan, reference))[-1].reason == f"calendar version {number}: 0104 closed"
