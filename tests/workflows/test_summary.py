"""The summary procedure: answered at once by machine or clerk, or ordinary at the day's end (art. 4; L25, L26)."""

from typing import Any

import pytest

from activities.answering import Answering
from liaison.db.inbox import action_texts
from liaison.db.tables import Action, Request, WorkOrder
from liaison.db.texts import Party
from liaison.policy.words import (
    ActionKind,
    ActionState,
    AsksFor,
    Category,
    EventKind,
    Language,
    Outcome,
    Procedure,
    Stage,
)
from tests.calendars.invented import invented_2027
from tests.city import QUESTION, City, shanghai
from tests.rules import approve, notices_until
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

FRIDAY = "2026-09-18 10:00"
INQUIRY: dict[str, Any] = {"category": Category.CASE_INQUIRY, "judge": None, "case_number": "（2026）粤0104民初1234号"}
CONSULTATION: dict[str, Any] = {"category": Category.CONSULTATION, "judge": None}
CLERKS_ANSWER = "请携带身份证原件到立案大厅三号窗口办理。"


async def _clerk(city: City, reference: str, kind: ActionKind, **given: Any) -> ActionState:
    answer = await city.act(city.credentials.clerk_key, reference, kind, **given)
    return ActionState(answer.body["state"])


async def _said(city: City, reference: str) -> list[dict[str, Any]]:
    actions = await city.rows(Action, reference)
    async with city.tools.db.read() as session:
        texts = await action_texts(session, city.tools.ring, reference, [action.id for action in actions])
    return [texts[action.id] for action in actions if action.id in texts]


async def test_operators_see_how_sure_the_limit_is_and_how_it_was_counted(city_at: OpenCity) -> None:
    """Received on a Saturday that nobody has announced; the notice has the Sunday worked."""
    async with city_at("2027-01-30 10:00", replan_per_second=1_000) as city:
        number = len(notices_until("2027-01-01"))
        reference = await city.submit(**CONSULTATION)
        await city.advance(minutes=1)
        details = await city.details(reference)
        assert "not answered by the end of 2027-02-01 (provisional 暂定), the request becomes ordinary" in details
        assert (
            "Counted from the day of receipt on 自收到之日起算: 1st business day: 2027-02-01; "
            "provisional, between 2027-01-30 and 2027-02-01" in details
        )
        await approve(city, number + 1, [*notices_until("2027-01-01"), invented_2027()])
        await city.advance(minutes=2)
        details = await city.details(reference)
        assert "not answered by the end of 2027-01-31, the request becomes ordinary" in details
        assert "make-up 2027-01-31 counts" in details and "暂定" not in details
        await city.advance_to("2027-02-01 00:11")
        assert "Counted 计算: 2nd business day: 2027-02-01" in await city.details(reference)
        await city.replay(reference)


@pytest.mark.parametrize(
    ("who", "to"),
    [
        ({"party_name": "罗湛棠", "phone": "13900005001"}, "+8613900005001"),
        ({"party_name": " 罗湛棠 ", "phone": "139 0000 5001", "language": Language.EN}, "+8613900005001"),
        ({"query_code": "fhveyykt"}, "+8613900005002"),
    ],
    ids=["name and phone", "written otherwise, in English", "query code of the other party"],
)
async def test_a_proven_party_is_answered_by_machine_on_the_registered_number(
    city_at: OpenCity, who: dict[str, Any], to: str
) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(**INQUIRY, **who)
        assert (await city.handle(reference).result()).outcome is Outcome.ANSWERED
        words = "a hearing is scheduled" if who.get("language") else "已排期开庭"
        [sent] = city.sent()
        assert sent["to"] == to
        assert words in sent["text"]
        assert await city.rows(WorkOrder, reference) == []
        kinds = [EventKind.REGISTERED, EventKind.STARTED, EventKind.MACHINE_ANSWERED, EventKind.CLOSED]
        assert [kind for kind in await city.kinds(reference) if kind is not EventKind.MESSAGE_SENT] == kinds


async def test_a_stranger_cannot_tell_whether_a_case_exists(city_at: OpenCity) -> None:
    """A stranger, a wrong query code, somebody with half the proof, and no such case: the same to see and to hear."""
    async with city_at(FRIDAY) as city:
        strangers = [
            await city.accept(**INQUIRY),
            await city.accept(**INQUIRY, query_code="AAAABBBB", phone="13912340001"),
            await city.accept(**INQUIRY, party_name="罗湛棠", phone="13912340002"),
            await city.accept(**{**INQUIRY, "case_number": "（2026）粤0104民初9999号"}, phone="13912340003"),
        ]
        await city.advance(minutes=5)
        bodies = [{k: v for k, v in answer.body.items() if k not in ("reference",)} for answer in strangers]
        for body in bodies:
            body.pop("received_at")
        assert all(body == bodies[0] for body in bodies)
        assert city.sent() == []
        shown = []
        for answer in strangers:
            reference = answer.body["reference"]
            assert (await city.request(reference)).stage is Stage.ANSWERING
            assert await city.rows(Action, reference) == []
            history = await city.handle(reference).fetch_history()
            shown.append((await city.kinds(reference), await city.details(reference), len(history.events)))
        assert all(seen == shown[0] for seen in shown)


