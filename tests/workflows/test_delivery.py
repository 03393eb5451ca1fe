"""The watch over an answer, and the rung that waits until it is made to the party (issue line M12; art. 8)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.aftercare import DeliverySeen
from liaison.contract.names import delivery_workflow_id
from liaison.contract.starting import tell_delivery
from liaison.db.tables import AnswerDelivery, Message
from liaison.gateways.sms.port import Fate, Receipt, ShortMessage
from liaison.policy.delivery import CUT, LANDLINE, NOTHING_SAID
from liaison.policy.message_words import DeliveryMeans, DeliveryState, MessageState
from liaison.policy.words import ActionKind, Category, EventKind, Language, Outcome, ReplyKind
from liaison.services.access import scope_of
from liaison.services.deliveries import Made, record_delivery
from liaison.services.errors import Refused
from liaison.services.once import Call
from liaison.services.receipts import take_receipt
from liaison.services.supervision_views import supervisions_view
from tests.city import City, shanghai
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity
from tests.workflows.gateways import ASKABLE, MUTE, Moody, be_away, deliver, refuse, reset_after

FRIDAY = "2026-09-18 10:00"
LANDLINE_NUMBER = "020-83210001"
OTHER_DEPARTMENTS_JUDGE = "0104-j04"
LAST = 4
"""The rung of a primary court that looks at the delivery: it is due when 30 September ends."""


async def _delivery(city: City, reference: str) -> AnswerDelivery:
    [row] = await city.rows(AnswerDelivery, reference)
    return row


async def _is_watched(city: City, reference: str) -> bool:
    try:
        await city.client.get_workflow_handle(delivery_workflow_id(reference)).describe()
    except RPCError as error:
        assert error.status is RPCStatusCode.NOT_FOUND
        return False
    return True


async def _seen(city: City, reference: str) -> DeliverySeen:
    watch = city.client.get_workflow_handle(delivery_workflow_id(reference), result_type=DeliverySeen)
    return await watch.result()


async def _inbox(city: City, leader: str) -> list[str]:
    view = await supervisions_view(city.platform, await scope_of(city.platform, city.key_of(leader)))
    return [item["reference"] for item in view["items"]]


async def _told(city: City, reference: str, at: datetime) -> None:
    """A clerk calls the party and puts it on record."""
    scope = await scope_of(city.platform, city.credentials.clerk_key)
    said = {"number": "020-83210001", "gist": "已在电话中向当事人宣读答复全文。"}
    await record_delivery(
        city.platform, reference, Made(DeliveryMeans.CALL, at, said), Call(scope, f"told-{reference}-{at}", "same")
    )


async def _settle_by_receipt(city: City, reference: str, state: MessageState) -> None:
    """What a gateway's receipt does: the message is settled, and the watch is told."""
    async with city.tools.db.write() as session:
        [answer] = [m for m in await city.messages(reference) if m.template == "answer"]
        row = await session.get_one(Message, answer.id)
        row.state, row.settled_at = state, city.world.now()
    await tell_delivery(city.client, reference)


async def test_an_answer_that_arrives_at_once_needs_no_watch(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        row = await _delivery(city, reference)
        assert (row.state, row.means) == (DeliveryState.MADE, DeliveryMeans.MESSAGE)
        assert row.due_at == shanghai("2026-10-01 00:00")
        assert row.made_at is not None and row.made_at < shanghai("2026-09-18 10:05")
        assert not await _is_watched(city, reference)
        await city.advance_to("2026-10-09 09:00")
        assert await city.rungs(reference) == []


@WITH_AND_WITHOUT_CACHE
async def test_a_failed_answer_is_called_for_and_alone_fires_the_last_rung(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),), cached=cached) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.advance(minutes=1)
        row = await _delivery(city, reference)
        assert row.state is DeliveryState.TO_CALL and "could not be delivered" in str(row.to_call_reason)
        [item] = await city.calls()
        assert (item["reference"], item["party"]["phone"]) == (reference, "+8613912345678")
        await city.advance_to("2026-10-01 00:11")
        # The reply had closed the request in time, so no other rung fired and none will.
        [record] = await city.rungs(reference)
        assert (record.rung, record.recipient, record.due_at) == (LAST, "01-p01", shanghai("2026-10-01 00:00"))
        assert record.recorded_at >= record.due_at
        assert [event.stream for event in await city.events(reference) if event.kind is EventKind.RUNG_RECORDED] == [
            "messages"
        ]
        assert await _inbox(city, "01-p01") == [reference]
        [bell] = [m for m in await city.messages(reference) if m.template == "supervision"]
        # National Day holidays end on the 7th.
        assert (bell.state, bell.recipient, bell.send_after) == (
            MessageState.RESERVED,
            "01-p01",
            shanghai("2026-10-08 08:30"),
        )
        await _told(city, reference, city.world.now())
        seen = await _seen(city, reference)
        assert (seen.state, seen.look_at, seen.due_on) == (DeliveryState.MADE, "", "2026-09-30")
        assert (await city.calls(), await _inbox(city, "01-p01")) == ([], [])
        await city.advance_to("2026-10-08 08:31")
        told = [(m.template, m.state) for m in await city.messages(reference) if m.recipient == "01-p01"]
        # A reply before the bell changes it to a line, never to silence.
        assert sorted(told) == [("answered_late", MessageState.FAILED), ("supervision", MessageState.SUPERSEDED)]
        [record] = await city.rungs(reference)
        assert record.annulled_at is None


