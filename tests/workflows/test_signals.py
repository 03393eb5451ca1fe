"""Plain signals typed in Temporal's UI or CLI: followed, or put on record; never a failed or wedged run (L32, L33)."""

import functools
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlmodel import select
from temporalio import workflow
from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus

from activities.signal_replies import SignalReplies
from liaison.contract.messages import SignalReply, SignalReplyKept
from liaison.contract.names import request_workflow_id
from liaison.db.inbox import settle_action
from liaison.db.tables import Action, ClerkItem, Plan
from liaison.db.texts import data_key, read_text
from liaison.policy.words import ActionKind, ActionState, EventKind, Outcome, Stage
from liaison.services import delivery
from liaison.services.delivery import DELIVERY_SECONDS, Fate, deliver
from liaison.services.starting import start_request
from tests.city import QUESTION, REPLY, City
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

FRIDAY = "2026-09-18 10:00"
LIFT = {"by": "operator-1", "reason": "当事人第三次来电"}
GOOD = {"judge": "0104-j01", "text": REPLY}


async def _raw_signal(city: City, reference: str, name: str, *payloads: Payload) -> None:
    """A signal as the Temporal CLI sends it: without our codec."""
    request = SignalWorkflowExecutionRequest(
        namespace=city.client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=request_workflow_id(reference)),
        signal_name=name,
    )
    request.input.payloads.extend(payloads)
    await city.client.workflow_service.signal_workflow_execution(request)


def _json(value: Any) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


async def _refusals(city: City, reference: str) -> list[str]:
    """What was put on record, after checking that clerks and operators are shown the same."""
    await city.advance(minutes=1)
    events = [event for event in await city.events(reference) if event.kind is EventKind.SIGNAL_REFUSED]
    said = [event.detail["says"] for event in events]
    assert [item.reason for item in await city.rows(ClerkItem, reference)] == said
    details = await city.details(reference)
    assert all(f"- {sentence}" in details for sentence in said[-8:])
    return said


