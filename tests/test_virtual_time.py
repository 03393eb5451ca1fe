"""Virtual time: everything happens at its virtual instant, whichever execution it belongs to."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker
from ulid import ULID

from liaison import virtual_time
from liaison.skipping import skipping_server
from liaison.virtual_time import VirtualTime, VirtualTimeStuckError
from tests.virtual_time_workflows import Ladder, Parent, Reaching, Relay, Stubborn

TEMPORAL = str(Path(sys.executable).with_name("temporal"))
FRIDAY = datetime.fromisoformat("2026-09-18T10:00:00+08:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOSE = timedelta(seconds=5)
WORKFLOWS = [Ladder, Parent, Reaching, Relay, Stubborn]
WITH_AND_WITHOUT_CACHE = pytest.mark.parametrize("cached_workflows", [0, 1000])


@dataclass
class Stage:
    """A world, the task queue of its worker, and what its activities wrote down: (label, the services' clock)."""

    world: VirtualTime
    queue: str = field(default_factory=lambda: str(ULID()))
    records: list[tuple[str, datetime]] = field(default_factory=list)

    @activity.defn
    async def record(self, label: str) -> None:
        self.records.append((label.removeprefix(self.queue), self.world.now()))

    @activity.defn
    async def fail_twice(self, label: str) -> None:
        await self.record(label)
        if activity.info().attempt < 3:
            raise ApplicationError("the gateway is down")

    @activity.defn
    async def start_notice(self, name: str) -> None:
        await self.start(Ladder, name, [FRIDAY], start_delay=3 * HOUR)

    @activity.defn
    async def knock_at(self, name: str) -> None:
        await self.world.client.get_workflow_handle(self.queue + name).signal(Ladder.knock)

    async def start(self, workflow: Any, name: str, stops: Sequence[datetime], **options: Any) -> Any:
        """Start ``workflow``, handing it its stops as services do: shifted."""
        return await self.world.client.start_workflow(
            workflow.run, [self.told(stop) for stop in stops], id=self.queue + name, task_queue=self.queue, **options
        )

    async def start_reaching(self, stop: datetime, activity_name: str, argument: str) -> WorkflowHandle[Any, Any]:
        arguments = [self.told(stop), activity_name, argument]
        name = f"{self.queue}reaching"
        return await self.world.client.start_workflow(Reaching.run, args=arguments, id=name, task_queue=self.queue)

    def told(self, instant: datetime) -> str:
        return (instant + self.world.shift).isoformat()

    def heard(self, told: str) -> datetime:
        return datetime.fromisoformat(told) - self.world.shift

    def assert_recorded(self, *expected: tuple[str, datetime]) -> None:
        """Assert labels and order, and that services read the virtual instant of each."""
        assert [label for label, _ in self.records] == [label for label, _ in expected]
        for (label, read), (_, meant) in zip(self.records, expected, strict=True):
            assert abs(read - meant) < CLOSE, label


@asynccontextmanager
async def playing(client: Client, at: datetime = FRIDAY, cached_workflows: int = 1000) -> AsyncIterator[Stage]:
    stage = Stage(VirtualTime(client, at))
    activities = [stage.record, stage.fail_twice, stage.start_notice, stage.knock_at]
    worker = Worker(
        stage.world.client,
        task_queue=stage.queue,
        workflows=WORKFLOWS,
        activities=activities,
        max_cached_workflows=cached_workflows,
    )
    async with worker:
        yield stage


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Client]:
    async with skipping_server(TEMPORAL) as client:
        yield client


@WITH_AND_WITHOUT_CACHE
async def test_eight_stops_in_two_weeks_are_read_at_their_instants(server: Client, cached_workflows: int) -> None:
    stops = [FRIDAY + days * DAY for days in (1, 3, 4, 5.5, 7, 10, 12, 14)]
    async with playing(server, cached_workflows=cached_workflows) as stage:
        handle = await stage.start(Ladder, "ladder", stops)
        began = time.monotonic()
        await stage.world.advance_to(stops[-1])
        took = time.monotonic() - began
        stage.assert_recorded(*((f"ladder {number}", stop) for number, stop in enumerate(stops)))
        assert await handle.result() == []
        assert took < 10


