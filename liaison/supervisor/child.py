"""One supervised process: started, its lines forwarded, started again when it dies, stopped in good order."""

import asyncio
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from liaison.supervisor import leash
from liaison.supervisor.faults import HostFault

DEATHS_ALLOWED: Final = 5
MINUTE: Final = 60.0

_FIRST_DELAY: Final = 0.5
_LONGEST_LINE: Final = 1 << 20

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class ChildSpec:
    """What to run.

    Attributes:
        name: ``temporal``, ``worker`` or ``api``, as in the log.
        command: program and arguments.
        environment: all of its environment variables.
        grace: seconds between the polite signal and the last one.
        mute_at_end: drop what it says after the polite signal; Temporal's server reports every poll it breaks off.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    grace: float
    mute_at_end: bool = False


@dataclass(frozen=True)
class Leash:
    """What ties children to this process.

    Attributes:
        lock: descriptor of the folder's lock, inherited by each child.
        watch: reading end of a pipe whose writing end only this process holds; None where the kernel sends a death
            signal.
    """

    lock: int
    watch: int | None

    def wrap(self, command: tuple[str, ...]) -> list[str]:
        """The command, run by the leash."""
        watch = "-" if self.watch is None else str(self.watch)
        return [sys.executable, "-I", "-S", str(Path(leash.__file__)), str(os.getpid()), watch, *command]

    def descriptors(self) -> tuple[int, ...]:
        """What a child inherits beside its standard streams."""
        return (self.lock,) if self.watch is None else (self.lock, self.watch)


class Child:
    """Keeps one process running until it is told to stop, or the process has died five times within a minute.

    Args:
        spec: what to run.
        tied: see ``Leash``.
        forward: takes the child's name and each line it writes.
        give_up: told once, when the child dies too often.
    """

    def __init__(
        self,
        spec: ChildSpec,
        tied: Leash,
        forward: Callable[[str, bytes], None],
        give_up: Callable[[HostFault], None],
    ) -> None:
        self.spec = spec
        self._tied = tied
        self._forward = forward
        self._give_up = give_up
        self._deaths: deque[float] = deque(maxlen=DEATHS_ALLOWED)
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start keeping it. Must run on the main thread: the kernel's death signal follows the thread that forks."""
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask it to end, wait its grace or until there is a hurry, then kill it; a child never started is left be."""
        self._stopping.set()
        if self._keeper is None:
            return
        self._signal(signal.SIGTERM)
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait((self._keeper, hurried), timeout=self.spec.grace, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not self._keeper.done():
            _log.warning("child killed", child=self.spec.name)
            self._signal(signal.SIGKILL)
        await self._keeper

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            code = await self._live()
            if self._stopping.is_set():
                return
            self._deaths.append(time.monotonic())
            recent = sum(death > time.monotonic() - MINUTE for death in self._deaths)
            if recent == DEATHS_ALLOWED:
                self._give_up(HostFault(f"The {self.spec.name} died five times within a minute; the log says why."))
                return
            delay = _FIRST_DELAY * 2 ** (recent - 1)
            _log.warning("child died", child=self.spec.name, exit_code=code, restart_in_seconds=delay)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _live(self) -> int | None:
        """Run the process once, from start to end; None where the machine would not start it."""
        try:
            self._process = await self._begin()
        except OSError as fault:
            # No room for another process or file, or no program: it may pass, so it counts as a death like any other.
            _log.warning("child not started", child=self.spec.name, reason=fault.strerror)
            return None
        if self._stopping.is_set():
            self._signal(signal.SIGTERM)
        _log.info("child started", child=self.spec.name, pid=self._process.pid)
        reading = asyncio.create_task(self._read(self._process.stdout))
        code = await self._process.wait()
        # Nothing it may have started stays behind, nor holds the pipe open.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await reading
        return code

    async def _begin(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._tied.wrap(self.spec.command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE,
            env=self.spec.environment,
            pass_fds=self._tied.descriptors(),
            # A Ctrl-C in the terminal is for the supervisor, which ends its children in order.
            start_new_session=True,
        )

    async def _read(self, lines: asyncio.StreamReader | None) -> None:
        while lines is not None:
            try:
                line = await lines.readline()
            except ValueError:
                _log.warning("overlong line dropped", child=self.spec.name)
                continue
            if not line:
                return
            if not (self._stopping.is_set() and self.spec.mute_at_end):
                self._forward(self.spec.name, line)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)
