"""Whoever was told that his action is taken reads it in the book at once, and may build on it at once."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType

from liaison.db.record import lock_request
from liaison.db.tables import Action, WorkOrder
from liaison.policy.words import ActionKind, ActionState, Category, Outcome, Procedure, Stage, SupervisionAct
from liaison.services import delivery, views
from liaison.services.access import scope_of
from liaison.services.errors import Refused, Slug
from tests.city import City
from tests.held import HeldOutbox
from tests.ui.waiting import until
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

FRIDAY = "2026-09-18 10:00"
TAKER = "0104-j04"
TRANSFER = {"target": {"judge": TAKER}, "text": {"reason": "该案由民二庭审理"}}


async def _held(city: City, **changes: Any) -> str:
    """A request that has been dispatched."""
    reference = await city.submit(**changes)
    await city.advance(minutes=1)
    return reference


@WITH_AND_WITHOUT_CACHE
async def test_a_reply_that_is_taken_has_closed_the_request(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        for _ in range(3):
            reference = await _held(city)
            answer = await city.reply(reference)
            scope = await scope_of(city.platform, city.key_of("0104-j01"))
            shown = await views.request_view(city.platform, scope, reference)
            assert (answer.status, shown["stage"], shown["outcome"]) == (201, Stage.CLOSED, Outcome.REPLIED)
            one = await views.action_view(city.platform, scope, reference, ActionKind.REPLY, answer.body["id"])
            assert one["state"] == answer.body["state"] == ActionState.ACCEPTED


async def test_transfer_sign_in_and_reply_follow_one_another_without_a_pause(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        for _ in range(3):
            reference = await _held(city)
            given = [
                await city.act(city.key_of("0104-j01"), reference, ActionKind.TRANSFER, **TRANSFER),
                await city.act(city.key_of(TAKER), reference, ActionKind.SIGN_IN),
                await city.reply(reference, judge=TAKER),
            ]
            assert [(answer.status, answer.body["state"]) for answer in given] == [(201, ActionState.ACCEPTED)] * 3
            request = await city.request(reference)
            assert (request.stage, request.holder_id) == (Stage.CLOSED, TAKER)


@WITH_AND_WITHOUT_CACHE
async def test_replies_that_come_before_their_work_order_wait_for_it_in_the_workflow(
    city_at: OpenCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: int
) -> None:
    """Taken once, not refused and sent again and again: on a busy morning every try would cost the workflow a task."""
    monkeypatch.setattr("activities.sms.GATEWAY_SECONDS", 30.0)
    held = HeldOutbox(tmp_path)
    async with city_at(FRIDAY, gateways=(held,), cached=cached) as city:
        reference = await city.submit()
        await held.asked.wait()
        given = [asyncio.create_task(city.reply(reference, text=said)) for said in ("下周三开庭。", "下周四开庭。")]
        await until(lambda: _has_taken(city, reference, 2))
        assert not any(reply.done() for reply in given)
        held.let_go.set()
        answers = await asyncio.gather(*given)
        assert (201, ActionState.ACCEPTED) in [(answer.status, answer.body["state"]) for answer in answers]
        await city.handle(reference).result()
        await city.advance(seconds=10)
        await city.relay()
        kept = sorted(row.state for row in await city.rows(Action, reference))
        assert kept == [ActionState.ACCEPTED, ActionState.AFTER_CLOSURE]


@WITH_AND_WITHOUT_CACHE
async def test_the_new_holder_explains_before_the_workflow_knows_that_he_holds(
    city_at: OpenCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: int
) -> None:
    monkeypatch.setattr("activities.sms.GATEWAY_SECONDS", 30.0)
    held = HeldOutbox(tmp_path)
    held.let_go.set()
    async with city_at(FRIDAY, gateways=(held,), cached=cached) as city:
        reference = await _held(city)
        await city.act(city.key_of("0104-j01"), reference, ActionKind.TRANSFER, **TRANSFER)
        held.hold()
        sign_in = asyncio.create_task(city.act(city.key_of(TAKER), reference, ActionKind.SIGN_IN))
        await held.asked.wait()
        said: dict[str, Any] = {"detail": SupervisionAct.EXPLAIN.value, "text": {"note": "正在阅卷，明日答复"}}
        explained = asyncio.create_task(city.act(city.key_of(TAKER), reference, ActionKind.SUPERVISION_ACT, **said))
        await until(lambda: _has_accepted(city, reference, 3))
        held.let_go.set()
        answers = await asyncio.gather(sign_in, explained)
        assert [answer.body["state"] for answer in answers] == [ActionState.ACCEPTED] * 2


@pytest.mark.parametrize("patched", [True, False], ids=["in turn", "before the patch"])
async def test_an_appointment_does_not_overtake_a_transfer_that_waits(
    city_at: OpenCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patched: bool
) -> None:
    """What is given last holds: the transfer no longer withdraws an appointment that came after it."""
    monkeypatch.setattr("activities.sms.GATEWAY_SECONDS", 30.0)
    held, appointed, other = HeldOutbox(tmp_path), "0104-j05", "0104-j06"
    held.let_go.set()
    async with city_at(FRIDAY, gateways=(held,)) as city:
        reference = await _held(city)
        await city.handle(reference).signal("escalate", {"by": "operator-1", "reason": "当事人第三次来电"})
        await city.advance(minutes=1)
        with monkeypatch.context() as before:
            if not patched:
                before.setattr(workflow, "patched", lambda reason: False)
            held.hold()
            given = [asyncio.create_task(city.act(city.key_of("0104-j01"), reference, ActionKind.TRANSFER, **TRANSFER))]
            await until(lambda: _has_accepted(city, reference, 1))
            second: dict[str, Any] = TRANSFER | {"target": {"judge": other}}
            clerk, leader = city.credentials.clerk_key, city.key_of("0104-l02")
            given.append(asyncio.create_task(city.act(clerk, reference, ActionKind.TRANSFER, **second)))
            await until(lambda: _has_accepted(city, reference, 2))
            said: dict[str, Any] = {"detail": SupervisionAct.APPOINT.value, "target": {"judge": appointed}}
            given.append(asyncio.create_task(city.act(leader, reference, ActionKind.SUPERVISION_ACT, **said)))
            await until(lambda: _has_accepted(city, reference, 3))
            held.let_go.set()
            await asyncio.gather(*given)
        in_force = [order.holder_id for order in await city.rows(WorkOrder, reference) if order.ended_at is None]
        assert in_force == ["0104-j01", appointed if patched else other]
        await city.replay(reference)


async def _has_accepted(city: City, reference: str, number: int) -> bool:
    types = [event.event_type async for event in city.handle(reference).fetch_history_events()]
    return types.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED) == number


async def _has_taken(city: City, reference: str, number: int) -> bool:
    """Whether so many updates stand in the history, and no dispatch that has ended."""
    types = [event.event_type async for event in city.handle(reference).fetch_history_events()]
    assert types.count(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED) <= 1, "nothing was waited for"
    return types.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED) == number


async def test_a_transfer_there_and_back_again_at_once(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        back = {"target": {"judge": "0104-j01"}, "text": {"reason": "原承办人更合适"}}
        await city.act(city.key_of("0104-j01"), reference, ActionKind.TRANSFER, **TRANSFER)
        await city.act(city.key_of(TAKER), reference, ActionKind.SIGN_IN)
        await city.act(city.key_of(TAKER), reference, ActionKind.TRANSFER, **back)
        await city.act(city.key_of("0104-j01"), reference, ActionKind.SIGN_IN)
        assert (await city.request(reference)).holder_id == "0104-j01"
        assert len(await city.rows(WorkOrder, reference)) == 3


async def test_a_leader_who_hears_cases_signs_in_and_replies_with_his_leader_key(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city, judge="0104-l05")
        key = city.credentials.leader_keys["0104-l05"]
        assert (await city.act(key, reference, ActionKind.SIGN_IN)).body["state"] == ActionState.ACCEPTED
        assert (await city.reply(reference, judge="0104-l05")).body["state"] == ActionState.ACCEPTED
        assert (await city.request(reference)).stage is Stage.CLOSED


async def test_a_change_of_procedure_shows_at_once(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city, category=Category.CONSULTATION)
        given = {"detail": Procedure.ORDINARY.value, "text": {"reason": "涉及案件实体问题"}}
        await city.act(city.credentials.clerk_key, reference, ActionKind.PROCEDURE_CHANGE, **given)
        assert (await city.request(reference)).procedure is Procedure.ORDINARY


async def test_an_action_that_is_taken_and_cannot_take_effect_is_told_as_refused(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _held(city, court="01", judge=None)
        chamber = (await city.request(reference)).holder_id
        assert chamber == "01-d-filing"
        leader = next(key for staff, key in city.credentials.leader_keys.items() if staff == "01-l01")
        with pytest.raises(Refused) as refused:
            await city.act(leader, reference, ActionKind.RETURN, text={"reason": "非立案庭事项"})
        assert refused.value.slug is Slug.CONFLICT
        [action] = await city.rows(Action, reference)
        assert action.state is ActionState.REFUSED


async def test_what_takes_effect_too_late_to_be_seen_is_told_as_taken(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait is bounded: the giver hears what the workflow said when the time is over."""
    monkeypatch.setattr(delivery, "DELIVERY_SECONDS", 3.0)
    async with city_at(FRIDAY) as city:
        reference = await _held(city)
        row = await _pending_reply(city, reference)
        # The writer's lock keeps the closing from taking effect.
        async with city.tools.db.write() as session:
            await lock_request(session, reference)
            began = time.monotonic()
            seen = await delivery.deliver_and_see(city.platform, row)
            assert time.monotonic() - began < 6
            assert seen == delivery.Delivery(delivery.Fate.TAKEN, ActionState.ACCEPTED)
            assert (await city.request(reference)).stage is Stage.AWAITING_REPLY
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED


async def _pending_reply(city: City, reference: str) -> Action:
    """A reply in the inbox that nobody has delivered."""
    async with city.temporal_away():
        await city.reply(reference)
    [row] = await city.rows(Action, reference)
    return row
