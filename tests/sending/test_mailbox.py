"""Leaders hear of many requests in one message, in their hours (issue lines M20, M42; ADR 0013)."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from activities.messaging import Messaging
from activities.supervision import Supervision
from liaison.contract.messages import RungDue
from liaison.contract.names import mailbox_workflow_id
from liaison.contract.starting import ring_mailbox
from liaison.db.tables import DataKey as DataKeyRow
from liaison.db.tables import Message
from liaison.policy.message_words import MessageState
from tests.city import City, shanghai
from tests.rules import put_policy
from tests.services.rules import policy_document
from tests.workflows.conftest import OpenCity
from tests.workflows.gateways import Moody, be_away, deliver

FRIDAY = "2026-09-18 10:00"
PRESIDENT, LEADER, OFFICER = "0104-p01", "0104-l02", "0104-l01"
RUNGS = 200
DIGESTS = ("supervision", "digest", "digest_settled")


async def bells(city: City, leader: str) -> list[Message]:
    async with city.tools.db.read() as session:
        found = await session.exec(select(Message).where(Message.recipient == leader).order_by(col(Message.id)))
        return list(found.all())


async def test_two_hundred_rungs_at_one_instant_make_one_message_for_one_president(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        async with city.temporal_away():
            # No workflow is started: the rungs are fired here, all of them before the window opens.
            references = [await city.submit() for _ in range(RUNGS)]
        await city.advance_to("2026-09-30 00:05")
        supervision = Supervision(city.tools, Messaging(city.tools))
        # The oldest is late since its warning on Monday the 21st: six business days without Mid-Autumn.
        await supervision.record_rung(RungDue(references[0], stream=1, seq=8, rung=0))
        for reference in references:
            await supervision.record_rung(RungDue(reference, stream=1, seq=9, rung=3))
        rows = await bells(city, PRESIDENT)
        assert [row.send_after for row in rows] == [shanghai("2026-09-30 08:30")] * RUNGS
        await city.advance_to("2026-09-30 08:32")
        [told] = [message for message in gateway.taken if message.template in DIGESTS]
        assert told.text == f"【广州法院】您有{RUNGS}件诉求待督办，最早一件已逾期6个工作日，请登录平台查看。"
        rows = await bells(city, PRESIDENT)
        [digest] = [row for row in rows if row.template == "digest"]
        gathered = [row for row in rows if row.state is MessageState.GATHERED]
        assert (digest.state, digest.id) == (MessageState.SUBMITTED, told.id)
        assert {row.reference for row in gathered} == set(references) and len(gathered) == RUNGS
        assert {row.gathered_into for row in gathered} == {digest.id}
        handle = city.client.get_workflow_handle(mailbox_workflow_id(PRESIDENT))
        assert (await handle.describe()).close_time is not None


async def heard(city: City, gateway: Moody, recipient: str) -> list[str]:
    """The texts of the rungs' messages that one person or desk got."""
    ids = {row.id for row in await bells(city, recipient)}
    kinds = (*DIGESTS, "warning")
    return [message.text for message in gateway.taken if message.id in ids and message.template in kinds]


@pytest.mark.parametrize("warned", [1, 5])
async def test_warnings_of_one_instant_are_one_message_to_a_leader_and_one_each_to_the_others(
    city_at: OpenCity, warned: int
) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        references = sorted([await city.submit() for _ in range(warned)])
        await city.advance_to("2026-09-22 08:35")
        one_each = [
            f"【广州法院】预警：诉求{reference}至2026-09-21尚未答复，已进入督办流程，请登录平台办理。"
            for reference in references
        ]
        for recipient in ("0104-j01", "desk:0104-d-civil1"):
            assert sorted(await heard(city, gateway, recipient)) == one_each
        of_many = f"【广州法院】您有{warned}件诉求待督办，最早一件已逾期1个工作日，请登录平台查看。"
        assert await heard(city, gateway, OFFICER) == ([of_many] if warned > 1 else one_each)


