"""The doctor's checks of the machine: programs, ports, folder, disk, key ring file."""

import fcntl
import os
import shutil
import socket
import stat
from pathlib import Path
from typing import Final

from liaison.cli.findings import Finding, failed, ok, skipped, warning
from liaison.settings import Profile, Settings
from liaison.supervisor.faults import HostFault
from liaison.supervisor.guards import check_ports, find_temporal

_MIB: Final = 2**20
_DISK_LOW: Final = 1024 * _MIB
_RING_MODE: Final = {Profile.LOCAL: 0o600, Profile.PRODUCTION: 0o640}
"""The most the key ring's file may allow: a group is how Kubernetes lets a process that is not root read a secret."""
_OTHERS: Final = {Profile.LOCAL: 0o077, Profile.PRODUCTION: 0o007}
"""Who may not enter the folder: a volume of Kubernetes belongs to a group."""


def check_machine(settings: Settings) -> list[Finding]:
    """Every check of the machine."""
    return [
        check_binaries(settings),
        check_ports_of(settings),
        check_folder(settings),
        check_disk(settings),
        check_ring_mode(settings),
    ]


def is_running(settings: Settings) -> bool:
    """Whether a ``liaison up`` holds the folder's lock."""
    try:
        lock = os.open(settings.home / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def check_binaries(settings: Settings) -> Finding:
    """The program of Temporal's server, which the local profile runs itself."""
    if settings.profile is not Profile.LOCAL:
        return skipped("binaries", "Temporal runs elsewhere in the production profile.")
    try:
        return ok("binaries", f"temporal: {find_temporal(settings)}")
    except HostFault as fault:
        return failed("binaries", str(fault))


def check_ports_of(settings: Settings) -> Finding:
    """Ports answer while the platform runs, and are free while it does not."""
    ports = _ports(settings)
    listed = ", ".join(str(port) for port in ports.values())
    running = is_running(settings)
    if not running and settings.profile is Profile.PRODUCTION:
        # Each process stands alone there: in a healthy API's container its own port is taken, by it.
        return skipped("ports", "Another process or container serves the API; its /readyz answers for it.")
    if not running:
        try:
            check_ports(ports, str(settings.api_host))
        except HostFault as fault:
            return failed("ports", str(fault))
        return ok("ports", f"free: {listed}")
    silent = [f"{port} ({variable})" for variable, port in ports.items() if not _answers(port)]
    if silent:
        return failed("ports", f"liaison is running, but nothing listens on {', '.join(silent)}.")
    return ok("ports", f"in use by liaison: {listed}")


def check_folder(settings: Settings) -> Finding:
    """``LIAISON_HOME`` can be written and is the owner's alone."""
    home = settings.home
    if not home.exists():
        return skipped("folder", f"{home} does not exist yet; the first start makes it.")
    if not home.is_dir() or not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        return failed("folder", f"{home} is no folder that can be written.")
    if _mode(home) & _OTHERS[settings.profile]:
        return warning("folder", f"{home} can be entered by others (mode {_mode(home):04o}); chmod 700 keeps them out.")
    return ok("folder", str(home))


def check_disk(settings: Settings) -> Finding:
    """Room for the databases."""
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free
    says = f"{free // _MIB} MiB free"
    if free < settings.disk_floor_mb * _MIB:
        return failed("disk", f"{says}, below LIAISON_DISK_FLOOR_MB: nothing new is taken in.")
    return warning("disk", says) if free < _DISK_LOW else ok("disk", says)


def check_ring_mode(settings: Settings) -> Finding:
    """Nobody else can read the key ring's file; whether it can be used is the book's check."""
    path, most = settings.key_ring, _RING_MODE[settings.profile]
    try:
        mode = _mode(path)
    except OSError as fault:
        return skipped("key ring mode", f"{path} cannot be looked at: {fault.strerror}.")
    if mode & 0o077 & ~most:
        return failed("key ring mode", f"{path} is open to others (mode {mode:04o}); chmod {most:o} {path}.")
    return ok("key ring mode", f"{mode:04o}")


def _ports(settings: Settings) -> dict[str, int]:
    names = ["api_port", "temporal_port", "temporal_ui_port"] if settings.profile is Profile.LOCAL else ["api_port"]
    return {f"LIAISON_{name.upper()}": getattr(settings, name) for name in names}


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