async def test_an_answer_given_on_the_last_evening_waits_for_the_morning_and_is_late(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-30 22:00")
        await city.reply(reference)
        await city.advance_to("2026-10-01 00:11")
        assert [record.rung for record in await city.rungs(reference)] == [0, 1, 2, 3, LAST]
        await city.advance_to("2026-10-01 08:12")
        seen = await _seen(city, reference)
        assert (seen.state, seen.told) == (
            DeliveryState.MADE,
            "president of the Intermediate Court 中级人民法院院长",
        )
        assert await _inbox(city, "01-p01") == []


async def test_silence_of_the_gateway_is_doubt_until_a_clerk_must_call(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(),)) as city:
        doubtful, arrived = await city.submit(), await city.submit(judge="0104-j04")
        await city.advance(minutes=1)
        await city.reply(doubtful)
        await city.reply(arrived, judge="0104-j04")
        await city.advance(hours=1)
        assert {(await _delivery(city, r)).state for r in (doubtful, arrived)} == {DeliveryState.UNDER_WAY}
        await _settle_by_receipt(city, arrived, MessageState.DELIVERED)
        seen = await _seen(city, arrived)
        assert seen.state == DeliveryState.MADE
        await city.advance(hours=24)
        row = await _delivery(city, doubtful)
        assert (row.state, row.to_call_reason) == (DeliveryState.TO_CALL, NOTHING_SAID)
        # A receipt that comes after all is believed.
        await _settle_by_receipt(city, doubtful, MessageState.DELIVERED)
        assert (await _seen(city, doubtful)).state == DeliveryState.MADE
        assert await city.calls() == []


