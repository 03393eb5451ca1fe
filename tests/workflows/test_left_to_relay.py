"""What waits for the morning is left to the relay (ADR 0021; issue line H52)."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError

from liaison.contract.names import mailbox_workflow_id, notice_workflow_id
from liaison.db.tables import Message
from liaison.policy.message_words import MessageState
from tests.city import City
from tests.workflows.conftest import OpenCity

FRIDAY, BEFORE_MIDNIGHT, MIDNIGHT, MORNING = (
    "2026-09-18 10:00",
    "2026-09-21 23:59",
    "2026-09-22 00:15",
    "2026-09-22 08:35",
)
WARNED = 3
OFFICER = "0104-l01"
RUNG = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED


async def test_a_rung_of_midnight_has_its_senders_from_the_relay(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        references = [await city.submit() for _ in range(WARNED)]
        await city.advance_to(BEFORE_MIDNIGHT)
        city.world.beside = None  # no relay runs
        await city.advance_to(MIDNIGHT)
        warnings = [warning for reference in references for warning in await _warnings(city, reference)]
        assert [len(await city.rungs(reference)) for reference in references] == [1] * WARNED
        assert [warning.handed_on for warning in warnings] == [False] * 3 * WARNED
        for sender in map(_sender_of, warnings):
            with pytest.raises(RPCError, match="not found"):
                await city.client.get_workflow_handle(sender).describe()
        await city.relay()
        handed_on = [warning for reference in references for warning in await _warnings(city, reference)]
        assert all(warning.handed_on for warning in handed_on)
        assert {warning.state for warning in handed_on} == {MessageState.RESERVED}
        for sender in map(_sender_of, warnings):
            assert (await city.client.get_workflow_handle(sender).describe()).close_time is None
        mailbox = city.client.get_workflow_handle(mailbox_workflow_id(OFFICER))
        rung = [event async for event in mailbox.fetch_history_events() if event.event_type == RUNG]
        assert len(rung) == 1, "one ring for all his bells"
        await city.advance_to(MORNING)
        assert len([line for line in city.sent() if line["at"] > "2026-09-22"]) == 2 * WARNED + 1


async def _warnings(city: City, reference: str) -> list[Message]:
    return [message for message in await city.messages(reference) if message.template.startswith("warning")]


def _sender_of(message: Message) -> str:
    return mailbox_workflow_id(OFFICER) if message.recipient == OFFICER else notice_workflow_id(message.id)
