"""What no gateway could bring a party, and it should have heard, a clerk tells it: once (issue line M10)."""

from datetime import timedelta

import pytest

from activities.purging import Purging
from liaison.db.figures import read_figures
from liaison.db.messages import PARTY
from liaison.gateways.sms.port import Fate, Receipt
from liaison.policy.delivery import UNDELIVERED
from liaison.policy.message_words import DeliveryMeans, MessageClass, MessageState
from liaison.policy.words import EventKind
from liaison.services.call_list import call_list_view
from liaison.services.deliveries import Made, record_delivery
from liaison.services.once import Call
from liaison.services.platform import Body
from liaison.services.receipts import take_receipt
from tests.keeping.tools import tools_of
from tests.sending.mailing import Mailing
from tests.services.office import HOLDER, Office, fresh_key
from tests.workflows.gateways import Moody, refuse

S = MessageState
DATES = {"received_on": "2026-09-18", "was": "2026-09-22", "due_on": "2026-09-23", "office": "立案庭"}
NEWS = ["received", "passed_on", "date_moved", "closed"]
YEAR = timedelta(days=366)


async def calls(office: Office, reference: str) -> list[Body]:
    """What clerks are to tell of one request."""
    listed = await call_list_view(office.platform, await office.clerk(), limit=200)
    return [item for item in listed["items"] if item["reference"] == reference]


async def lose(mailing: Mailing, message: str, fate: Fate = Fate.FAILED) -> None:
    """Have the gateway say what became of it."""
    row = await mailing.row(message)
    receipt = Receipt(row.provider_id or "", fate, mailing.office.clock.now, "UNDELIV")
    assert await take_receipt(mailing.office.platform, row.gateway or "", receipt)


async def lost(mailing: Mailing, reference: str, recipient: str, template: str, of: MessageClass) -> str:
    """A message that its gateway took and could not deliver."""
    message = await mailing.reserve(reference, recipient, template, of, timedelta(hours=72), **DATES)
    assert (await mailing.send(message)).state == S.SUBMITTED
    await lose(mailing, message)
    return message


@pytest.mark.parametrize("template", NEWS)
async def test_news_that_the_last_gateway_could_not_deliver_is_told_by_a_clerk(office: Office, template: str) -> None:
    mailing, reference = Mailing(office, [Moody(), second := Moody(name="second")]), await office.submit()
    message = await lost(mailing, reference, PARTY, template, MessageClass.PARTY)
    assert (await mailing.send(message)).state == S.SUBMITTED and await calls(office, reference) == []
    await lose(mailing, message)
    for _ in range(2):
        assert (await mailing.send(message)).state == S.TO_CALL
        await lose(mailing, message)
    [item] = await calls(office, reference)
    assert (item["reason"], item["answer"], item["party"]["phone"]) == (UNDELIVERED, False, "+8613912345678")
    assert [(news["template"], news["text"]) for news in item["news"]] == [(template, second.taken[0].text)]
    assert await mailing.unreachable() == [PARTY]
    said = Made(DeliveryMeans.CALL, office.clock.now, {"number": "13912345678", "gist": "已电话告知。"})
    told = await record_delivery(office.platform, reference, said, Call(await office.clerk(), fresh_key(), "same"))
    assert (told.status, told.body["reason"]) == (201, UNDELIVERED)
    assert await calls(office, reference) == []
    assert (await mailing.row(message)).state is S.DELIVERED


@pytest.mark.parametrize(
    ("recipient", "template", "of"),
    [
        (PARTY, "follow_up", MessageClass.PARTY),
        (PARTY, "urge", MessageClass.CODE),
        (HOLDER, "date_moved", MessageClass.STAFF),
        (HOLDER, "work_order", MessageClass.STAFF),
    ],
)
async def test_nobody_calls_for_anything_else(office: Office, recipient: str, template: str, of: MessageClass) -> None:
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    message = await lost(mailing, reference, recipient, template, of)
    assert (await mailing.send(message)).state == S.FAILED
    assert (await calls(office, reference), await mailing.unreachable()) == ([], [recipient])


async def test_a_party_whose_number_is_refused_is_called_and_it_is_a_fault(office: Office) -> None:
    mailing, reference = Mailing(office, [Moody(refuse), second := Moody(name="second")]), await office.submit()
    message = await mailing.reserve(reference, template="received", **DATES)
    assert (await mailing.send(message)).state == S.TO_CALL
    [item] = await calls(office, reference)
    assert (item["reason"], second.asked, await mailing.unreachable()) == (UNDELIVERED, 0, [PARTY])


async def test_what_comes_back_when_it_helps_no_longer_is_told_by_a_clerk_all_the_same(office: Office) -> None:
    """A provider gives up on a telephone that is off after days."""
    mailing, reference = Mailing(office, [Moody(), second := Moody(name="second")]), await office.submit()
    message = await mailing.reserve(reference, PARTY, "received", useful_for=timedelta(hours=72), **DATES)
    await mailing.send(message)
    office.clock.now += timedelta(hours=72)
    await lose(mailing, message)
    assert ((await mailing.send(message)).state, second.asked) == (S.TO_CALL, 0)
    assert len(await calls(office, reference)) == 1


@pytest.mark.parametrize(("template", "told"), [("received", 0), ("closed", 1)])
async def test_news_of_an_open_request_is_not_told_after_its_closing(office: Office, template: str, told: int) -> None:
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    message = await mailing.reserve(reference, PARTY, template, **DATES)
    await mailing.send(message)
    office.clock.now += timedelta(minutes=1)
    await office.close(reference)
    await lose(mailing, message)
    await mailing.send(message)
    assert len(await calls(office, reference)) == told


async def test_a_clerk_need_not_call_whom_it_reached_after_all(office: Office) -> None:
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    message = await lost(mailing, reference, PARTY, "received", MessageClass.PARTY)
    await mailing.send(message)
    await lose(mailing, message, Fate.DELIVERED)
    assert await calls(office, reference) == []
    kinds = [EventKind.MESSAGE_SENT, EventKind.MESSAGE_FAILED, EventKind.MESSAGE_DELIVERED]
    assert await mailing.kinds(message) == kinds


async def test_what_waits_for_a_call_is_counted_for_a_day_and_never_erased_before_it(office: Office) -> None:
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    await mailing.send(await lost(mailing, reference, PARTY, "received", MessageClass.PARTY))
    for passed, counted in ((timedelta(0), 1), (YEAR, 0)):
        office.clock.now += passed
        async with office.platform.db.read() as session:
            figures = await read_figures(session, office.clock.now, timedelta(minutes=10))
        assert figures.messages[S.TO_CALL] == counted
    await Purging(tools_of(office)).purge()
    [item] = await calls(office, reference)
    assert "2026-09-23" in item["news"][0]["text"]
