"""Virtual time on the real Temporal dev server: weeks of the business calendar played in seconds.

Temporal gives every execution a skipping clock of its own. A world keeps those clocks in step with one virtual clock
that services read, and moves them from one awaited instant to the next, in order, so that an activity run at a timer's
firing reads that timer's instant. It serves tests and ``liaison demo``; production never imports it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from temporalio.client import (
    CancelWorkflowInput,
    Client,
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)
from temporalio.common import SearchAttributeKey
from temporalio.converter import DataConverter

from liaison.skipping import Execution, fast_forward, skipping_server, wall_clock

_SAME_INSTANT: Final = timedelta(milliseconds=500)
_ARMED_LATE: Final = timedelta(seconds=2)
_A_MOMENT: Final = timedelta(milliseconds=2)
_LOOK_AGAIN_SECONDS: Final = 0.008
_LONGER: Final = 1.2
_AT_MOST_SECONDS: Final = 0.25
_PATIENCE_SECONDS: Final = 30.0


class VirtualTimeStuckError(Exception):
    """The executions did not come to rest in 30 real seconds; the text names each that moves and what it does."""


class VirtualTime:
    """One virtual clock, and every execution started through its client kept in step with it.

    Between two advances the clock runs with the wall clock. One world may hold any number of executions, and several
    worlds may share one server as long as their workflow ids and task queues differ.

    Attributes:
        client: The client for workers, services and tests. Executions started through any other client are not
            moved, except the children of known ones. It refuses update-with-start, which cannot be moved at its start.
        shift: Wall clock minus virtual clock at the start. A workflow's ``now()`` minus ``shift`` is the virtual
            instant, so the instants handed to workflows are virtual instants plus ``shift``.
        beside: What goes on beside the executions and has its turn whenever they rest, before time goes on; it tells
            whether it has done anything, which may have woken some.
    """

    def __init__(self, client: Client, at: datetime) -> None:
        """Begin a world whose clock shows ``at`` (aware) on a server run with ``SKIPPING_SERVER_ARGS``."""
        self.shift: Final = wall_clock() - _aware(at)
        self._skipped = timedelta(0)
        self._executions: dict[str, Execution] = {}
        self.beside: Callable[[], Awaitable[bool]] | None = None
        config = client.config()
        config["interceptors"] = [*config["interceptors"], _KeepInStep(self)]
        self.client: Final = Client(**config)

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        at: datetime,
        *,
        temporal_binary: str,
        data_converter: DataConverter = DataConverter.default,
        search_attributes: Sequence[SearchAttributeKey[Any]] = (),
    ) -> AsyncIterator["VirtualTime"]:
        """Yield one world on a server of its own, stopped at the end; arguments as in ``skipping_server``."""
        async with skipping_server(
            temporal_binary, data_converter=data_converter, search_attributes=search_attributes
        ) as client:
            yield cls(client, at)

    def now(self) -> datetime:
        """Return the virtual instant, in UTC: the clock to hand to services."""
        return wall_clock() - self.shift + self._skipped

    async def advance(self, by: timedelta) -> None:
        """Let ``by`` of virtual time pass; see ``advance_to``."""
        await self.advance_to(self.now() + by)

    async def advance_to(self, instant: datetime) -> None:
        """Play, in order, all that is due up to and including ``instant``; return when every execution rests.

        Timers, delayed starts and activity retries are stops of their own unless they are within half a second of
        each other; a timer meant for ``instant`` but armed up to two seconds late, by the length of the task that armed
        it, belongs to it. At rest no workflow task and no activity of a known execution runs or is about to run.

        Raises:
            ValueError: ``instant`` is naive or past.
            VirtualTimeStuckError: An execution kept moving for 30 real seconds, as when no worker polls.
        """
        if _aware(instant) < self.now():
            raise ValueError(f"virtual time runs forward only: {instant.isoformat()} is past")
        await self._rest(played_to=self.now())
        while (stop := self._next_stop()) and stop <= instant + _ARMED_LATE:
            await self._play(stop, [e for e in self._executions.values() if self._is_due(e, stop)])
        await self._play(instant, list(self._executions.values()))

    def _next_stop(self) -> datetime | None:
        dues = sorted(e.due - self.shift for e in self._executions.values() if e.due is not None)
        return max((due for due in dues if due <= dues[0] + _SAME_INSTANT), default=None)

    async def _play(self, stop: datetime, executions: Sequence[Execution]) -> None:
        # Only those with something to do are moved: a skip costs two history events and some milliseconds each.
        self._skipped += max(stop - self.now(), timedelta(0))
        await asyncio.gather(*(execution.skip_to(self._skipped) for execution in executions))
        await self._rest(played_to=stop)

    def _is_due(self, execution: Execution, instant: datetime) -> bool:
        return execution.due is not None and execution.due - self.shift <= instant

    async def _rest(self, played_to: datetime) -> None:
        await self._executions_rest(played_to)
        while self.beside is not None and await self.beside():
            await self._executions_rest(played_to)

    async def _executions_rest(self, played_to: datetime) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                # Those that move are watched to their end; then all are looked at, because what ended may have woken
                # others, and those in turn. Only a round that finds nothing new is rest.
                pause = _LOOK_AGAIN_SECONDS
                while (moving := self._moving(played_to)) or await self._look(list(self._executions.values())):
                    # Looking takes from whoever works the time to come to rest: the more there are and the longer
                    # it takes, the seldomer.
                    await asyncio.sleep(min(pause * max(1, len(moving)), _AT_MOST_SECONDS))
                    pause *= _LONGER
                    await self._look(moving)
        except TimeoutError:
            names = [f"{e.workflow_id}: {e.doing or 'timer due'}" for e in self._moving(played_to)]
            raise VirtualTimeStuckError(f"no rest at {played_to.isoformat()}: {'; '.join(names)}") from None

    async def _look(self, executions: Sequence[Execution]) -> bool:
        """Look at ``executions``, learn of children and endings; return whether anything happened meanwhile."""
        changed = await asyncio.gather(*(execution.look() for execution in executions))
        for execution in executions:
            if not execution.is_open and self._executions.get(execution.workflow_id) is execution:
                del self._executions[execution.workflow_id]
            for child in execution.children - self._executions.keys():
                self._follow(child)
        return any(changed)

    def _moving(self, played_to: datetime) -> list[Execution]:
        return [e for e in self._executions.values() if e.doing or self._is_due(e, played_to)]

    def _follow(self, workflow_id: str) -> None:
        self._executions[workflow_id] = Execution(self.client, workflow_id, self._skipped)

    async def start_in_step(self, start: StartWorkflowInput, next_: OutboundInterceptor) -> WorkflowHandle[Any, Any]:
        """Start an execution with its clock already in step.

        The skipped time is added to its start delay and then skipped, so its first task already sees the right time;
        the moment added to that keeps the skip from ending at the very instant of the task.
        """
        if start.start_signal is not None and await self._goes_on(start.id):
            # A signal with a start that finds an execution running is a signal.
            await self.bring_into_step(start.id)
            return await next_.start_workflow(start)
        if self._skipped:
            start.time_skipping_config = fast_forward(self._skipped)
            start.start_delay = (start.start_delay or timedelta(0)) + self._skipped + _A_MOMENT
        handle = await next_.start_workflow(start)
        self._follow(start.id)
        return handle

    async def _goes_on(self, workflow_id: str) -> bool:
        """Whether a known execution is still running."""
        if execution := self._executions.get(workflow_id):
            await execution.look()
        return execution is not None and execution.is_open

    async def bring_into_step(self, workflow_id: str) -> None:
        """Move an execution that had nothing to do for a while to the virtual clock, before it hears from somebody."""
        if execution := self._executions.get(workflow_id):
            await execution.skip_to(self._skipped)


class _KeepInStep(Interceptor):
    def __init__(self, world: VirtualTime) -> None:
        self._world = world

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _OutboundInStep(next, self._world)


class _OutboundInStep(OutboundInterceptor):
    """Has every execution in step before it is started, told or asked anything."""

    def __init__(self, next: OutboundInterceptor, world: VirtualTime) -> None:
        super().__init__(next)
        self._world = world

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        return await self._world.start_in_step(input, self.next)

    async def start_update_with_start_workflow(
        self, input: StartWorkflowUpdateWithStartInput
    ) -> WorkflowUpdateHandle[Any]:
        raise NotImplementedError("the server takes no start delay with update-with-start; start, then update")

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:
        await self._world.bring_into_step(input.id)
        await super().signal_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
        await self._world.bring_into_step(input.id)
        return await super().start_workflow_update(input)

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:
        await self._world.bring_into_step(input.id)
        return await super().query_workflow(input)

    async def cancel_workflow(self, input: CancelWorkflowInput) -> None:
        await self._world.bring_into_step(input.id)
        await super().cancel_workflow(input)


def _aware(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError(f"a time without a zone: {instant.isoformat()}")
    return instant
