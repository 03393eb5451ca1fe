"""Whether the platform can do its work, part by part (design section 8)."""

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from liaison.contract.names import TASK_QUEUE
from liaison.db.health import can_unseal
from liaison.services.platform import Platform

Result = TypeVar("Result")

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

PATIENCE: Final = timedelta(seconds=2)
"""How long one part may take to answer."""

RECENTLY: Final = timedelta(minutes=1)
"""A worker that waits for work asks again at least so often."""

KEPT: Final = timedelta(seconds=1)
"""How long a finding is kept, however often somebody asks."""


class Check(StrEnum):
    """Parts that are looked at."""

    DATABASE = "database"
    CODEC = "codec"
    TEMPORAL = "temporal"
    WORKER = "worker"
    DISK = "disk"


class Readiness(StrEnum):
    """``degraded``: it was ready once and still registers everything, but work waits for Temporal or a worker; or the
    disk is nearly full, so that reading goes on and nothing is taken in."""

    READY = "ready"
    DEGRADED = "degraded"
    NOT_READY = "not_ready"


class Watch:
    """Looks at the parts of one process's platform and remembers whether all of them were there once."""

    def __init__(self, platform: Platform, kept: timedelta = KEPT) -> None:
        self._platform = platform
        self._kept = kept.total_seconds()
        self._looking = asyncio.Lock()
        self._was_ready = False
        self._found: dict[Check, bool] = {}
        self._looked_at = float("-inf")

    async def look(self) -> tuple[Readiness, dict[Check, bool]]:
        """The state and which parts are there; whoever asks within ``kept`` shares one look."""
        async with self._looking:
            if time.monotonic() - self._looked_at >= self._kept:
                self._found = await _checks(self._platform)
                self._looked_at = time.monotonic()
        self._was_ready = self._was_ready or all(self._found[check] for check in Check if check is not Check.DISK)
        return self._state(), dict(self._found)

    def _state(self) -> Readiness:
        if all(self._found.values()):
            return Readiness.READY
        own_parts = self._found[Check.DATABASE] and self._found[Check.CODEC]
        return Readiness.DEGRADED if own_parts and self._was_ready else Readiness.NOT_READY


async def _checks(platform: Platform) -> dict[Check, bool]:
    unseals, polled_at = await asyncio.gather(_in_time(_unseals(platform)), _in_time(_last_poll(platform.client)))
    return {
        Check.DATABASE: unseals is not None,
        Check.CODEC: unseals is True,
        Check.TEMPORAL: polled_at is not None,
        Check.DISK: platform.storage.has_room,
        # Temporal says when it was asked: our own clock, were it ahead, would find no worker anywhere.
        Check.WORKER: polled_at is not None and _temporal_now(platform) - polled_at < RECENTLY,
    }


def _temporal_now(platform: Platform) -> datetime:
    return platform.temporal_clock.now or datetime.now(UTC)


async def _in_time(part: Awaitable[Result]) -> Result | None:
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await part
    except (TimeoutError, SQLAlchemyError, RPCError, RuntimeError):
        # A lazy client that cannot connect raises RuntimeError.
        return None


async def _unseals(platform: Platform) -> bool:
    async with platform.db.read() as session:
        return await can_unseal(session, platform.ring)


async def _last_poll(client: Client) -> datetime:
    """When a worker last asked for workflow tasks; the beginning of time if none did."""
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=TASK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        ),
        timeout=PATIENCE,
    )
    return max((poller.last_access_time.ToDatetime(UTC) for poller in answer.pollers), default=NEVER)
