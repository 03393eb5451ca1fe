"""One installation of the production profile on this machine, made by the commands its operators type."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import httpx2

from tests.e2e.platform import BIN, ROOT
from tests.ports import free_ports
from tests.scale import scaled

DIRECTORY = files("liaison") / "sample_city/directory.csv"
PATIENCE_SECONDS = 60.0
END_SECONDS = scaled(15, 60)
"""A process told to end is gone by then; with a thousand requests behind it, and others as busy, it may take longer."""


def settings_free() -> dict[str, str]:
    """This environment without settings of ours or Temporal's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LIAISON_", "TEMPORAL_"))}


@dataclass
class Process:
    """A process of ours that may be killed and started again."""

    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    running: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it as a power cut would; a process that ended by itself is a fault."""
        self.running.kill()
        assert self.running.wait() == -signal.SIGKILL, self.log.read_text("utf-8")[-2000:]


class Installation:
    """Settings of one court: a database, a Temporal namespace, ``apis`` and ``workers`` to come."""

    def __init__(self, home: Path, database_url: str, temporal_address: str) -> None:
        home.mkdir()
        self.home = home
        self.environment = settings_free() | {
            "LIAISON_PROFILE": "production",
            "LIAISON_HOME": str(home),
            "LIAISON_DATABASE_URL": database_url,
            "LIAISON_KEY_RING": str(home / "ring.json"),
            "TEMPORAL_ADDRESS": temporal_address,
            "TEMPORAL_NAMESPACE": home.parent.name.replace("_", "-"),
        }
        self.apis: list[Process] = []
        self.workers: list[Process] = []

    @property
    def namespace(self) -> str:
        """Temporal's namespace of this court."""
        return self.environment["TEMPORAL_NAMESPACE"]

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command of ours."""
        return subprocess.Popen(
            [BIN / "liaison", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def liaison(self, *words: str) -> str:
        """What a command of ours says; it must succeed."""
        return self.all_of(words)[0]

    def all_of(self, *commands: tuple[str, ...]) -> list[str]:
        """Run commands at the same time; all must succeed."""
        begun = [self.begin(*words) for words in commands]
        said = [process.communicate(timeout=PATIENCE_SECONDS) for process in begun]
        assert [process.returncode for process in begun] == [0] * len(begun), said
        return [out for out, _ in said]

    def make(self) -> None:
        """What a court does before its first request, in the order of the README."""
        self.all_of(("keys", "ring", "--out", str(self.home / "ring.json")), ("db", "upgrade"))
        self.all_of(("setup",), ("directory", "load", str(DIRECTORY)))

    def keys(self, **orders: tuple[str, ...]) -> dict[str, str]:
        """An API key for each order, by its name."""
        paths = {name: self.home / f"{name}.key" for name in orders}
        self.all_of(*(("keys", "create", *order, "--out", str(paths[name])) for name, order in orders.items()))
        return {name: path.read_text(encoding="ascii").strip() for name, path in paths.items()}

    @contextmanager
    def serving(self, apis: int, workers: int) -> Iterator[list[str]]:
        """APIs and workers as processes of their own for the length of the block; the APIs' addresses."""
        ports = free_ports(apis)
        self.apis = [self._process("api.app", f"api-{n}", LIAISON_API_PORT=str(port)) for n, port in enumerate(ports)]
        self.workers = [self._process("worker", f"worker-{n}") for n in range(workers)]
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        everything = [*self.apis, *self.workers]
        try:
            for process in everything:
                process.start()
            for address in addresses:
                _until_ready(address, everything)
            yield addresses
        finally:
            for process in everything:
                process.running.terminate()
            for process in everything:
                process.running.wait(timeout=END_SECONDS)

    def _process(self, module: str, name: str, **variables: str) -> Process:
        command = (sys.executable, "-P", "-m", module)
        return Process(command, self.environment | variables, self.home / f"{name}.log")


def _until_ready(address: str, processes: list[Process]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        logs = "".join(process.log.read_text("utf-8")[-1000:] for process in processes)
        assert all(process.running.poll() is None for process in processes), logs
        assert time.monotonic() < until, logs
        try:
            if httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
