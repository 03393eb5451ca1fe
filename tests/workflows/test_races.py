"""Replies racing rungs: only the receive time at our border decides (design sections 3.6 and 4; issue line L34)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from liaison.db.claims import newest_plan
from liaison.db.inbox import insert_action
from liaison.db.tables import Action, RungRecord
from liaison.policy.message_words import MessageState
from liaison.policy.words import ActionKind, ActionState, EventKind, Outcome, Stage
from liaison.services import delivery
from liaison.services.delivery import DELIVERY_SECONDS, Fate, deliver
from liaison.services.relay import deliver_left_over
from tests.city import REPLY, City, shanghai
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

FRIDAY = "2026-09-18 10:00"
WARNING_DUE = shanghai("2026-09-22 00:00")
FIRST_RUNG_DUE = shanghai("2026-09-23 00:00")
SECOND = timedelta(seconds=1)


async def _submit_with_spread(city: City, least: timedelta) -> str:
    """A request whose rungs are recorded a while after they are due, as the hash of its reference will have it."""
    while True:
        reference = await city.submit()
        record = next(row for row in await _plan(city, reference) if row["rung"] == 0)
        if datetime.fromisoformat(record["act_at"]) - WARNING_DUE > least:
            return reference


async def _plan(city: City, reference: str) -> list[dict[str, Any]]:
    async with city.tools.db.read() as session:
        return (await newest_plan(session, await city.request(reference))).rungs


async def _keep(city: City, reference: str, received_at: datetime) -> Action:
    """A reply in the inbox that nobody has delivered."""
    action = Action(
        id=f"{reference.replace('-', '')}-LATE", reference=reference, kind=ActionKind.REPLY, by="0104-j01",
        key_id="sample-0104-j01", received_at=received_at,
    )  # fmt: skip
    async with city.tools.db.write() as session:
        await insert_action(session, city.tools.ring, action, {"kind": "text", "text": REPLY})
    return action


@WITH_AND_WITHOUT_CACHE
async def test_a_reply_that_waits_in_the_inbox_holds_the_rung_back(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-21 23:59")
        async with city.temporal_away():
            answer = await city.reply(reference)
        assert (answer.status, answer.body["state"]) == (202, ActionState.PENDING)
        await city.advance_to("2026-09-22 00:20")
        assert await city.rungs(reference) == []
        assert EventKind.RUNG_HELD_BACK in await city.kinds(reference)
        await city.relay()
        end = await city.handle(reference).result()
        assert end.outcome is Outcome.REPLIED
        [reply] = await city.rows(Action, reference)
        assert (reply.state, await city.rungs(reference)) == (ActionState.ACCEPTED, [])
        assert (await city.request(reference)).supervised_since is None
        await city.replay(reference)


async def test_a_withdrawal_does_not_overtake_a_reply_that_the_relay_could_not_deliver(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply's next try is seconds away; whoever comes meanwhile waits behind it."""
    monkeypatch.setattr(delivery, "DELIVERY_SECONDS", DELIVERY_SECONDS)  # four seconds are longer
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        async with city.temporal_away():
            assert (await city.reply(reference)).status == 202
            await city.advance(seconds=4)
            await deliver_left_over(city.platform)
        withdrawn = await city.act(city.credentials.channel_key, reference, ActionKind.WITHDRAWAL)
        assert (withdrawn.status, withdrawn.body["state"]) == (202, ActionState.PENDING)
        await city.advance(seconds=4)
        await deliver_left_over(city.platform)
        assert {row.state for row in await city.rows(Action, reference)} == {ActionState.PENDING}
        await city.advance(seconds=7)
        await deliver_left_over(city.platform)
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        await city.advance(seconds=11)
        await deliver_left_over(city.platform)
        states = {row.kind: row.state for row in await city.rows(Action, reference)}
        assert states == {
            ActionKind.REPLY: ActionState.ACCEPTED,
            ActionKind.WITHDRAWAL: ActionState.AFTER_CLOSURE,
        }