@WITH_AND_WITHOUT_CACHE
async def test_a_reply_from_temporals_cli_closes_with_the_time_temporal_took_it(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-21 10:00")
        before = city.world.now()
        await _raw_signal(city, reference, "reply", _json(GOOD | {"judge": "0104-j02"}))
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        [reply] = await city.rows(Action, reference)
        assert (reply.state, reply.by, reply.on_behalf_of) == (ActionState.ACCEPTED, "0104-j02", "0104-j01")
        assert before - timedelta(seconds=1) < reply.received_at < city.world.now()
        assert REPLY in city.sent()[-1]["text"]
        await city.replay(reference)


HOSTILE: list[tuple[str, str, list[Payload]]] = [
    ("no argument", "reply", []),
    ("null", "reply", [_json(None)]),
    ("too many arguments", "reply", [_json(GOOD), _json("0104-j01")]),
    ("a text", "reply", [_json("已答复当事人。")]),
    ("a list", "reply", [_json([GOOD])]),
    ("empty object", "reply", [_json({})]),
    ("a field missing", "reply", [_json({"judge": "0104-j01"})]),
    ("a field too many", "reply", [_json(GOOD | {"reference": "x"})]),
    ("a number for a text", "reply", [_json(GOOD | {"text": 1})]),
    ("blank", "reply", [_json(GOOD | {"text": " \n "})]),
    ("half a character", "reply", [_json(GOOD | {"text": "已答复当事人\ud800。"})]),
    ("NUL", "reply", [_json(GOOD | {"text": "已答复当事人\x00。"})]),
    ("far too long", "reply", [_json(GOOD | {"text": "长" * 5_001})]),
    ("broken JSON", "reply", [Payload(metadata={"encoding": b"json/plain"}, data=b'{"judge":')]),
    ("not UTF-8", "reply", [Payload(metadata={"encoding": b"json/plain"}, data=b"\xff\xfe")]),
    ("binary", "reply", [Payload(metadata={"encoding": b"binary/plain"}, data=b"\x00\x01")]),
    ("no encoding", "reply", [Payload(data=b"?")]),
    ("unknown encoding", "reply", [Payload(metadata={"encoding": b"text/morse"}, data=b"...")]),
    ("undecodable", "reply", [Payload(metadata={"encoding": b"binary/encrypted"}, data=b"noise")]),
    ("of a lost key", "reply", [Payload(metadata={"encoding": b"binary/encrypted", "encryption-key-id": b"lost"})]),
    ("an unknown name", "repyl", [_json(GOOD)]),
    ("a name that may be personal data", "甲某测试 13912345678", [_json(GOOD)]),
    ("a name that is no word", "../reply", [_json(GOOD)]),
    ("escalate by nobody", "escalate", [_json({"reason": "当事人第三次来电"})]),
    ("escalate by a name", "escalate", [_json({"by": "甲某测试", "reason": "当事人第三次来电"})]),
    ("a version in words", "calendar_changed", [_json({"version": "11"})]),
    ("a version that is a truth", "calendar_changed", [_json({"version": True})]),
    ("a version nobody can count to", "calendar_changed", [_json({"version": 2**31})]),
    ("a policy in part", "calendar_changed", [_json({"version": 11, "policy": 1.5})]),
    ("a version too many", "calendar_changed", [_json({"version": 11, "because": "甲某测试"})]),
    ("a version nobody approved", "calendar_changed", [_json({"version": 11})]),
    ("the wrong judge", "reply", [_json(GOOD | {"judge": "0104-j05"})]),
    ("no judge at all", "reply", [_json(GOOD | {"judge": "nobody"})]),
    ("too short", "reply", [_json(GOOD | {"text": "已回复"})]),
    ("the question copied", "reply", [_json(GOOD | {"text": QUESTION.replace("，", ", ")})]),
]

TO_ONE_REQUEST = 4


@WITH_AND_WITHOUT_CACHE
async def test_hostile_signals_neither_fail_nor_wedge(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        # Not all of them to one request: without a cache each is replayed with every later one.
        for first in range(0, len(HOSTILE), TO_ONE_REQUEST):
            await _stands(city, HOSTILE[first : first + TO_ONE_REQUEST])


async def _stands(city: City, hostile: list[tuple[str, str, list[Payload]]]) -> None:
    reference = await city.submit()
    for number, (why, name, payloads) in enumerate(hostile, start=1):
        await _raw_signal(city, reference, name, *payloads)
        said = await _refusals(city, reference)
        assert len(said) == number, why
        assert not any(word in said[-1] for word in ("甲某", "139", "已答复")), why
    # Names of this kind are the SDK's own; it drops what it does not know before we see it.
    await _raw_signal(city, reference, "__temporal_probe", _json(GOOD))
    assert (await city.handle(reference).describe()).status is WorkflowExecutionStatus.RUNNING
    assert await city.rows(Action, reference) == []
    assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED
    await city.handle(reference).result()
    await city.replay(reference)


async def test_twice_the_same_reply_is_one(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        async with city.book_locked():
            await _raw_signal(city, reference, "reply", _json(GOOD))
            await _raw_signal(city, reference, "reply", _json(GOOD))
            await _raw_signal(city, reference, "reply", _json(GOOD | {"text": "补充说明：请携带身份证原件。"}))
        await city.handle(reference).result()
        first, another = await city.rows(Action, reference)
        assert first.state is ActionState.ACCEPTED
        refused = [event.detail["says"] for event in await city.events(reference) if "says" in event.detail]
        assert ["given before" in said for said in refused] == [True, False]
        assert "the reply is kept" in refused[1]
        await city.advance(minutes=11)
        await city.relay()
        assert {row.id: row.state for row in await city.rows(Action, reference)}[another.id] == "after_closure"


def _relay_is_faster(monkeypatch: pytest.MonkeyPatch, then: Callable[[Action], Awaitable[None]]) -> None:
    """Have something done with the reply a signal became, before the run hears what it became."""
    keep = SignalReplies.keep_signal_reply

    @functools.wraps(keep)
    async def keep_slowly(self: SignalReplies, reply: SignalReply) -> SignalReplyKept:
        kept = await keep(self, reply)
        async with self._tools.db.read() as session:
            [row] = (await session.exec(select(Action).where(Action.reference == reply.reference))).all()
        await then(row)
        return kept

    monkeypatch.setattr(SignalReplies, "keep_signal_reply", keep_slowly)


CLAIMS: dict[str, Any] = {"plain_signals_accepted": False, "plain_signals_confirmed": True}


@WITH_AND_WITHOUT_CACHE
@pytest.mark.parametrize(("settings", "stage"), [({}, Stage.CLOSED), (CLAIMS, Stage.CONFIRMING)])
async def test_the_relay_may_deliver_the_copy_before_the_run_knows_of_it(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], stage: Stage, cached: int
) -> None:
    """It counts once, and nobody is told that the very reply which counted was not followed."""
    cities: list[City] = []

    async def relay(row: Action) -> None:
        assert (await deliver(cities[0].platform, row)).fate is Fate.TAKEN

    _relay_is_faster(monkeypatch, relay)
    async with city_at(FRIDAY, cached=cached, **settings) as city:
        cities.append(city)
        reference = await city.submit()
        await _raw_signal(city, reference, "reply", _json(GOOD))
        await city.advance(minutes=1)
        assert (await city.request(reference)).stage is stage
        assert await city.rows(ClerkItem, reference) == []
        assert EventKind.SIGNAL_REFUSED not in await city.kinds(reference)


async def test_a_copy_that_was_delivered_and_revoked_meanwhile_is_not_claimed_again(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    cities: list[City] = []

    async def relay_and_revoke(row: Action) -> None:
        city = cities[0]
        assert (await deliver(city.platform, row)).fate is Fate.TAKEN
        said = {"reason": "非本人所发"}
        await city.act(city.key_of("0104-j01"), row.reference, ActionKind.REVOCATION, text=said)

    monkeypatch.setattr(delivery, "DELIVERY_SECONDS", DELIVERY_SECONDS)  # the run takes it when the activity has ended
    _relay_is_faster(monkeypatch, relay_and_revoke)
    async with city_at(FRIDAY, **CLAIMS) as city:
        cities.append(city)
        reference = await city.submit()
        await _raw_signal(city, reference, "reply", _json(GOOD))
        await city.advance(minutes=1)
        assert (await city.request(reference)).stage is Stage.AWAITING_REPLY
        assert (await city.kinds(reference)).count(EventKind.REPLY_REVOKED) == 1
        assert await city.rows(ClerkItem, reference) == []
        types = [
            event.activity_task_scheduled_event_attributes.activity_type.name
            async for event in city.handle(reference).fetch_history_events()
        ]
        assert types.count("claim_reply") == 1


async def test_a_run_that_heard_of_the_copy_twice_before_that_counted_once_replays(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It told the clerks that the reply was not followed; that stands in its history."""
    cities: list[City] = []

    async def relay(row: Action) -> None:
        assert (await deliver(cities[0].platform, row)).fate is Fate.TAKEN

    _relay_is_faster(monkeypatch, relay)
    async with city_at(FRIDAY) as city:
        cities.append(city)
        with monkeypatch.context() as before:
            before.setattr(workflow, "patched", lambda reason: False)
            reference = await city.submit()
            await _raw_signal(city, reference, "reply", _json(GOOD))
            await city.handle(reference).result()
        assert len(await city.rows(ClerkItem, reference)) == 1
        await city.replay(reference)


async def test_a_copy_that_the_relay_saw_refused_closes_nothing(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker died before the run heard of the copy; when it is asked for again it has been refused."""
    tries = count()

    async def refuse_it(row: Action) -> None:
        if next(tries) == 0:
            async with cities[0].tools.db.write() as session:
                await settle_action(session, row.id, ActionState.REFUSED, cities[0].world.now(), "NotTheHolder")
            raise RuntimeError("the worker died")

    cities: list[City] = []
    _relay_is_faster(monkeypatch, refuse_it)
    async with city_at(FRIDAY) as city:
        cities.append(city)
        reference = await city.submit()
        await _raw_signal(city, reference, "reply", _json(GOOD))
        await city.advance(minutes=1)
        assert ["was refused" in said for said in await _refusals(city, reference)] == [True]
        assert (await city.request(reference)).stage is Stage.AWAITING_REPLY


async def test_switched_off_a_plain_reply_is_refused(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, plain_signals_accepted=False) as city:
        reference = await city.submit()
        await _raw_signal(city, reference, "reply", _json(GOOD))
        [said] = await _refusals(city, reference)
        assert "switched off" in said
        assert await city.rows(Action, reference) == []


async def _said_of(city: City, reference: str, subject: str) -> str | None:
    async with city.tools.db.read() as session:
        return await read_text(session, await data_key(session, city.tools.ring, reference), reference, subject)


@WITH_AND_WITHOUT_CACHE
async def test_escalate_lifts_one_rung_now_and_dates_stay(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference, undisturbed = await city.submit(), await city.submit()
        await city.advance(hours=1)
        for reason in ("当事人第三次来电", "当事人第三次来电", "当事人第四次来电"):
            await _raw_signal(city, reference, "escalate", _json({"by": "operator-1", "reason": reason}))
        assert ["asked for before" in said for said in await _refusals(city, reference)] == [True]
        lifted = [(rung.rung, rung.escalated_by) for rung in await city.rungs(reference)]
        assert lifted == [(1, "operator-1"), (2, "operator-1")]
        assert await _said_of(city, reference, "rung-1-1") == LIFT["reason"]
        # The bell rings at once: it is a quarter past eleven on a Friday.
        assert [line["template"] for line in city.sent()].count("supervision") == 2
        await city.advance_to("2026-10-02 12:00")
        climbed, unlifted = await city.rungs(reference), await city.rungs(undisturbed)
        assert [rung.due_at for rung in climbed] == [rung.due_at for rung in unlifted]
        assert [rung.escalated_by for rung in climbed] == [None, "operator-1", "operator-1", None, None]
        await _raw_signal(city, reference, "escalate", _json({"by": "operator-1", "reason": "仍无答复"}))
        assert "nobody above" in (await _refusals(city, reference))[-1]
        assert len(await city.rungs(reference)) == 5
        await city.replay(reference)


async def test_an_escalation_never_lowers_the_supervision(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await _raw_signal(city, reference, "escalate", _json(LIFT))
        await city.advance(minutes=1)
        request = await city.request(reference)
        assert (request.rung, request.supervisor) == (1, "0104-l02")
        due = request.next_due_at
        await city.advance_to("2026-09-22 00:11")
        request = await city.request(reference)
        # The warning came after: its date had stayed the next one, and it hands nothing back to the liaison officer.
        assert due == (await city.rungs(reference))[0].due_at
        assert (request.rung, request.supervisor) == (1, "0104-l02")


@pytest.mark.parametrize("name", ["reply", "repyl", "escalate"])
async def test_a_signal_before_the_request_is_opened_waits_for_it(city_at: OpenCity, name: str) -> None:
    async with city_at(FRIDAY) as city:
        async with city.temporal_away():
            reference = await city.submit()
        [plan] = await city.rows(Plan, reference)
        body = LIFT if name == "escalate" else GOOD
        async with city.book_locked():
            # While the book is locked the run cannot open its request.
            assert await start_request(city.platform, await city.request(reference), plan)
            await _raw_signal(city, reference, name, _json(body))
            assert not (await city.handle(reference).query("state"))["opened"]
        await city.advance(minutes=1)
        if name == "reply":
            assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        elif name == "escalate":
            assert [rung.rung for rung in await city.rungs(reference)] == [1]
        else:
            assert len(await _refusals(city, reference)) == 1
        await city.replay(reference)
