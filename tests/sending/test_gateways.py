"""Several gateways, and what one number may get in a day (issue lines M03, M20)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from activities.messaging import Messaging
from liaison.contract.sending import Gathered
from liaison.db.messages import messages_of
from liaison.gateways.sms.port import ShortMessage
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.sending_rules import KEPT_FROM_COURTESY
from tests.sending.mailing import Mailing
from tests.services.office import LEADER, Office
from tests.workflows.gateways import MUTE, Moody, be_away, be_busy, deliver, refuse, reset_before

MOST = 40


async def test_the_next_gateway_takes_over_when_the_first_has_been_away_for_long(office: Office) -> None:
    first, second = Moody(be_away), Moody(name="second")
    mailing, reference = Mailing(office, [first, second]), await office.submit()
    message, began = await mailing.reserve(reference), office.clock.now
    await mailing.send_until_settled(message)
    assert timedelta(minutes=5) <= office.clock.now - began < timedelta(minutes=10)
    assert [taken.id for taken in second.taken] == [message]
    # Who comes later does not wait for it at all; now and then somebody looks whether it is back.
    later = await mailing.reserve(reference)
    assert (await mailing.send(later)).state == MessageState.SUBMITTED and len(second.taken) == 2
    first.mood = deliver
    office.clock.now += timedelta(minutes=11)
    for _ in range(2):
        await mailing.send(await mailing.reserve(reference))
    assert (len(first.taken), len(second.taken)) == (2, 2)


@pytest.mark.parametrize("answer", [be_busy, refuse])
async def test_a_gateway_that_answers_at_all_is_back(office: Office, answer: Callable[[ShortMessage], None]) -> None:
    first, second = Moody(be_away), Moody(name="second")
    mailing, reference = Mailing(office, [first, second]), await office.submit()
    await mailing.send_until_settled(await mailing.reserve(reference))
    first.mood = answer
    office.clock.now += timedelta(minutes=11)
    await mailing.send(await mailing.reserve(reference))
    # Away again, it is waited for as long as one that was never away before.
    first.mood = be_away
    message = await mailing.reserve(reference)
    for _ in range(2):
        assert (await mailing.send(message)).state == MessageState.RESERVED
        office.clock.now += timedelta(minutes=1)
    assert len(second.taken) == 1


async def test_bells_that_a_full_day_keeps_waiting_stay_one_message(either_office: Office) -> None:
    office = either_office
    mailing, reference = Mailing(office, [gateway := Moody()]), await office.submit()
    for _ in range(MOST):
        await mailing.send(await mailing.reserve(reference, LEADER))
    for _ in range(4):
        bells = [await mailing.reserve(reference, LEADER, "supervision", MessageClass.STAFF) for _ in range(2)]
        for message in (await mailing.gather(LEADER)).message_ids:
            assert (await mailing.send(message)).wait_until
        office.clock.now += timedelta(minutes=20)
        assert {(await mailing.row(bell)).state for bell in bells} == {MessageState.GATHERED}
    office.clock.now += timedelta(days=3)
    [digest] = (await mailing.gather(LEADER)).message_ids
    assert (await mailing.send(digest)).state == MessageState.SUBMITTED
    assert len(gateway.taken) == MOST + 1
    assert await mailing.gather(LEADER) == Gathered()


async def test_a_number_gets_so_many_messages_in_a_day_and_the_next_one_waits_and_says_so(
    either_office: Office,
) -> None:
    office = either_office
    mailing, reference = Mailing(office, [gateway := Moody()]), await office.submit()
    began = office.clock.now
    for _ in range(MOST):
        assert (await mailing.send(await mailing.reserve(reference))).state == MessageState.SUBMITTED
        office.clock.now += timedelta(seconds=1)
    too_many = await mailing.reserve(reference)
    progress = await mailing.send(too_many)
    assert datetime.fromisoformat(progress.wait_until) >= began + timedelta(hours=24)
    row = await mailing.row(too_many)
    assert (row.state, row.send_after) == (MessageState.RESERVED, began + timedelta(hours=24))
    assert "had a day's messages" in str(row.failure)
    # Another number has its own forty.
    assert (await mailing.send(await mailing.reserve(reference, "0104-j01"))).state == MessageState.SUBMITTED
    await mailing.send_until_settled(too_many)
    assert (await mailing.row(too_many)).failure is None
    assert len(gateway.taken) == MOST + 2


async def test_the_last_place_of_a_day_is_given_once(postgres_office: Office) -> None:
    office = postgres_office
    mailing = Mailing(office, [gateway := Moody()])
    reference = await office.submit(phone="13912340040")
    for _ in range(MOST - 1):
        await mailing.send(await mailing.reserve(reference))
    last = [await mailing.reserve(reference) for _ in range(6)]
    sent = await asyncio.gather(*(mailing.send(each) for each in last))
    assert Counter(progress.state for progress in sent) == {MessageState.SUBMITTED: 1, MessageState.RESERVED: 5}
    assert len(gateway.taken) == MOST


async def test_two_messages_of_one_transaction_do_not_share_the_last_place(office: Office) -> None:
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    for _ in range(MOST - 1):
        await mailing.send(await mailing.reserve(reference))
    messaging, request = Messaging(mailing.tools), await office.request(reference)
    async with office.platform.db.write() as session:
        for cause in ("one", "another"):
            await messaging.tell_party(session, request, cause, "answer", {"text": "已答复。"})
    async with office.platform.db.read() as session:
        states = [(await messages_of(session, reference, cause))[0].state for cause in ("one", "another")]
    assert states == [MessageState.SUBMITTING, MessageState.RESERVED]


async def test_what_may_have_gone_twice_counts_twice(office: Office) -> None:
    mailing, reference = Mailing(office, [gateway := Moody(can=MUTE)]), await office.submit()
    began = office.clock.now
    for _ in range(MOST - 1):
        await mailing.send(await mailing.reserve(reference))
    gateway.mood = reset_before
    doubtful = await mailing.reserve(reference)
    await mailing.send(doubtful)
    gateway.mood = deliver
    office.clock.now += timedelta(minutes=31)
    # The first copy may have been the fortieth.
    progress = await mailing.send(doubtful)
    assert (progress.state, datetime.fromisoformat(progress.wait_until)) == (
        MessageState.AMBIGUOUS,
        began + timedelta(days=1),
    )
    office.clock.now = began + timedelta(days=1)
    assert (await mailing.send(doubtful)).state == MessageState.SUBMITTED
    for _ in range(MOST - 2):
        assert (await mailing.send(await mailing.reserve(reference))).state == MessageState.SUBMITTED
    assert (await mailing.send(await mailing.reserve(reference))).state == MessageState.RESERVED


async def test_courtesy_leaves_room_for_what_must_go(office: Office) -> None:
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    for _ in range(MOST - KEPT_FROM_COURTESY):
        assert (await mailing.send(await mailing.reserve(reference, template="closed"))).state == MessageState.SUBMITTED
    assert (await mailing.send(await mailing.reserve(reference, template="closed"))).state == MessageState.RESERVED
    for urgent in (MessageClass.EMERGENCY, MessageClass.CODE, MessageClass.PARTY):
        progress = await mailing.send(await mailing.reserve(reference, message_class=urgent))
        assert progress.state == MessageState.SUBMITTED