async def test_a_rung_held_back_for_a_reply_that_proves_none_is_recorded_with_its_due_time(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-21 23:59")
        action = await _keep(city, reference, city.world.now())
        async with city.tools.db.write() as session:
            (await session.get_one(Action, action.id)).by = "0104-j05"
        await city.advance_to("2026-09-22 00:11")
        assert await city.rungs(reference) == []
        await city.relay()
        [refused] = await city.rows(Action, reference)
        assert (refused.state, refused.refusal) == (ActionState.REFUSED, "NotTheHolder")
        await city.advance_to("2026-09-22 00:20")
        [warning] = await city.rungs(reference)
        assert warning.due_at == WARNING_DUE


async def test_a_rung_recorded_although_a_reply_was_in_time_is_annulled_and_stays_on_record(city_at: OpenCity) -> None:
    """The reply reached our border in time and the book later than the rung, as after a failing disk."""
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-23 00:20")
        assert len(await city.rungs(reference)) == 2
        action = await _keep(city, reference, FIRST_RUNG_DUE - SECOND)
        assert (await deliver(city.platform, action)).state is ActionState.LATE
        await city.handle(reference).result()
        warning, first = await city.rungs(reference)
        assert (warning.annulled_at, first.annulled_at is None) == (None, False)
        annulled = [event for event in await city.events(reference) if event.kind is EventKind.RUNG_ANNULLED]
        assert [event.detail["rung"] for event in annulled] == [1]
        request = await city.request(reference)
        assert (request.rung, request.supervisor) == (0, "0104-l01")
        # Nobody is told that a reply was late which was not: only those of the warning hear of it.
        await city.advance_to("2026-09-23 09:00")
        told = {(m.template, m.recipient) for m in await city.messages(reference) if m.state is MessageState.DELIVERED}
        assert ("supervision", "0104-l02") not in told
        assert ("answered_late", "0104-l02") not in told


async def test_a_reply_between_the_due_instant_and_the_spread_is_late_and_the_rung_stands(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await _submit_with_spread(city, timedelta(minutes=2))
        await city.advance_to("2026-09-22 00:01")
        assert await city.rungs(reference) == []
        answer = await city.reply(reference)
        assert answer.body["state"] == ActionState.LATE
        await city.handle(reference).result()
        [warning] = await city.rungs(reference)
        assert (warning.due_at, warning.annulled_at) == (WARNING_DUE, None)
        kinds = await city.kinds(reference)
        assert kinds.index(EventKind.WARNED) < kinds.index(EventKind.CLOSED)
        assert (await city.request(reference)).supervised_since == WARNING_DUE
        await city.replay(reference)


async def test_the_last_second_is_in_time(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-21 23:59:30")
        city.platform = replace(city.platform, clock=lambda: WARNING_DUE - timedelta(microseconds=1))
        answer = await city.reply(reference)
        assert answer.body["state"] == ActionState.ACCEPTED
        await city.handle(reference).result()
        assert await city.rungs(reference) == []


@WITH_AND_WITHOUT_CACHE
async def test_a_late_reply_that_beats_the_timers_closes_after_the_missed_rungs(city_at: OpenCity, cached: int) -> None:
    """Workers were down over two limits: the reply is handled first, the silence before it stays on record."""
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-21 23:59")
        action = await _keep(city, reference, FIRST_RUNG_DUE)
        delivery = await deliver(city.platform, action)
        assert (delivery.fate, delivery.state) == (Fate.TAKEN, ActionState.LATE)
        await city.handle(reference).result()
        assert [rung.due_at for rung in await city.rungs(reference)] == [WARNING_DUE, FIRST_RUNG_DUE]
        assert (await city.request(reference)).stage is Stage.CLOSED
        closing = [EventKind.WARNED, EventKind.RUNG_RECORDED, EventKind.CLOSED]
        assert [kind for kind in await city.kinds(reference) if kind in closing] == closing
        await city.replay(reference)


async def test_an_exactly_late_reply_is_late(city_at: OpenCity) -> None:
    """On time means received before the due instant, which is exclusive."""
    async with city_at(FRIDAY) as city:
        in_time, late = await city.submit(), await city.submit()
        await city.advance_to("2026-09-21 23:59")
        first = await deliver(city.platform, await _keep(city, in_time, WARNING_DUE - timedelta(microseconds=1)))
        second = await deliver(city.platform, await _keep(city, late, WARNING_DUE))
        assert (first.state, second.state) == (ActionState.ACCEPTED, ActionState.LATE)
        await city.handle(late).result()
        assert [rung.rung for rung in await city.rows(RungRecord, late)] == [0]


async def test_a_reply_received_at_the_due_instant_annuls_nothing(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-22 00:20")
        await deliver(city.platform, await _keep(city, reference, WARNING_DUE))
        await city.handle(reference).result()
        [warning] = await city.rungs(reference)
        assert warning.annulled_at is None


async def test_a_reply_to_a_closed_request_is_kept(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(hours=1)
        await city.reply(reference)
        await city.handle(reference).result()
        answer = await city.reply(reference, text="补充说明：开庭地点改为第六法庭。")
        assert answer.body["state"] == ActionState.AFTER_CLOSURE
        undelivered = await _keep(city, reference, city.world.now())
        assert (await deliver(city.platform, undelivered)).fate is Fate.AFTER_CLOSURE
        assert (await city.kinds(reference)).count(EventKind.CLOSED) == 1
