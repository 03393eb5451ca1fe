"""A gateway that takes only so many a second: a queue of its own, statutory messages first (issue line M03)."""

import time

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from activities.messaging import Messaging
from liaison.contract.names import gateway_task_queue
from liaison.db.messages import PARTY
from liaison.gateways.sms.port import Capabilities
from liaison.policy.message_words import MessageClass, MessageState
from tests.city import City
from tests.pauses import Pauses
from tests.workflows.conftest import OpenCity
from tests.workflows.gateways import Moody

FRIDAY = "2026-09-18 10:00"
RATE = 4.0
NEWS, ORDERS = 28, 4


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