@WITH_AND_WITHOUT_CACHE
async def test_after_an_outage_over_the_limit_no_machine_answers(city_at: OpenCity, cached: int) -> None:
    """By the day's end the request has become ordinary, whenever Temporal hears of it."""
    async with city_at(FRIDAY, cached=cached) as city:
        async with city.temporal_away():
            reference = await city.submit(category=Category.OPINION, judge=None)
        await city.advance_to("2026-09-21 09:00")
        await city.relay()
        await city.advance(minutes=1)
        request = await city.request(reference)
        assert (request.procedure, request.stage) == (Procedure.ORDINARY, Stage.AWAITING_REPLY)
        assert await city.rows(Action, reference) == []
        assert len(await city.rows(WorkOrder, reference)) == 1
        await city.replay(reference)


async def test_a_machine_that_was_held_up_over_the_limit_is_too_late(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_of, asked = Answering._answer, list[str]()

    async def answer_tomorrow(machine: Answering, request: Request, party: Party) -> dict[str, str] | None:
        asked.append(request.reference)
        if city.world.now() < shanghai("2026-09-19 00:20"):
            raise OSError("the disk does not answer")
        return await answer_of(machine, request, party)

    monkeypatch.setattr(Answering, "_answer", answer_tomorrow)
    async with city_at("2026-09-18 23:55") as city:
        reference = await city.submit(**INQUIRY, party_name="罗湛棠", phone="13900005001")
        await city.advance_to("2026-09-19 00:30")
        assert len(asked) > 1
        assert (await city.request(reference)).stage is Stage.AWAITING_REPLY
        await city.advance(minutes=1)
        await city.relay()
        [answer] = await city.rows(Action, reference)
        assert (answer.by, answer.state) == ("machine", ActionState.REFUSED)
        await city.replay(reference)


async def test_an_opinion_gets_a_receipt(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(category=Category.OPINION, judge=None)
        assert (await city.handle(reference).result()).outcome is Outcome.ANSWERED
        [sent] = city.sent()
        assert (sent["to"], "已收到" in sent["text"]) == ("+8613912345678", True)


@WITH_AND_WITHOUT_CACHE
async def test_a_clerk_answers(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await city.submit(**CONSULTATION)
        await city.advance(hours=1)
        assert await _clerk(city, reference, ActionKind.ANSWER, text={"text": CLERKS_ANSWER}) == ActionState.ACCEPTED
        assert (await city.handle(reference).result()).outcome is Outcome.ANSWERED
        registered, sent = city.sent()
        assert registered["template"] == "registered" and CLERKS_ANSWER in sent["text"]
        await city.replay(reference)


async def test_an_answer_on_the_spot_at_intake_closes_by_itself(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(**CONSULTATION, answer=CLERKS_ANSWER)
        assert (await city.handle(reference).result()).outcome is Outcome.ANSWERED
        [action] = await city.rows(Action, reference)
        assert action.state is ActionState.ACCEPTED
        assert (await _said(city, reference))[0]["text"] == CLERKS_ANSWER
        assert CLERKS_ANSWER in city.sent()[0]["text"]


@WITH_AND_WITHOUT_CACHE
async def test_not_answered_by_the_days_end_it_becomes_ordinary_on_the_same_clock(
    city_at: OpenCity, cached: int
) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        answer = await city.accept(**CONSULTATION)
        reference, promised = answer.body["reference"], answer.body["deadlines"]
        await city.advance_to("2026-09-18 23:59")
        assert (await city.request(reference)).stage is Stage.ANSWERING
        await city.advance_to("2026-09-19 00:11")
        request = await city.request(reference)
        assert (request.procedure, request.stage) == (Procedure.ORDINARY, Stage.AWAITING_REPLY)
        assert request.holder_id == "0104-d-service"
        await city.advance_to("2026-10-02 12:00")
        due = [rung.due_at for rung in await city.rungs(reference)]
        assert [at.isoformat() for at in due] == [
            shanghai(line["due_at"][:19]).astimezone(due[0].tzinfo).isoformat() for line in promised
        ]
        assert (await city.kinds(reference)).count(EventKind.PROCEDURE_CHANGED) == 1
        await city.replay(reference)


async def test_received_on_a_holiday_the_first_business_day_after_it_counts(city_at: OpenCity) -> None:
    async with city_at("2026-10-03 12:00") as city:
        reference = await city.submit(**CONSULTATION)
        # The 8th is the first day after National Day.
        assert (await city.request(reference)).next_due_at == shanghai("2026-10-09 00:00")
        await city.advance_to("2026-10-08 23:59")
        assert (await city.request(reference)).procedure is Procedure.SUMMARY
        await city.advance_to("2026-10-09 00:11")
        assert (await city.request(reference)).procedure is Procedure.ORDINARY


async def test_a_clerk_changes_the_procedure_both_ways(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(**INQUIRY)
        await city.advance(minutes=30)
        ordinary = {"detail": "ordinary", "text": {"reason": "涉及案件实体问题"}}
        assert await _clerk(city, reference, ActionKind.PROCEDURE_CHANGE, **ordinary) == ActionState.ACCEPTED
        await city.advance(minutes=30)
        request = await city.request(reference)
        assert (request.holder_id, request.procedure) == ("0104-j01", Procedure.ORDINARY)
        assert request.next_due_at == shanghai("2026-09-22 00:00")
        summary = {"detail": "summary", "text": {"reason": "当事人只问开庭时间"}}
        assert await _clerk(city, reference, ActionKind.PROCEDURE_CHANGE, **summary) == ActionState.ACCEPTED
        await city.advance(minutes=30)
        request = await city.request(reference)
        assert (request.holder_id, request.procedure, request.stage) == (None, Procedure.SUMMARY, Stage.ANSWERING)
        assert request.next_due_at == shanghai("2026-09-19 00:00")
        [order] = await city.rows(WorkOrder, reference)
        assert order.ended_at is not None
        await city.advance_to("2026-09-19 00:11")
        first, second = await city.rows(WorkOrder, reference)
        assert (first.ended_at, second.ended_at) == (order.ended_at, None)
        assert (await city.request(reference)).holder_id == "0104-j01"
        await city.replay(reference)


async def test_a_clerks_answer_in_time_counts_though_delivered_after_the_limit(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(**CONSULTATION)
        await city.advance_to("2026-09-18 23:58")
        async with city.temporal_away():
            assert await _clerk(city, reference, ActionKind.ANSWER, text={"text": CLERKS_ANSWER}) == "pending"
        await city.advance_to("2026-09-19 00:15")
        assert (await city.request(reference)).procedure is Procedure.ORDINARY
        await city.relay()
        assert (await city.handle(reference).result()).outcome is Outcome.ANSWERED
        assert all(order.ended_at is not None for order in await city.rows(WorkOrder, reference))


async def test_what_is_asked_of_a_judge_is_ordinary_from_the_start(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(
            **{**INQUIRY, "asks_for": AsksFor.JUDGE}, party_name="罗湛棠", phone="13900005001"
        )
        await city.advance(minutes=1)
        request = await city.request(reference)
        # The machine could have answered this party; a judge was asked for.
        assert (request.procedure, request.holder_id) == (Procedure.ORDINARY, "0104-j01")


async def test_the_same_matter_again_is_attached_and_ends_with_the_first(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        again = {**INQUIRY, "asks_for": AsksFor.JUDGE}
        first = await city.accept(**again)
        second = await city.accept(**again, content=QUESTION + "请尽快回复。")
        main, attached = first.body["reference"], second.body["reference"]
        assert (second.status, second.body["attached_to"]) == (201, main)
        await city.advance(hours=1)
        await city.reply(attached)
        await city.handle(main).result()
        for reference in (main, attached):
            request = await city.request(reference)
            assert (request.stage, request.outcome) == (Stage.CLOSED, Outcome.REPLIED)
        third = await city.accept(**again)
        assert "attached_to" not in third.body


@pytest.mark.parametrize(("named", "goes_to"), [(None, "0104-d-service"), ("0104-d-civil2", "0104-d-civil2")])
async def test_a_new_work_order_goes_where_the_party_asked_not_to_the_last_holders_department(
    city_at: OpenCity, named: str | None, goes_to: str
) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(judge=None, department=named)
        await city.advance(minutes=1)
        elsewhere = {"target": {"judge": "0104-j06"}, "text": {"reason": "应由刑事审判庭答复"}}
        assert await _clerk(city, reference, ActionKind.TRANSFER, **elsewhere) is ActionState.ACCEPTED
        await city.advance(minutes=1)
        await city.act(city.key_of("0104-j06"), reference, ActionKind.SIGN_IN)
        for procedure in (Procedure.SUMMARY, Procedure.ORDINARY):
            await city.advance(minutes=1)
            change = {"detail": procedure, "text": {"reason": "重新确定程序"}}
            assert await _clerk(city, reference, ActionKind.PROCEDURE_CHANGE, **change) is ActionState.ACCEPTED
        await city.advance(minutes=1)
        assert (await city.request(reference)).holder_id == goes_to
