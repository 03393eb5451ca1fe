"""Runs the whole product on one machine: one start, one log, one end."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import httpx2
import structlog
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from liaison.settings import Profile, Settings
from liaison.supervisor.child import Child, ChildSpec, Leash
from liaison.supervisor.faults import HostFault, no_namespace, no_temporal
from liaison.supervisor.forwarding import Forwarder
from liaison.supervisor.guards import check_ports, find_temporal, hold_home
from liaison.supervisor.programs import Programs, api_spec, temporal_spec, worker_spec
from liaison.temporal import (
    NamespaceFault,
    connect,
    has_namespace,
    logged_runtime,
    set_up_namespace,
    wait_until_serving,
)

_TEMPORAL_WAIT: Final = timedelta(seconds=60)
_API_WAIT: Final = timedelta(seconds=120)
_POLL: Final = 0.1
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_log = structlog.stdlib.get_logger(__name__)


async def up(
    settings: Settings,
    prepare: Callable[[], Awaitable[None]],
    *,
    attributes: Iterable[SearchAttributeKey[Any]],
    announce: Callable[[], None],
    programs: Programs | None = None,
    death_signal: bool = sys.platform == "linux",
) -> None:
    """Run Temporal's server (profile local), worker and API until a signal ends them; call it on the main thread.

    In this order: checks; Temporal serving; namespace set up; ``prepare``; worker and API started; API ready;
    ``announce``. SIGINT, SIGTERM or SIGHUP drains in the reverse order, a second one ends everything at once.

    Args:
        settings: checked settings; the children get the same.
        prepare: migrations, keys, sample city, credentials; raises ``HostFault`` if it cannot.
        attributes: search attributes that the namespace must know.
        announce: called once, when everything answers.
        programs: other programs in place of our two.
        death_signal: tie the children by the kernel's death signal, which Linux has; else by a watched pipe.

    Raises:
        HostFault: something was missing, or a process kept dying; no child is left.
    """
    supervisor = _Supervisor(settings, prepare, announce, tuple(attributes))
    loop = asyncio.get_running_loop()
    # Under nohup a closed terminal is to be ignored.
    heeded = [number for number in _SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, supervisor.end)
    try:
        binary = find_temporal(settings) if settings.profile is Profile.LOCAL else None
        async with _tied(settings, death_signal) as leash:
            check_ports(_ports(settings), str(settings.api_host))
            chosen = programs or Programs()
            ours = (worker_spec(settings, chosen), api_spec(settings, chosen))
            await supervisor.run(leash, temporal_spec(settings, binary) if binary else None, ours)
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)


class _Supervisor:
    """Starts the children in order, waits for the end, stops them in the reverse order."""

    def __init__(
        self,
        settings: Settings,
        prepare: Callable[[], Awaitable[None]],
        announce: Callable[[], None],
        attributes: tuple[SearchAttributeKey[Any], ...],
    ) -> None:
        self._settings = settings
        self._prepare = prepare
        self._announce = announce
        self._attributes = attributes
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hurry = asyncio.Event()
        self._children: list[Child] = []

    def end(self) -> None:
        """What a signal does: the first asks for the end, a further one for haste."""
        if self._ended.done():
            self._hurry.set()
        else:
            self._ended.set_result(None)

    async def run(self, leash: Leash, temporal: ChildSpec | None, ours: Iterable[ChildSpec]) -> None:
        starting = asyncio.create_task(self._start(leash, temporal, ours))
        starting.add_done_callback(self._started)
        try:
            await self._ended
        finally:
            _log.info("stopping")
            starting.cancel()
            await asyncio.wait((starting,))
            for child in reversed(self._children):
                await child.stop(self._hurry)
            _log.info("stopped")

    async def _start(self, leash: Leash, temporal: ChildSpec | None, ours: Iterable[ChildSpec]) -> None:
        if temporal is not None:
            self._keep(temporal, leash)
        await self._set_up_temporal()
        await self._prepare()
        for spec in ours:
            self._keep(spec, leash)
        await _until_ready(self._settings.api_url)
        _log.info("ready")
        self._announce()

    def _keep(self, spec: ChildSpec, leash: Leash) -> None:
        child = Child(spec, leash, Forwarder(self._settings.log_format), self._fail)
        self._children.append(child)
        child.start()

    async def _set_up_temporal(self) -> None:
        client = await connect(self._settings, "up", lazy=True, runtime=logged_runtime())
        try:
            async with asyncio.timeout(_TEMPORAL_WAIT.total_seconds()):
                await wait_until_serving(client, _TEMPORAL_WAIT)
                if self._settings.profile is Profile.PRODUCTION and not await has_namespace(client):
                    # A name typed wrong must not become a second, empty court.
                    raise no_namespace(client.namespace)
                await set_up_namespace(client, attributes=self._attributes)
        except NamespaceFault as fault:
            raise HostFault(str(fault)) from fault
        except (TimeoutError, RPCError) as fault:
            raise no_temporal(self._settings) from fault

    def _started(self, starting: asyncio.Task[None]) -> None:
        fault = None if starting.cancelled() else starting.exception()
        if fault is not None:
            self._fail(fault)

    def _fail(self, fault: BaseException) -> None:
        if not self._ended.done():
            self._ended.set_exception(fault)


@asynccontextmanager
async def _tied(settings: Settings, death_signal: bool) -> AsyncIterator[Leash]:
    async with hold_home(settings.home) as lock:
        if death_signal:
            yield Leash(lock, None)
            return
        watch, kept_open = os.pipe()
        try:
            yield Leash(lock, watch)
        finally:
            os.close(watch)
            os.close(kept_open)


def _ports(settings: Settings) -> dict[str, int]:
    """The ports this profile listens on, by the variables that set them."""
    metrics = {
        "LIAISON_API_METRICS_PORT": settings.api_metrics_port,
        "LIAISON_WORKER_METRICS_PORT": settings.worker_metrics_port,
    }
    ports = {"LIAISON_API_PORT": settings.api_port} | {name: port for name, port in metrics.items() if port is not None}
    if settings.profile is Profile.LOCAL:
        ports |= {
            "LIAISON_TEMPORAL_PORT": settings.temporal_port,
            "LIAISON_TEMPORAL_UI_PORT": settings.temporal_ui_port,
        }
    return ports


async def _until_ready(api_url: str) -> None:
    """Wait till the API lives and is ready.

    Raises:
        HostFault: it is not within two minutes.
    """
    try:
        # No proxy of the environment stands between us and our own machine.
        async with asyncio.timeout(_API_WAIT.total_seconds()), httpx2.AsyncClient(trust_env=False) as client:
            for path in ("/livez", "/readyz"):
                while not await _is_ok(client, api_url + path):  # noqa: ASYNC110 (another process's state)
                    await asyncio.sleep(_POLL)
    except TimeoutError:
        raise HostFault(f"The API was not ready within {_API_WAIT.seconds} seconds; the log says why.") from None


async def _is_ok(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
