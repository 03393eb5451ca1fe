"""The time-skipping dev server, and the clock of one execution on it.

Time skipping version 2 is experimental in temporalio 1.35; everything we know of its wire format is in this file.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import FastForwardConfig, TimeSkippingConfig
from temporalio.api.common.v1 import WorkflowExecution as ExecutionKey
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionResponse,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

# Without the first the server refuses to skip. Without the others it looks at its timers once a second and at most
# twenty times a second: a second, or a fifth of one, for every instant played.
SKIPPING_SERVER_ARGS: Final = (
    "--dynamic-config-value",
    "frontend.WorkflowTimeSkippingEnabled=true",
    "--dynamic-config-value",
    'history.timerProcessorMaxTimeShift="1ms"',
    "--dynamic-config-value",
    "history.timerProcessorMaxPollRPS=2000",
)

_QUIET: Final = ("--output", "none")
_WORTH_A_SKIP: Final = timedelta(milliseconds=10)
_SHORT_OF_DUE: Final = timedelta(milliseconds=30)  # more than a request takes to reach the server
_ASK_AGAIN_SECONDS: Final = 0.02
_REFUSED_FOR_NOW: Final = (RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.UNAVAILABLE, RPCStatusCode.ABORTED)
# It closed meanwhile; or it was moved, and the server failed to encode its answer, which now and then it does.
_NOTHING_LEFT_TO_ASK: Final = (RPCStatusCode.NOT_FOUND, RPCStatusCode.INTERNAL)
_SCHEDULED: Final = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
_FIRST_TASK: Final = "first workflow task"


@asynccontextmanager
async def skipping_server(
    temporal_binary: str,
    *,
    data_converter: DataConverter = DataConverter.default,
    search_attributes: Sequence[SearchAttributeKey[Any]] = (),
) -> AsyncIterator[Client]:
    """Run an in-memory dev server that can skip time, on free loopback ports, and yield a plain client of it.

    Args:
        temporal_binary: Path of the ``temporal`` command.
        data_converter: Converter of the yielded client.
        search_attributes: Typed keys to register in namespace ``default``.
    """
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=temporal_binary,
        dev_server_log_level="never",
        dev_server_extra_args=[*SKIPPING_SERVER_ARGS, *_QUIET],
        search_attributes=search_attributes,
    )
    async with server:
        yield await server.connect_client(data_converter=data_converter)


def fast_forward(by: timedelta) -> TimeSkippingConfig:
    """Return the instruction to skip ahead by ``by``, once, stopping at every timer on the way.

    Children do not inherit it: they would inherit skipping without its end, and run away.
    """
    once = FastForwardConfig(id=str(uuid4()))
    instruction = TimeSkippingConfig(enabled=True, disable_propagation=True, fast_forward_config=once)
    instruction.fast_forward_config.duration.FromTimedelta(by)
    return instruction


def wall_clock() -> datetime:
    """Return the real time, in UTC."""
    return datetime.now(UTC)


class Execution:
    """The newest run of one workflow id: its clock, and what the server last said about it.

    Attributes:
        skipped: Its clock minus the wall clock.
        due: The next instant of its own clock at which something happens by itself, or None.
        doing: What it is busy with, in words; empty when it only waits.
        is_open: Whether it was running at the last look.
        children: Workflow ids of its open children, once they exist.
        version: Run and history length at the last look.
    """

    def __init__(self, client: Client, workflow_id: str, skipped: timedelta) -> None:
        """Follow ``workflow_id``, whose clock is ``skipped`` ahead of the wall clock."""
        self._client = client
        self.workflow_id = workflow_id
        self.skipped = skipped
        self.due: datetime | None = None
        self.doing = "not looked at yet"
        self.is_open = True
        self.children: frozenset[str] = frozenset()
        self.version = ("", 0)
        self._timers: list[datetime] = []
        self._timers_of = ("", 0)
        self._skips = 0

    async def skip_to(self, skipped: timedelta) -> None:
        """Move this clock until it is ``skipped`` ahead of the wall clock or just short of what is due; never back.

        What is due then happens by itself, with skipping over: a skip still on its way when a task ends, its target
        having passed but not been noticed, makes the server skip on to the next timer (seen with server 1.32).
        """
        by = skipped - self.skipped
        if self.due is not None:
            by = min(by, self.due - _SHORT_OF_DUE - wall_clock() - self.skipped)
        if by < _WORTH_A_SKIP:
            return
        self.skipped += by
        self.doing = "moving its clock"
        self._skips += 1
        request = UpdateWorkflowExecutionOptionsRequest(
            namespace=self._client.namespace,
            workflow_execution=ExecutionKey(workflow_id=self.workflow_id),
            workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=fast_forward(by)),
            update_mask=FieldMask(paths=["time_skipping_config"]),
            identity=self._client.identity,
        )
        await self._ask_once(request)

    async def _ask_once(self, request: UpdateWorkflowExecutionOptionsRequest) -> None:
        """Have the server skip; asked for the same twice, it skips twice (seen with server 1.32)."""
        while True:
            try:
                await self._client.workflow_service.update_workflow_execution_options(request, retry=False)
            except RPCError as error:
                if error.status in _REFUSED_FOR_NOW:
                    await asyncio.sleep(_ASK_AGAIN_SECONDS)
                    continue
                if error.status not in _NOTHING_LEFT_TO_ASK:
                    raise
            return

    async def look(self) -> bool:
        """Ask the server what this execution does and waits for; return whether anything happened meanwhile."""
        skips, version = self._skips, self.version
        description = await self._client.get_workflow_handle(self.workflow_id).describe()
        told = description.raw_description
        self.is_open = description.status is WorkflowExecutionStatus.RUNNING
        now = _clock_of(told)
        if skips == self._skips:  # else the answer is older than our last skip
            self.skipped = now - wall_clock()
        self.version = (description.run_id, description.history_length)
        self.children = frozenset(child.workflow_id for child in told.pending_children if child.run_id)
        self.doing = "; ".join(_work(told, now)) if self.is_open else ""
        if self.is_open and not self.doing and self._timers_of != self.version:
            self._timers, self._timers_of = await self._open_timers(description.run_id), self.version
        grown = self.version != version
        waits = [*self._timers, *_retries(told.pending_activities, now)]
        self.due = min(waits, default=None) if self.is_open else None
        return grown or bool(self.doing)

    async def _open_timers(self, run_id: str) -> list[datetime]:
        handle = self._client.get_workflow_handle(self.workflow_id, run_id=run_id)
        timers: dict[str, datetime] = {}
        async for event in handle.fetch_history_events():
            _follow_timers(timers, event)
        return list(timers.values())


def _follow_timers(timers: dict[str, datetime], event: HistoryEvent) -> None:
    """Add or remove what ``event`` says about timers by id; the delay of a start counts as one."""
    at = event.event_time.ToDatetime(UTC)
    match event.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            started = event.workflow_execution_started_event_attributes
            if started.first_workflow_task_backoff.ToTimedelta():
                timers[_FIRST_TASK] = at + started.first_workflow_task_backoff.ToTimedelta()
        case EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
            timers.pop(_FIRST_TASK, None)
        case EventType.EVENT_TYPE_TIMER_STARTED:
            timer = event.timer_started_event_attributes
            timers[timer.timer_id] = at + timer.start_to_fire_timeout.ToTimedelta()
        case EventType.EVENT_TYPE_TIMER_FIRED:
            timers.pop(event.timer_fired_event_attributes.timer_id, None)
        case EventType.EVENT_TYPE_TIMER_CANCELED:
            timers.pop(event.timer_canceled_event_attributes.timer_id, None)


def _clock_of(told: DescribeWorkflowExecutionResponse) -> datetime:
    extended = told.workflow_extended_info
    if extended.HasField("time_skipping_info"):
        return extended.time_skipping_info.current_time.ToDatetime(UTC)
    return wall_clock()


def _backs_off(activity: PendingActivityInfo, now: datetime) -> bool:
    return activity.state == _SCHEDULED and activity.next_attempt_schedule_time.ToDatetime(UTC) > now


def _retries(activities: Sequence[PendingActivityInfo], now: datetime) -> list[datetime]:
    """Return the instants at which failed activities are tried again."""
    return [a.next_attempt_schedule_time.ToDatetime(UTC) for a in activities if _backs_off(a, now)]


def _work(told: DescribeWorkflowExecutionResponse, now: datetime) -> Iterator[str]:
    """Name whatever runs, or is about to run without any time passing."""
    if told.HasField("pending_workflow_task"):
        yield f"workflow task, attempt {told.pending_workflow_task.attempt}"
    for activity in told.pending_activities:
        if not _backs_off(activity, now):
            yield f"activity {activity.activity_type.name}, attempt {activity.attempt} {activity.last_failure.message}"
    for child in told.pending_children:
        if not child.run_id:
            yield f"start of child {child.workflow_id}"
