"""A running copy of the product in a process of its own, as a test sees it: its log, its children, its end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.ports import free_ports

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def wait_for(true: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Wait until something is true; how long it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not come true in time"
        time.sleep(0.02)
    return time.monotonic() - began


def is_gone(pid: int) -> bool:
    """Whether no such process runs; one that waits to be reaped is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Copy:
    """One ``liaison up`` with stand-ins for worker and API, and the real Temporal server."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.home = folder / "home"
        self._stdout = folder / f"stdout-{time.monotonic_ns()}"
        self._stderr = folder / f"stderr-{time.monotonic_ns()}"
        api, temporal, ui = free_ports(3)
        self.environment = {
            "LIAISON_HOME": str(self.home),
            "LIAISON_API_PORT": str(api),
            "LIAISON_TEMPORAL_PORT": str(temporal),
            "LIAISON_TEMPORAL_UI_PORT": str(ui),
            "LIAISON_LOG_FORMAT": "json",
        } | variables
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.running.run_up", *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env={name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
                | self.environment,
                start_new_session=True,
            )

    @property
    def stdout(self) -> str:
        return self._stdout.read_text()

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """The finished lines of its log; each must be JSON, but for a sentence at the end."""
        finished = self.stderr.rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in finished if line.startswith("{")]

    def events(self, process: str | None = None) -> list[str]:
        return [str(line["event"]) for line in self.lines() if process in (None, line["process"])]

    def pids(self, child: str | None = None) -> list[int]:
        """The processes it has started so far, oldest first."""
        started = [line for line in self.lines() if line["event"] == "child started"]
        return [int(line["pid"]) for line in started if child in (None, line["child"])]

    def wait_until_ready(self) -> "Copy":
        wait_for(lambda: self.process.poll() is not None or "ready" in self.events("up"))
        assert self.process.poll() is None, self.stderr
        return self

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Send a signal and wait for the end; exit code and seconds."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE), time.monotonic() - began

    def clean_up(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        left = [pid for pid in self.pids() if not self._goes(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, "children outlived their supervisor"

    def _goes(self, pid: int) -> bool:
        """Whether a child ends by itself within moments; its number may meanwhile be a stranger's."""
        try:
            wait_for(partial(is_gone, pid), 5)
        except AssertionError:
            proc = Path(f"/proc/{pid}")
            return str(self.home) not in (proc / "cmdline").read_text() + (proc / "environ").read_text()
        return True


def copies(folder: Path) -> Iterator[Callable[..., Copy]]:
    """A maker of copies that ends them all."""
    made: list[Copy] = []

    def make(name: str = "one", *arguments: str, **variables: str) -> Copy:
        made.append(Copy(folder / name, *arguments, **variables))
        return made[-1]

    yield make
    for copy in made:
        copy.clean_up()
