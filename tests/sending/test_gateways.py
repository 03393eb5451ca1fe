"""Several gateways, and what one number may get in a day (issue lines M03, M20)."""

from datetime import datetime, timedelta

from liaison.contract.sending import Gathered
from liaison.policy.message_words import MessageClass, MessageState
from tests.sending.mailing import Mailing
from tests.services.office import LEADER, Office
from tests.workflows.gateways import Moody, be_away, deliver

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
