"""Whether this process's clock agrees with Temporal's, and refusing what it would misdate (design section 4).

Receive times are ours and timers are Temporal's: if the two clocks part, a reply in time is found late or a deadline is
promised that nobody keeps. Temporal offers no call for its time, and a workflow that tells it would need a worker, fill
histories and lie in the operators' lists. But the server notes when a poller last came by: so we poll a queue of our
own on which nothing is ever put, and ask who was there. Two calls of some milliseconds, nothing stored. The queue is of
the sticky kind, which has a single partition: whom one partition saw the others would not tell.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog
from temporalio.api.enums.v1 import TaskQueueKind, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, PollWorkflowTaskQueueRequest
from temporalio.client import Client

from liaison.contract.names import TASK_QUEUE
from liaison.services.errors import Refused, Slug
from liaison.services.platform import Platform
from liaison.services.starting import TEMPORAL_AWAY

MOST: Final = timedelta(minutes=5)
"""How far the clocks may part: as far as a channel's clock may be ahead of ours."""

EVERY_SECONDS: Final = 30.0
SECOND_LOOK_SECONDS: Final = 1.0
"""A bad finding younger than this is believed without another look."""

_PATIENCE: Final = timedelta(seconds=2)
_POLL: Final = timedelta(seconds=10)
_PAUSE: Final = 0.02
_QUEUE: Final = TaskQueue(name="judge-liaison-clock", kind=TaskQueueKind.TASK_QUEUE_KIND_STICKY, normal_name=TASK_QUEUE)

_log = structlog.get_logger()


@asynccontextmanager
async def clock_watched(platform: Platform) -> AsyncIterator[None]:
    """Keep ``platform.temporal_clock`` read for the length of the block; the first reading is waited for, briefly."""
    await read_clock(platform)
    watching = asyncio.create_task(_watch(platform))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def refuse_if_clock_is_off(platform: Platform) -> None:
    """Let nothing in that would get a wrong time; while Temporal's time is not known everything passes.

    Raises:
        Refused: ``CLOCK_OFFSET``; the same call may be repeated when the clock is right.
    """
    if _is_off(platform):
        # Not on one look alone: a machine that slept has a right clock and an old reading.
        if platform.temporal_clock.age > SECOND_LOOK_SECONDS:
            await read_clock(platform)
        if _is_off(platform):
            raise Refused(Slug.CLOCK_OFFSET)


async def read_clock(platform: Platform) -> None:
    """``measure_offset``, with an error in the log if it is over ``MOST``."""
    offset = await measure_offset(platform)
    if offset is not None and abs(offset) > MOST:
        _log.error("this machine's clock is not Temporal's", ahead_seconds=int(offset.total_seconds()))


async def measure_offset(platform: Platform) -> timedelta | None:
    """Read Temporal's clock, to some milliseconds; what was read before stands if Temporal is away.

    Returns:
        How far this process's clock is ahead of it; None if Temporal is away.
    """
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            platform.temporal_clock.set(*await _reading(platform.client))
    except TEMPORAL_AWAY:
        return None
    return platform.temporal_clock.offset(platform.clock())


async def _watch(platform: Platform) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await read_clock(platform)


def _is_off(platform: Platform) -> bool:
    offset = platform.temporal_clock.offset(platform.clock())
    return offset is not None and abs(offset) > MOST


async def _reading(client: Client) -> tuple[datetime, float]:
    """What Temporal's clock showed at which monotonic time."""
    me = uuid4().hex
    # A lazy client connects with its first call; that time must not count.
    await _seen(client, me)
    came_at = time.monotonic()
    come_by = PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=_QUEUE, identity=me)
    poll = asyncio.create_task(client.workflow_service.poll_workflow_task_queue(come_by, timeout=_POLL))
    try:
        while (seen_at := await _seen(client, me)) is None:
            if poll.done():
                poll.result()
            await asyncio.sleep(_PAUSE)
        return seen_at, came_at
    finally:
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)


async def _seen(client: Client, identity: str) -> datetime | None:
    """When the server saw a poller of this identity; None if it has not yet."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=_QUEUE,
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        ),
        timeout=_PATIENCE,
    )
    seen = (poller.last_access_time for poller in answer.pollers if poller.identity == identity)
    return next((at.ToDatetime(UTC) for at in seen), None)
