"""A message that its gateway gives back is taken up at once, whatever its notice is at (issue lines M03, M10)."""

from collections import Counter

import pytest
from temporalio.api.enums.v1 import EventType

from activities.settling import Settling
from liaison.contract.names import notice_workflow_id
from liaison.contract.starting import hand_on_notice
from liaison.db.messages import gateway_key
from liaison.db.tables import Message
from liaison.gateways.sms.port import Fate, Receipt
from liaison.policy.message_words import MessageState
from liaison.services.receipts import take_receipt
from tests.city import City
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity
from tests.workflows.gateways import MUTE, Moody, reset_after

WINDOW_OPENS = "2026-09-21 08:30"
BEFORE, IN_THE_WINDOW = "2026-09-21 08:29", "2026-09-21 10:00"
SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
LOOKED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
MARKED = EventType.EVENT_TYPE_MARKER_RECORDED


async def _work_order(city: City, reference: str) -> Message:
    [message] = [message for message in await city.messages(reference) if message.template == "work_order"]
    return message


async def _rejected(city: City, message: Message) -> None:
    failed = Receipt("p-1", Fate.FAILED, city.world.now(), "REJECTD", key=gateway_key(message))
    if message.provider_id:
        failed = Receipt(message.provider_id, Fate.FAILED, city.world.now(), "REJECTD")
    assert await take_receipt(city.platform, message.gateway or "", failed)


async def _kinds(city: City, message: Message) -> "Counter[EventType.ValueType]":
    notice = city.client.get_workflow_handle(notice_workflow_id(message.id))
    return Counter([event.event_type async for event in notice.fetch_history_events()])


@WITH_AND_WITHOUT_CACHE
async def test_rejected_before_its_notice_has_ended(
    city_at: OpenCity, monkeypatch: pytest.MonkeyPatch, cached: int
) -> None:
    """The receipt comes right behind the answer: the row is written, and the run that wrote it is still open."""
    first, second = Moody(), Moody(name="second")
    async with city_at(BEFORE, gateways=(first, second), cached=cached) as city:
        reference, told = await city.submit(), Settling.tell

        async def rejected_first(settling: Settling, message_id: str) -> None:
            monkeypatch.setattr(Settling, "tell", told)
            await _rejected(city, await _work_order(city, reference))
            await told(settling, message_id)

        monkeypatch.setattr(Settling, "tell", rejected_first)
        await city.advance_to(f"{WINDOW_OPENS}:30")
        message = await _work_order(city, reference)
        assert (message.state, message.gateway, message.tried) == (MessageState.SUBMITTED, "second", ["moody"])
        copies = Counter(taken.id for taken in (*first.taken, *second.taken))
        assert (copies[message.id], message.attempts, message.repeats) == (2, 2, 0)


@pytest.mark.parametrize("at", [BEFORE, IN_THE_WINDOW], ids=["its notice sleeps", "its notice has not begun"])
@WITH_AND_WITHOUT_CACHE
async def test_rejected_while_a_doubt_is_waited_out(city_at: OpenCity, at: str, cached: int) -> None:
    """The doubt would last half an hour."""
    first, second = Moody(reset_after, can=MUTE), Moody(name="second")
    async with city_at(at, gateways=(first, second), cached=cached) as city:
        reference = await city.submit()
        await city.advance(minutes=2)
        message = await _work_order(city, reference)
        assert message.state is MessageState.AMBIGUOUS
        await _rejected(city, message)
        await city.advance(seconds=30)
        message = await _work_order(city, reference)
        assert (message.state, message.gateway) == (MessageState.SUBMITTED, "second")
        assert [taken.id for taken in second.taken].count(message.id) == 1
        await city.advance(hours=1)
        assert (await _work_order(city, reference)).attempts == 2


async def test_a_notice_that_is_handed_on_once_costs_one_event_more(city_at: OpenCity) -> None:
    """The signal that starts it; only one that wakes a notice is marked in its history."""
    async with city_at(BEFORE, gateways=(Moody(),)) as city:
        started, handed_on = await city.submit(), await city.submit(judge="0104-j02")
        await city.advance(seconds=1)
        message = await _work_order(city, handed_on)
        await city.client.get_workflow_handle(notice_workflow_id(message.id)).terminate()
        await hand_on_notice(city.client, message.id, message.send_after, city.world.now())
        await city.advance_to(f"{WINDOW_OPENS}:30")
        assert (await _work_order(city, handed_on)).state is MessageState.SUBMITTED
        usual = await _kinds(city, await _work_order(city, started))
        assert usual[SIGNALED] == usual[MARKED] == 0
        spent = await _kinds(city, message)
        assert {kind: spent[kind] - usual[kind] for kind in (SIGNALED, MARKED, LOOKED)} == {
            SIGNALED: 1,
            MARKED: 0,
            LOOKED: 0,
        }