@WITH_AND_WITHOUT_CACHE
async def test_messages_between_advances_are_handled_at_that_instant(server: Client, cached_workflows: int) -> None:
    async with playing(server, cached_workflows=cached_workflows) as stage:
        handle = await stage.start(Ladder, "ladder", [FRIDAY + 2 * DAY, FRIDAY + 4 * DAY])
        await stage.world.advance(3 * DAY)
        asked = stage.heard(await handle.execute_update(Ladder.ask))
        await handle.signal(Ladder.knock)
        await stage.world.advance(2 * HOUR)
        [knocked] = await handle.query(Ladder.heard)
        assert abs(asked - (FRIDAY + 3 * DAY)) < CLOSE
        assert abs(stage.heard(knocked) - (FRIDAY + 3 * DAY)) < CLOSE
        assert abs(stage.world.now() - (FRIDAY + 3 * DAY + 2 * HOUR)) < CLOSE
        stage.assert_recorded(("ladder 0", FRIDAY + 2 * DAY))


async def test_an_execution_started_on_the_way_with_a_delay_wakes_in_the_same_advance(server: Client) -> None:
    async with playing(server) as stage:
        await stage.start_reaching(FRIDAY + 5 * DAY, "start_notice", "notice")
        await stage.start(Ladder, "later", [FRIDAY + 5 * DAY + 4 * HOUR])
        await stage.world.advance(6 * DAY)
        stage.assert_recorded(
            ("notice 0", FRIDAY + 5 * DAY + 3 * HOUR),
            ("later 0", FRIDAY + 5 * DAY + 4 * HOUR),
        )


async def test_an_execution_started_after_an_advance_sees_the_virtual_clock_at_once(server: Client) -> None:
    async with playing(server) as stage:
        await stage.world.advance(9 * DAY)
        handle = await stage.start(Ladder, "late", [FRIDAY + 10 * DAY])
        asked = stage.heard(await handle.execute_update(Ladder.ask))
        await stage.world.advance(2 * DAY)
        assert abs(asked - (FRIDAY + 9 * DAY)) < CLOSE
        stage.assert_recorded(("late 0", FRIDAY + 10 * DAY))


async def test_an_activity_reaches_an_execution_that_had_nothing_to_do_meanwhile(server: Client) -> None:
    async with playing(server) as stage:
        idle = await stage.start(Ladder, "idle", [FRIDAY + 20 * DAY])
        await stage.start_reaching(FRIDAY + 6 * DAY, "knock_at", "idle")
        await stage.world.advance(8 * DAY)
        [knocked] = await idle.query(Ladder.heard)
        assert abs(stage.heard(knocked) - (FRIDAY + 6 * DAY)) < CLOSE


async def test_retries_of_an_activity_happen_at_their_own_instants(server: Client) -> None:
    async with playing(server) as stage:
        handle = await stage.start_reaching(FRIDAY + DAY, "fail_twice", "try")
        await stage.world.advance(2 * DAY)
        await handle.result()
        stage.assert_recorded(
            ("try", FRIDAY + DAY),
            ("try", FRIDAY + DAY + HOUR),
            ("try", FRIDAY + DAY + 3 * HOUR),
        )


async def test_twenty_ladders_spread_over_minutes_are_played_in_order(server: Client) -> None:
    rungs = [FRIDAY + days * DAY for days in (3, 12)]
    names = [f"{number:02}" for number in range(20)]
    async with playing(server) as stage:
        for number, name in enumerate(names):
            await stage.start(Ladder, name, [rung + number * timedelta(seconds=30) for rung in rungs])
        await stage.world.advance(14 * DAY)
        stage.assert_recorded(
            *(
                (f"{name} {rung_number}", rung + number * timedelta(seconds=30))
                for rung_number, rung in enumerate(rungs)
                for number, name in enumerate(names)
            )
        )


@WITH_AND_WITHOUT_CACHE
async def test_a_run_that_ignores_cancellation_is_played_to_its_end(server: Client, cached_workflows: int) -> None:
    async with playing(server, cached_workflows=cached_workflows) as stage:
        handle = await stage.start(Stubborn, "stubborn", [FRIDAY + DAY, FRIDAY + 3 * DAY])
        await stage.world.advance(2 * DAY)
        await handle.cancel()
        await stage.world.advance(2 * DAY)
        stage.assert_recorded(("stubborn on", FRIDAY + DAY), ("stubborn on", FRIDAY + 3 * DAY))
        assert await handle.result() == 1


