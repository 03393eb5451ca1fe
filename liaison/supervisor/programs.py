"""What the supervisor runs: Temporal's server, our worker, our API, and the surroundings each is given."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from liaison.settings import LOOPBACK, PREFIX, Settings
from liaison.supervisor.child import ChildSpec

# Drained one after the other within the ten seconds that a stop may take; each program's own patience is shorter.
API_GRACE: Final = 3.0
WORKER_GRACE: Final = 4.0
TEMPORAL_GRACE: Final = 2.0


@dataclass(frozen=True)
class Programs:
    """Our two processes. ``-P``: a folder that happens to hold a ``worker.py`` must not stand in for ours."""

    worker: tuple[str, ...] = (sys.executable, "-P", "-m", "worker")
    api: tuple[str, ...] = (sys.executable, "-P", "-m", "api.app")


def worker_spec(settings: Settings, programs: Programs) -> ChildSpec:
    """The Temporal worker."""
    return ChildSpec("worker", programs.worker, _our_environment(settings), WORKER_GRACE)


def api_spec(settings: Settings, programs: Programs) -> ChildSpec:
    """The HTTP API."""
    return ChildSpec("api", programs.api, _our_environment(settings), API_GRACE)


def temporal_spec(settings: Settings, binary: Path) -> ChildSpec:
    """Temporal's server for one machine: loopback only, its state in one SQLite file of the home.

    Write-ahead log and synchronous=1 double its speed; committed work survives a killed process.
    """
    # fmt: off
    command = (
        str(binary), "server", "start-dev",
        "--ip", str(LOOPBACK), "--port", str(settings.temporal_port), "--ui-port", str(settings.temporal_ui_port),
        "--db-filename", str(settings.home / "temporal.db"),
        "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1",
        "--namespace", "default", "--log-level", "warn", "--log-format", "json",
        "--disable-config-file", "--disable-config-env",
    )
    # fmt: on
    return ChildSpec("temporal", command, _surroundings(), TEMPORAL_GRACE, mute_at_end=True)


def _surroundings() -> dict[str, str]:
    """This process's environment without our settings."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}


def _our_environment(settings: Settings) -> dict[str, str]:
    # Unbuffered: a line is worth most before the process that wrote it died.
    return _surroundings() | settings.environment() | {"PYTHONUNBUFFERED": "1"}