async def test_rungs_of_a_night_are_one_message_in_the_morning_and_the_answered_are_named(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        references = [await city.submit() for _ in range(5)]
        await city.advance_to("2026-09-23 07:00")
        await city.reply(references[0])
        await city.advance_to("2026-09-23 08:29")
        assert not [line for line in city.sent() if line["template"] == "digest"]
        await city.advance_to("2026-09-23 08:35")
        [told] = [line for line in city.sent() if line["template"] == "digest"]
        assert "4件诉求待督办，最早一件已逾期2个工作日；另有1件已逾期答复、0件已撤回" in told["text"]
        assert not [
            line
            for line in city.sent()
            if line["template"] in ("supervision", "answered_late")
            and line["to"] == told["to"]
            and line["at"] > "2026-09-23"
        ]


async def test_a_reply_after_gathering_and_before_the_digest_goes_is_counted_in_it(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        references = [await city.submit() for _ in range(2)]
        await city.advance_to("2026-09-23 08:00")
        gateway.mood = be_away
        await city.advance_to("2026-09-23 08:31")
        assert {row.state for row in await bells(city, LEADER) if row.template == "supervision"} == {
            MessageState.GATHERED
        }
        await city.reply(references[0])
        gateway.mood = deliver
        await city.advance(minutes=10)
        [told] = [message for message in gateway.taken if message.template == "digest"]
        assert "1件诉求待督办" in told.text and "1件已逾期答复" in told.text


async def test_one_digest_follows_another_no_sooner_than_the_policy_says(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        reference = await city.submit()
        for each in range(6):
            messaging, request = Messaging(city.tools), await city.request(reference)
            async with city.tools.db.write() as session:
                await messaging.reserve(session, request, f"bell-{each}", LEADER, "supervision", {"due_on": "x"})
            await messaging.hand_on(session, reference, f"bell-{each}")
            await city.advance(minutes=5)
        await city.advance(minutes=20)
        assert len([message for message in gateway.taken if message.template in DIGESTS]) == 3
        assert not [row for row in await bells(city, LEADER) if row.state is MessageState.RESERVED]


async def test_a_bell_nobody_took_charge_of_is_rung_by_the_relay(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-18 18:00")
        async with city.tools.db.write() as session:
            request = await city.request(reference)
            await Messaging(city.tools).reserve(session, request, "bell", LEADER, "supervision", {"due_on": "x"})
        await city.advance(minutes=1)
        await city.relay()
        [bell] = await bells(city, LEADER)
        assert bell.handed_on and bell.send_after == shanghai("2026-09-20 08:30")
        await city.advance_to("2026-09-20 08:35")
        [bell] = await bells(city, LEADER)
        assert bell.state is MessageState.DELIVERED


async def test_a_bell_that_cannot_be_read_does_not_silence_the_next(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        spoilt, whole = await city.submit(), await city.submit()
        await city.advance(minutes=1)
        messaging = Messaging(city.tools)
        async with city.tools.db.write() as session:
            await messaging.reserve(session, await city.request(spoilt), "bell", LEADER, "supervision", {})
            key = await session.get_one(DataKeyRow, spoilt)
            key.wrapped, sound = key.wrapped[:-9], key.wrapped
        await messaging.hand_on(session, spoilt, "bell")
        await city.advance(minutes=5)
        assert [row.state for row in await bells(city, LEADER)] == [MessageState.RESERVED]
        async with city.tools.db.write() as session:
            await messaging.reserve(session, await city.request(whole), "bell", LEADER, "supervision", {})
        await messaging.hand_on(session, whole, "bell")
        await city.advance(minutes=1)
        assert len([message for message in gateway.taken if message.template in DIGESTS]) == 1
        async with city.tools.db.write() as session:
            (await session.get_one(DataKeyRow, spoilt)).wrapped = sound
        await city.advance(minutes=20)
        assert not [row for row in await bells(city, LEADER) if row.state is MessageState.RESERVED]
        described = await city.client.get_workflow_handle(mailbox_workflow_id(LEADER)).describe()
        assert described.close_time is not None


async def test_whatever_is_sent_to_a_mailbox_only_makes_it_look(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        await city.submit()
        await ring_mailbox(city.client, LEADER, timedelta(seconds=30))
        await city.client.get_workflow_handle(mailbox_workflow_id(LEADER)).signal("no such signal", args=[7, {"a": 1}])
        await city.advance(minutes=2)
        described = await city.client.get_workflow_handle(mailbox_workflow_id(LEADER)).describe()
        assert described.close_time is not None


async def test_a_bell_that_is_gathered_no_more_finds_a_sender_of_its_own(city_at: OpenCity) -> None:
    """The policy changes in the night, while the mailbox sleeps over it."""
    async with city_at(FRIDAY, gateways=((gateway := Moody()),)) as city:
        await city.submit()
        await city.advance_to("2026-09-23 00:20")
        await city.hand_on()
        assert [bell.state for bell in await bells(city, LEADER)] == [MessageState.RESERVED]
        messages = policy_document()["messages"]
        fewer = {**messages["digest"], "gathers": ["answered_late", "withdrawn"]}
        await put_policy(city, messages={**messages, "digest": fewer})
        await city.advance_to("2026-09-23 08:40")
        assert [bell.state for bell in await bells(city, LEADER)] == [MessageState.SUBMITTED]
        assert [message.template for message in gateway.taken].count("supervision") == 1
