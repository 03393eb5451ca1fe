"""A gateway that takes only so many a second: a queue of its own, statutory messages first (issue line M03); and no
more in a sender's hands than it takes at once (M41)."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from activities.messaging import Messaging
from liaison.contract.names import gateway_task_queue
from liaison.db.messages import PARTY
from liaison.gateways.sms.port import Capabilities, ShortMessage, Submission
from liaison.policy.message_words import MessageClass, MessageState
from tests.city import City
from tests.pauses import Pauses
from tests.workflows.conftest import OpenCity
from tests.workflows.gateways import Moody

FRIDAY = "2026-09-18 10:00"
RATE = 4.0
NEWS, ORDERS = 28, 4
WINDOW = 3


@dataclass
class Gate(Moody):
    """Takes messages as soon as it is opened."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def submit(self, message: ShortMessage) -> Submission:
        """Wait, then take it."""
        await self.opened.wait()
        return await super().submit(message)


async def waiting(city: City, gateway: Moody) -> int:
    """How many messages wait in the gateway's queue."""
    asked = DescribeTaskQueueRequest(
        namespace=city.client.namespace,
        task_queue=TaskQueue(name=gateway_task_queue(gateway.name)),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        report_stats=True,
    )
    return (await city.client.workflow_service.describe_task_queue(asked)).stats.approximate_backlog_count


@pytest.mark.timeout(120)
async def test_statutory_messages_overtake_courtesy_at_the_gateways_rate(city_at: OpenCity) -> None:
    gateway = Moody(can=Capabilities(receipts=True, status_query=True, rate=RATE))
    async with city_at(FRIDAY, gateways=(gateway,)) as city:
        reference = await city.submit()
        await city.advance(seconds=5)
        assert {message.template for message in gateway.taken} == {"work_order", "received"}
        before = len(gateway.taken)
        messaging, request = Messaging(city.tools), await city.request(reference)
        async with city.tools.db.write() as session:
            for each in range(NEWS):
                news = {"was": "2026-09-22", "due_on": "2026-09-23"}
                await messaging.reserve(session, request, f"news-{each}", PARTY, "date_moved", news, MessageClass.PARTY)
            for each in range(ORDERS):
                await messaging.reserve(session, request, f"order-{each}", "0104-j02", "urge", {})
        # Nobody sends before all are waiting, however long that takes.
        await city.stop_worker()
        for cause in (*(f"news-{each}" for each in range(NEWS)), *(f"order-{each}" for each in range(ORDERS))):
            await messaging.hand_on(session, reference, cause)
        await city.start_worker(sends=False)
        pauses = Pauses()
        while await waiting(city, gateway) < NEWS + ORDERS:
            await pauses.pause()
        began = time.monotonic()
        await city.start_senders()
        await city.advance(seconds=30)
        assert len(gateway.taken) == before + NEWS + ORDERS
        assert {message.state for message in await city.messages(reference)} == {MessageState.SUBMITTED}
        # Short bursts are allowed; the whole is not faster than the rate.
        assert time.monotonic() - began >= (NEWS + ORDERS) / RATE / 2
        places = [place for place, message in enumerate(gateway.taken) if message.template == "urge"]
        # Handed on last, they would be the last; what the gateway takes at once leaves before it looks who waits.
        assert sum(places) / ORDERS < 0.5 * NEWS, places
        assert gateway_task_queue(gateway.name) == "sms-moody"


@pytest.mark.timeout(60)
async def test_a_sender_has_no_more_in_its_hands_than_its_gateway_takes_at_once(city_at: OpenCity) -> None:
    gate = Gate(can=Capabilities(receipts=True, status_query=True, rate=1_000, window=WINDOW, seconds=30))
    async with city_at(FRIDAY, gateways=(gate,)) as city:
        gate.opened.set()
        reference = await city.submit()
        await city.advance(seconds=5)
        before, messaging, request = len(gate.taken), Messaging(city.tools), await city.request(reference)
        gate.opened.clear()
        async with city.tools.db.write() as session:
            for each in range(ORDERS * WINDOW):
                await messaging.reserve(session, request, f"order-{each}", "0104-j02", "urge", {})
        for each in range(ORDERS * WINDOW):
            await messaging.hand_on(session, reference, f"order-{each}")
        pauses = Pauses()
        while await in_hand(city, reference) + await waiting(city, gate) < ORDERS * WINDOW:
            await pauses.pause()
        assert await in_hand(city, reference) == WINDOW
        gate.opened.set()
        await city.advance(seconds=5)
        assert len(gate.taken) == before + ORDERS * WINDOW


async def in_hand(city: City, reference: str) -> int:
    """How many would be in doubt if their sender died now."""
    return sum(message.state is MessageState.SUBMITTING for message in await city.messages(reference))
