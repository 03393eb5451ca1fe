"""Messages: windows, one a reason and person, never lost and never doubled (design 3.7, section 4; issue line L42)."""

from collections import Counter
from dataclasses import replace

import pytest

from activities.messaging import Messaging
from activities.sms import Sender
from liaison.contract.names import mailbox_workflow_id
from liaison.db.messages import gateway_key
from liaison.db.tables import Message
from liaison.gateways.sms.port import ShortMessage
from liaison.policy.message_words import MessageState
from liaison.policy.words import ActionKind, EventKind, Language, Outcome, Stage
from tests.city import REPLY, City, shanghai
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity
from tests.workflows.gateways import Moody, be_away, break_down, deliver, refuse

FRIDAY = "2026-09-18 10:00"


WARNINGS = ("warning", "warning_to_leader")


async def _of(city: City, reference: str, *templates: str) -> list[Message]:
    return [message for message in await city.messages(reference) if message.template in templates]


@WITH_AND_WITHOUT_CACHE
async def test_a_rung_at_midnight_rings_at_half_past_eight(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-25 08:29")
        # Friday 25 September to Sunday are Mid-Autumn: rung 2 is recorded at once, its bell waits for Monday.
        assert len(await city.rungs(reference)) == 3
        [_, second] = await _of(city, reference, "supervision")
        assert (second.state, second.send_after) == (MessageState.RESERVED, shanghai("2026-09-28 08:30"))
        assert second.handed_on
        await city.advance_to("2026-09-28 08:29")
        assert (await _of(city, reference, "supervision"))[1].state is MessageState.RESERVED
        await city.advance_to("2026-09-28 08:32")
        first, second = await _of(city, reference, "supervision")
        assert {first.state, second.state} == {MessageState.DELIVERED}
        texts = [line["text"] for line in city.sent() if line["template"] == "supervision"]
        assert "1件" in texts[0]
        assert REPLY not in "".join(texts)
        mailbox = mailbox_workflow_id(second.recipient)
        history = await city.client.get_workflow_handle(mailbox).fetch_history()
        assert len(history.events) > 3


async def test_the_party_hears_by_day_only(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        by_day, at_night = await city.submit(), await city.submit(judge="0104-j04")
        await city.advance_to("2026-09-19 20:50")
        # A Saturday is no hindrance.
        await city.reply(by_day)
        assert (await city.handle(by_day).result()).outcome is Outcome.REPLIED
        assert [m.state for m in await _of(city, by_day, "answer")] == [MessageState.DELIVERED]
        await city.advance_to("2026-09-19 22:00")
        await city.reply(at_night, judge="0104-j04")
        # Closed at once, at any hour; the answer waits for the morning.
        assert (await city.handle(at_night).result()).outcome is Outcome.REPLIED
        await city.advance_to("2026-09-20 07:59")
        assert [m.state for m in await _of(city, at_night, "answer")] == [MessageState.RESERVED]
        await city.advance_to("2026-09-20 08:01")
        assert [m.state for m in await _of(city, at_night, "answer")] == [MessageState.DELIVERED]


async def test_a_late_reply_before_the_bell_turns_it_into_a_line(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        replied, withdrawn = await city.submit(), await city.submit()
        await city.advance_to("2026-09-23 07:00")
        await city.reply(replied)
        await city.act(city.credentials.channel_key, withdrawn, ActionKind.WITHDRAWAL)
        await city.advance_to("2026-09-23 09:00")
        for reference, line in ((replied, "answered_late"), (withdrawn, "withdrawn")):
            [bell] = await _of(city, reference, "supervision")
            assert (bell.recipient, bell.state) == ("0104-l02", MessageState.SUPERSEDED)
            [instead] = await _of(city, reference, line)
            assert (instead.recipient, instead.state) == ("0104-l02", MessageState.GATHERED)
            assert instead.send_after == shanghai("2026-09-23 08:30")
        # The leader was warned of both on the morning before.
        warned, told = [line["text"] for line in city.sent() if line["template"].startswith(("digest", "supervision"))]
        assert "您有2件诉求待督办" in warned
        assert "1件诉求已逾期答复" in told and "1件已由当事人撤回" in told


async def test_the_holder_who_replied_late_is_told_nothing_but_the_others_are(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-22 07:00")
        await city.reply(reference)
        await city.advance_to("2026-09-22 09:00")
        assert {m.state for m in await _of(city, reference, *WARNINGS)} == {MessageState.SUPERSEDED}
        told = sorted(m.recipient for m in await _of(city, reference, "answered_late"))
        assert told == ["0104-l01", "desk:0104-d-civil1"]


async def test_activity_retries_make_one_message_a_reason_and_person(city_at: OpenCity) -> None:
    """The gateway is away and every activity that met it has already committed: nothing is sent or recorded twice."""
    async with city_at(FRIDAY, gateways=((gateway := Moody(be_away)),)) as city:
        reference = await city.submit()
        await city.advance(minutes=3)
        assert gateway.asked > 3
        assert (await city.request(reference)).holder_id == "0104-j01"
        gateway.mood = lambda message: None
        await city.advance(minutes=10)
        [order], [received] = await _of(city, reference, "work_order"), await _of(city, reference, "received")
        assert (order.state, order.gateway) == (MessageState.SUBMITTED, "moody")
        assert order.attempts + received.attempts == gateway.asked
        assert {message.id for message in gateway.taken} == {order.id, received.id}
        assert len(gateway.taken) == 2
        assert (await city.kinds(reference)).count(EventKind.MESSAGE_SENT) == 2


async def test_a_gateway_that_is_away_delays_no_rung(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-21 23:50")
        gateway.mood = be_away
        await city.advance_to("2026-09-22 08:40")
        [warning] = await city.rungs(reference)
        assert warning.recorded_at < shanghai("2026-09-22 00:11")
        assert {m.state for m in await _of(city, reference, *WARNINGS)} == {MessageState.RESERVED}
        assert EventKind.MESSAGE_FAILED not in await city.kinds(reference)


@pytest.mark.timeout(90)
async def test_a_gateway_that_says_nothing_delays_no_rung(city_at: OpenCity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rungs of a night whose warnings the dead provider swallowed in the morning before."""
    monkeypatch.setattr("activities.sms.GATEWAY_SECONDS", 0.2)
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        references = [await city.submit() for _ in range(4)]
        await city.advance_to("2026-09-22 08:00")
        gateway.silent = True
        await city.advance_to("2026-09-23 08:00")
        for reference in references:
            rungs = await city.rungs(reference)
            assert [record.rung for record in rungs] == [0, 1]
            assert rungs[1].recorded_at < shanghai("2026-09-23 00:11")
            assert {m.state for m in await _of(city, reference, "warning")} == {MessageState.AMBIGUOUS}


async def test_an_adapter_that_breaks_holds_up_nothing(city_at: OpenCity) -> None:
    """An exception no adapter may raise: the work order is out, and its message is sent when the adapter is mended."""
    async with city_at(FRIDAY, gateways=((gateway := Moody(break_down)),)) as city:
        reference = await city.submit()
        await city.advance(seconds=20)
        assert (await city.request(reference)).stage is Stage.AWAITING_REPLY
        gateway.mood = deliver
        await city.advance(minutes=10)
        [order] = await _of(city, reference, "work_order")
        assert order.state is MessageState.SUBMITTED


async def test_a_refused_message_fails_once_and_says_so(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody(refuse)),)) as city:
        reference = await city.submit()
        await city.advance(hours=1)
        [order] = await _of(city, reference, "work_order")
        assert (order.state, gateway.asked) == (MessageState.FAILED, 2)
        assert "no such subscriber" in str(order.failure)
        assert (await city.kinds(reference)).count(EventKind.MESSAGE_FAILED) == 2


@pytest.mark.timeout(60)
async def test_a_silent_gateway_leaves_the_fate_open_and_blocks_nothing(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.sms.GATEWAY_SECONDS", 0.2)
    async with city_at(FRIDAY, gateways=((gateway := Moody(silent=True)),)) as city:
        reference = await city.submit()
        await city.advance(minutes=5)
        [order] = await _of(city, reference, "work_order")
        # Nobody knows whether it was taken: sending again could be twice.
        assert (order.state, gateway.asked) == (MessageState.AMBIGUOUS, 2)
        assert (await city.reply(reference)).status == 201
        await city.handle(reference).result()


@pytest.mark.parametrize("died", ["before the line", "after the line", "and nobody can say"])
async def test_a_sender_that_died_half_way_is_followed_up(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch, died: str
) -> None:
    """Between taking a message and settling it: the outbox's own log decides whether it is sent again."""
    monkeypatch.setattr("activities.sms.GATEWAY_SECONDS", 0.2)
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-18 22:00")
        await city.reply(reference)
        await city.handle(reference).result()
        [answer] = await _of(city, reference, "answer")
        await city.advance_to("2026-09-19 07:59")
        async with city.tools.db.write() as session:
            (await session.get_one(Message, answer.id)).state = MessageState.SUBMITTING
        before = len(gateway.taken)
        if died == "after the line":
            key, number = gateway_key(answer), "+8613912345678"
            gateway.taken.append(ShortMessage(answer.id, key, number, "answer", Language.ZH_CN, {}, REPLY))
        gateway.silent = died == "and nobody can say"
        await city.advance_to("2026-09-19 08:01")
        [answer] = await _of(city, reference, "answer")
        ambiguous = died == "and nobody can say"
        assert answer.state is (MessageState.AMBIGUOUS if ambiguous else MessageState.SUBMITTED)
        assert len(gateway.taken) - before == (0 if ambiguous else 1)
        assert Counter(message.id for message in gateway.taken)[answer.id] <= 1


async def test_two_senders_at_once_send_once(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        async with city.tools.db.write() as session:
            request = await city.request(reference)
            await Messaging(city.tools).reserve(session, request, "test", "0104-j02", "urge", {})
        [message] = await _of(city, reference, "urge")
        sender = Sender(replace(city.tools, gateways=(gateway,)))
        first, again = await sender.send(message.id), await sender.send(message.id)
        assert (first.state, again.state) == (MessageState.SUBMITTED, MessageState.SUBMITTED)
        assert [taken.id for taken in gateway.taken].count(message.id) == 1
