"""Small workflows that ``test_virtual_time`` plays: they compare instants with ``now()``, as ours do."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

_ATTEMPT = timedelta(seconds=30)


async def wait_until(instant: str) -> None:
    await workflow.sleep(max(datetime.fromisoformat(instant) - workflow.now(), timedelta(0)))


async def act(name: str, *args: str, retry_policy: RetryPolicy | None = None) -> None:
    await workflow.execute_activity(name, args=args, start_to_close_timeout=_ATTEMPT, retry_policy=retry_policy)


@workflow.defn
class Ladder:
    """Climbs the stops given to it; hears signals, updates and queries, each answered with its own ``now()``."""

    def __init__(self) -> None:
        self._heard: list[str] = []

    @workflow.run
    async def run(self, stops: list[str]) -> list[str]:
        for number, stop in enumerate(stops):
            await wait_until(stop)
            await act("record", f"{workflow.info().workflow_id} {number}")
        return self._heard

    @workflow.signal
    def knock(self) -> None:
        self._heard.append(workflow.now().isoformat())

    @workflow.update
    def ask(self) -> str:
        return workflow.now().isoformat()

    @workflow.query
    def heard(self) -> list[str]:
        return self._heard


@workflow.defn
class Reaching:
    """At its stop runs one activity by name: to start another workflow, to signal one, to fail a few times."""

    @workflow.run
    async def run(self, stop: str, activity: str, argument: str) -> None:
        await wait_until(stop)
        await act(activity, argument, retry_policy=RetryPolicy(initial_interval=timedelta(hours=1)))


@workflow.defn
class Parent:
    """Starts a Ladder as a child at its first stop and waits for it."""

    @workflow.run
    async def run(self, stop: str, child_stops: list[str]) -> None:
        await wait_until(stop)
        child_id = f"{workflow.info().workflow_id}-child"
        await workflow.execute_child_workflow(Ladder.run, child_stops, id=child_id)


@workflow.defn
class Stubborn:
    """Records a cancellation and goes on, as our request workflow does."""

    def __init__(self) -> None:
        self._cancels = 0

    @workflow.run
    async def run(self, stops: list[str]) -> int:
        main = asyncio.create_task(self._climb(stops))
        while not main.done():
            try:
                await asyncio.shield(main)
            except asyncio.CancelledError:
                self._cancels += 1
        return self._cancels

    async def _climb(self, stops: list[str]) -> None:
        for stop in stops:
            await wait_until(stop)
            await act("record", f"{workflow.info().workflow_id} on")


@workflow.defn
class Relay:
    """Hands over to a new run of itself at every stop."""

    @workflow.run
    async def run(self, stops: list[str]) -> None:
        await wait_until(stops[0])
        await act("record", f"{workflow.info().workflow_id} {len(stops)}")
        if stops[1:]:
            workflow.continue_as_new(stops[1:])