async def test_children_and_later_runs_keep_in_step(server: Client) -> None:
    async with playing(server) as stage:
        await stage.start(Relay, "relay", [FRIDAY + 4 * DAY, FRIDAY + 5 * DAY])
        arguments = [stage.told(FRIDAY + DAY), [stage.told(FRIDAY + 2 * DAY), stage.told(FRIDAY + 6 * DAY)]]
        parent = await stage.world.client.start_workflow(
            Parent.run, args=arguments, id=f"{stage.queue}parent", task_queue=stage.queue
        )
        await stage.world.advance(7 * DAY)
        await parent.result()
        stage.assert_recorded(
            ("parent-child 0", FRIDAY + 2 * DAY),
            ("relay 2", FRIDAY + 4 * DAY),
            ("relay 1", FRIDAY + 5 * DAY),
            ("parent-child 1", FRIDAY + 6 * DAY),
        )


async def test_worlds_on_one_server_keep_their_own_dates(server: Client) -> None:
    years_ago = FRIDAY - 1000 * DAY
    async with playing(server) as this, playing(server, at=years_ago) as that:
        await this.start(Ladder, "this", [FRIDAY + 3 * DAY])
        await that.start(Ladder, "that", [years_ago + 5 * DAY])
        await asyncio.gather(this.world.advance(4 * DAY), that.world.advance(6 * DAY))
        this.assert_recorded(("this 0", FRIDAY + 3 * DAY))
        that.assert_recorded(("that 0", years_ago + 5 * DAY))


async def test_a_world_may_have_a_server_of_its_own() -> None:
    async with VirtualTime.start(FRIDAY, temporal_binary=TEMPORAL) as world:
        await world.advance(DAY)
        assert abs(world.now() - (FRIDAY + DAY)) < CLOSE


@pytest.mark.parametrize(
    ("done", "status"),
    [(True, RPCStatusCode.INTERNAL), (False, RPCStatusCode.RESOURCE_EXHAUSTED)],
    ids=["done, but the answer was lost", "refused for now"],
)
async def test_a_clock_is_moved_once_however_the_server_answers(
    server: Client, monkeypatch: pytest.MonkeyPatch, done: bool, status: RPCStatusCode
) -> None:
    stops = [FRIDAY + days * DAY for days in (1, 2, 3)]
    async with playing(server) as stage:
        handle = await stage.start(Ladder, "ladder", stops)
        service = type(stage.world.client.workflow_service)
        move, failures = service.update_workflow_execution_options, iter([status])

        async def fails_once(service: Any, request: Any, *, retry: bool = False) -> None:
            failure = next(failures, None)
            if done or failure is None:
                await move(service, request)
            if failure is not None and retry:
                await asyncio.sleep(0.2)  # what the SDK waits before it asks again
                await move(service, request)
            elif failure is not None:
                raise RPCError("", failure, b"")

        monkeypatch.setattr(service, "update_workflow_execution_options", fails_once)
        await stage.world.advance_to(FRIDAY + 4 * DAY)
        await handle.result()
        stage.assert_recorded(*((f"ladder {number}", stop) for number, stop in enumerate(stops)))


async def test_advancing_says_who_does_not_come_to_rest(server: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_time, "_PATIENCE_SECONDS", 3.0)
    stage = Stage(VirtualTime(server, FRIDAY))
    await stage.start(Ladder, "orphan", [FRIDAY + DAY])
    with pytest.raises(VirtualTimeStuckError, match=r"orphan: workflow task, attempt 1"):
        await stage.world.advance(2 * DAY)


@pytest.mark.parametrize(
    ("instant", "complaint"),
    [(FRIDAY - DAY, "forward only"), (FRIDAY.replace(tzinfo=None) + DAY, "without a zone")],
)
async def test_wrong_instants_are_refused(server: Client, instant: datetime, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        await VirtualTime(server, FRIDAY).advance_to(instant)


async def test_a_naive_beginning_is_refused(server: Client) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        VirtualTime(server, FRIDAY.replace(tzinfo=None))


async def test_update_with_start_is_refused_rather_than_left_behind(server: Client) -> None:
    start = WithStartWorkflowOperation(
        Ladder.run, [], id="never", task_queue="never", id_conflict_policy=WorkflowIDConflictPolicy.FAIL
    )
    with pytest.raises(NotImplementedError, match="start, then update"):
        await VirtualTime(server, FRIDAY).client.execute_update_with_start_workflow(
            Ladder.ask, start_workflow_operation=start
        )
