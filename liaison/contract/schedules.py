"""What happens by the calendar and not by a request: one list of Temporal Schedules for every installation.

A further one is one more entry of ``SCHEDULES``; ``liaison up`` and ``liaison setup`` put all of them in place.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from liaison.contract.names import TASK_QUEUE, WorkflowName

RPC_TIMEOUT = timedelta(seconds=5)


@dataclass(frozen=True)
class NamedSchedule:
    """A Schedule and the id it has in every namespace."""

    id: str
    schedule: Schedule


PURGE_NIGHTLY = NamedSchedule(
    "purge-nightly",
    Schedule(
        action=ScheduleActionStartWorkflow(WorkflowName.PURGE, id="purge", task_queue=TASK_QUEUE),
        spec=ScheduleSpec(
            calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(3)], comment="03:00 of every night")],
            time_zone_name="Asia/Shanghai",
        ),
        # A night on which the machine was off is made good by the next start.
        policy=SchedulePolicy(catchup_window=timedelta(days=1)),
    ),
)

CALENDAR_HORIZON = NamedSchedule(
    "calendar-horizon",
    Schedule(
        action=ScheduleActionStartWorkflow(WorkflowName.HORIZON, id="calendar-horizon", task_queue=TASK_QUEUE),
        spec=ScheduleSpec(
            calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(9)], comment="09:00 of every day")],
            time_zone_name="Asia/Shanghai",
        ),
        policy=SchedulePolicy(catchup_window=timedelta(days=1)),
    ),
)

SCHEDULES: tuple[NamedSchedule, ...] = (PURGE_NIGHTLY, CALENDAR_HORIZON)


async def put_schedules(client: Client, wanted: Iterable[NamedSchedule] = SCHEDULES) -> None:
    """Make the namespace hold these Schedules as they stand here; one that an operator paused stays paused.

    Raises:
        RPCError: Temporal cannot be reached or refuses.
    """
    for named in wanted:
        try:
            await client.create_schedule(named.id, named.schedule, rpc_timeout=RPC_TIMEOUT)
        except ScheduleAlreadyRunningError:
            await _update(client, named)


async def _update(client: Client, named: NamedSchedule) -> None:
    def as_it_stands_here(found: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(replace(named.schedule, state=found.description.schedule.state))

    await client.get_schedule_handle(named.id).update(as_it_stands_here, rpc_timeout=RPC_TIMEOUT)