async def test_a_call_in_time_that_is_recorded_later_takes_the_rung_back(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.advance_to("2026-10-01 00:11")
        assert [record.rung for record in await city.rungs(reference)] == [LAST]
        await _told(city, reference, shanghai("2026-09-30 17:00"))
        await _seen(city, reference)
        [record] = await city.rungs(reference)
        assert record.annulled_at is not None
        assert EventKind.RUNG_ANNULLED in await city.kinds(reference)
        assert (await city.request(reference)).rung is None
        [bell] = [m for m in await city.messages(reference) if m.recipient == "01-p01"]
        assert bell.state is MessageState.SUPERSEDED


async def test_an_intermediate_court_has_no_rung_for_it(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        reference = await city.submit(court="01", judge=None)
        await city.advance(minutes=1)
        member = await _somebody_who_may_reply(city, reference)
        await city.reply(reference, judge=member)
        await city.advance_to("2026-10-15 09:00")
        row = await _delivery(city, reference)
        assert (row.state, row.due_at) == (DeliveryState.TO_CALL, None)
        assert await city.rungs(reference) == []


async def _somebody_who_may_reply(city: City, reference: str) -> str:
    async with city.tools.db.read() as session:
        roster = await city.tools.rulebook.roster(session)
    holder = roster.holder((await city.request(reference)).holder_id or "")
    assert holder is not None
    keys = city.credentials.leader_keys | city.credentials.judge_keys
    return next(member for member in roster.members_of(holder) if member in keys)


async def test_a_landline_is_called_and_gets_no_message(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(phone=LANDLINE_NUMBER)
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.handle(reference).result()
        row = await _delivery(city, reference)
        assert (row.state, row.to_call_reason) == (DeliveryState.TO_CALL, LANDLINE)
        assert EventKind.ANSWER_TO_CALL in await city.kinds(reference)
        assert {line["template"] for line in city.sent()} == {"work_order"}
        # What was to be told of its way is the answer's affair from now on.
        [received] = [m for m in await city.messages(reference) if m.recipient == "party"]
        assert (received.template, received.state) == ("received", MessageState.SUPERSEDED)
        [item] = await city.calls()
        assert (item["reference"], item["answer"], item["news"]) == (reference, True, [])


async def test_news_for_a_landline_grows_into_one_call_that_tells_it_all(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit(phone=LANDLINE_NUMBER, language=Language.EN)
        await city.advance(minutes=1)
        [item] = await city.calls()
        [received] = item["news"]
        assert (item["reference"], item["answer"], item["party"]["phone"]) == (reference, False, "+862083210001")
        assert received["text"].startswith(f"[Guangzhou Courts] Your request {reference} was received on 2026-09-18")
        transfer = {"target": {"judge": OTHER_DEPARTMENTS_JUDGE}, "text": {"reason": "原承办法官外出"}}
        await city.act(city.key_of("0104-j01"), reference, ActionKind.TRANSFER, **transfer)
        await city.act(city.key_of(OTHER_DEPARTMENTS_JUDGE), reference, ActionKind.SIGN_IN)
        await city.advance(minutes=1)
        [item] = await city.calls()
        assert [news["template"] for news in item["news"]] == ["received", "passed_on"]
        said = json.dumps(item["news"])
        assert OTHER_DEPARTMENTS_JUDGE not in said and "张" not in said
        await _told(city, reference, city.world.now())
        assert await city.calls() == []
        news = [m for m in await city.messages(reference) if m.recipient == "party"]
        assert {(m.state, m.attempts) for m in news} == {(MessageState.DELIVERED, 0)}
        told = [event for event in await city.events(reference) if event.kind is EventKind.MESSAGE_DELIVERED]
        assert [event.detail["template"] for event in told] == ["received", "passed_on"]
        with pytest.raises(Refused):
            await _told(city, reference, city.world.now() - timedelta(seconds=1))
        call = {"number": "13912345678", "time": city.world.now().isoformat(), "gist": "已电话告知开庭时间地点。"}
        text = {"kind": ReplyKind.CALL.value, **call}
        await city.act(city.key_of(OTHER_DEPARTMENTS_JUDGE), reference, ActionKind.REPLY, text=text)
        await city.handle(reference).result()
        [item] = await city.calls()
        assert (item["answer"], [news["template"] for news in item["news"]]) == (False, ["closed"])
        await _told(city, reference, city.world.now())
        assert (await city.calls(), {line["template"] for line in city.sent()} & {"received", "closed"}) == ([], set())


async def test_what_is_no_answer_in_writing_is_not_watched(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        called, withdrawn = await city.submit(), await city.submit(judge="0104-j04")
        await city.advance(minutes=1)
        gist = {"number": "13912345678", "time": city.world.now().isoformat(), "gist": "已电话告知开庭时间地点。"}
        await city.act(city.key_of("0104-j01"), called, ActionKind.REPLY, text={"kind": ReplyKind.CALL.value, **gist})
        await city.act(city.credentials.channel_key, withdrawn, ActionKind.WITHDRAWAL)
        for reference in (called, withdrawn):
            await city.handle(reference).result()
            assert await city.rows(AnswerDelivery, reference) == []


async def test_no_signal_harms_the_watch(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        reference = await city.submit(category=Category.JUDGE_CONTACT)
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.advance(minutes=1)
        watch = city.client.get_workflow_handle(delivery_workflow_id(reference))
        for name, body in (
            ("message_settled", {"a": 1}),
            ("nonsense", 3),
            ("reply", "text"),
            ("message_settled", None),
        ):
            await watch.signal(name, body)
        await city.advance(minutes=1)
        assert (await _delivery(city, reference)).state is DeliveryState.TO_CALL
        assert EventKind.ANSWER_TO_CALL in await city.kinds(reference)
        assert (await city.kinds(reference)).count(EventKind.ANSWER_TO_CALL) == 1
        await _told(city, reference, city.world.now())
        assert (await _seen(city, reference)).state == DeliveryState.MADE


async def test_a_lost_watch_is_started_anew_by_the_relay(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.advance(minutes=1)
        watch = city.client.get_workflow_handle(delivery_workflow_id(reference))
        lost = (await watch.describe()).run_id
        await watch.terminate()
        await city.relay()
        assert (await watch.describe()).run_id == lost, "it was seen to a moment ago"
        await city.advance(hours=25)
        await city.relay()
        assert (await watch.describe()).run_id != lost
        await city.advance_to("2026-10-01 00:11")
        assert [record.rung for record in await city.rungs(reference)] == [LAST]


async def test_an_answer_that_a_gateway_cuts_is_called_for_however_it_arrives(city_at: OpenCity) -> None:
    """Aliyun takes 35 characters of each parameter."""
    gateway = Moody(can=replace(ASKABLE, parameter_limit=35))
    async with city_at(FRIDAY, gateways=(gateway,)) as city:
        short, long = await city.submit(), await city.submit(judge="0104-j02")
        await city.advance(minutes=1)
        await city.reply(short)
        await city.reply(
            long,
            "0104-j02",
            "您反映的问题已转合议庭研究，定于下周三上午九点在第五法庭开庭，请携带身份证件及委托手续准时到庭。",
        )
        await city.advance(minutes=1)
        for reference in (short, long):
            await _receipt(city, reference, shanghai("2026-09-18 10:03"))
        await city.advance(minutes=1)
        assert (await _delivery(city, short)).state is DeliveryState.MADE
        assert [(item["reference"], item["reason"]) for item in await city.calls()] == [(long, CUT)]
        await _told(city, long, city.world.now())
        assert await city.calls() == []


LONG = "您反映的问题已转合议庭研究，定于下周三上午九点在第五法庭开庭，请携带身份证件及委托手续准时到庭。"


@pytest.mark.parametrize("mood", [deliver, reset_after], ids=["given back", "in doubt"])
async def test_an_answer_that_the_second_gateway_cuts_is_called_for_too(
    city_at: OpenCity, mood: Callable[[ShortMessage], None]
) -> None:
    """The first one, which takes it whole, could not deliver it, or cannot say and is away when it goes once more."""
    first = Moody(mood, can=MUTE)
    second = Moody(name="second", can=replace(ASKABLE, parameter_limit=35))
    async with city_at(FRIDAY, gateways=(first, second)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference, text=LONG)
        await city.handle(reference).result()
        assert (await _delivery(city, reference)).state is DeliveryState.UNDER_WAY
        first.mood = be_away
        if mood is deliver:
            [answer] = [m for m in await city.messages(reference) if m.template == "answer"]
            failed = Receipt(answer.provider_id or "", Fate.FAILED, city.world.now(), "UNDELIV")
            assert await take_receipt(city.platform, "moody", failed)
        else:
            # Others find it away meanwhile, for long enough.
            await city.submit(judge="0104-j02")
            await city.advance(minutes=40)
        await city.advance(minutes=1)
        assert [taken.params["text"] for taken in second.taken if taken.template == "answer"] == [LONG]
        await _receipt(city, reference, city.world.now(), "second")
        await city.advance(minutes=1)
        assert [(item["reference"], item["reason"]) for item in await city.calls()] == [(reference, CUT)]
        assert (await city.kinds(reference)).count(EventKind.ANSWER_TO_CALL) == 1
        # Nobody has called: in the end the rung says so.
        await city.advance_to("2026-10-01 00:11")
        assert [record.rung for record in await city.rungs(reference)] == [LAST]


async def test_an_answer_that_waits_for_its_window_is_called_for_when_it_is_cut(city_at: OpenCity) -> None:
    gateway = Moody(can=replace(ASKABLE, parameter_limit=35))
    async with city_at(FRIDAY, gateways=(gateway,)) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-18 22:00")
        await city.reply(reference, text=LONG)
        await city.handle(reference).result()
        await city.advance_to("2026-09-19 08:05")
        assert [(item["reference"], item["reason"]) for item in await city.calls()] == [(reference, CUT)]


async def test_an_answer_is_made_when_it_arrived_however_late_its_receipt(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.advance_to("2026-10-01 00:15")
        [record] = await city.rungs(reference)
        assert (record.rung, record.annulled_at) == (LAST, None)
        await _receipt(city, reference, shanghai("2026-09-18 10:04"))
        await city.advance(minutes=2)
        row = await _delivery(city, reference)
        assert (row.state, row.made_at) == (DeliveryState.MADE, shanghai("2026-09-18 10:04"))
        [record] = [record for record in await city.rungs(reference) if record.rung == LAST]
        assert record.annulled_at is not None


async def _receipt(city: City, reference: str, at: datetime, gateway: str = "moody") -> None:
    """The gateway's word that the answer arrived then."""
    [answer] = [m for m in await city.messages(reference) if m.template == "answer"]
    receipt = Receipt(answer.provider_id or "", Fate.DELIVERED, at)
    assert await take_receipt(city.platform, gateway, receipt)
