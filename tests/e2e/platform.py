"""The whole platform as its users run it: ``liaison up`` in a folder and on ports of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.ports import free_ports

BIN = Path(sys.executable).parent
UP = (str(BIN / "liaison"), "up")
ROOT = Path(__file__).parents[2]
EXAMPLE = json.loads((ROOT / "examples" / "request.json").read_text(encoding="utf-8"))
PATIENCE_SECONDS = 100.0


@dataclass
class Running:
    """A running platform: its supervisor, its folder, and how people reach it."""

    home: Path
    environment: dict[str, str]
    process: "subprocess.Popen[str]"

    @property
    def credentials(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.home / "credentials.json").read_text(encoding="utf-8"))
        return content

    def call(
        self, method: str, path: str, key: str, body: dict[str, Any] | None = None, once: str = ""
    ) -> httpx2.Response:
        """One HTTP call with a key; POSTs carry an idempotency key."""
        headers = {"Authorization": f"Bearer {key}"} | ({"Idempotency-Key": once} if once else {})
        url = self.credentials["api_url"] + path
        return httpx2.request(method, url, headers=headers, json=body, timeout=15, trust_env=False)

    def submit(self, once: str, **changes: Any) -> dict[str, Any]:
        """Register the README's example."""
        answer = self.call("POST", "/v1/requests", self.credentials["channel_key"], EXAMPLE | changes, once)
        assert answer.status_code == 201, answer.text
        registered: dict[str, Any] = answer.json()
        return registered

    def show(self, reference: str) -> dict[str, Any]:
        """The request as a clerk sees it."""
        shown: dict[str, Any] = self.call("GET", f"/v1/requests/{reference}", self.credentials["clerk_key"]).json()
        return shown

    def wait_for(self, reference: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The request as soon as ``true`` of it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not true(shown := self.show(reference)):
            assert time.monotonic() < until, shown
            time.sleep(0.1)
        return shown

    def liaison(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """The command line, as typed beside the running platform."""
        return subprocess.run(
            [BIN / "liaison", *arguments], env=self.environment, input=stdin, capture_output=True, text=True, timeout=60
        )

    def temporal(self, *arguments: str) -> str:
        """Temporal's own command line, without any codec."""
        command = [BIN / "temporal", *arguments, "--address", self.credentials["temporal_address"]]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the supervisor by a signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=15)


def environment_in(home: Path) -> dict[str, str]:
    """Settings of a platform in ``home`` on free ports."""
    api, temporal, ui = free_ports(3)
    ours = {
        "LIAISON_HOME": str(home),
        "LIAISON_API_PORT": str(api),
        "LIAISON_TEMPORAL_PORT": str(temporal),
        "LIAISON_TEMPORAL_UI_PORT": str(ui),
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")} | ours


def start(home: Path, environment: dict[str, str], command: Sequence[str] = UP) -> Running:
    """Start ``liaison up``, or a variation of it, and return when it is ready."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / "up.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, text=True)
    try:
        _wait_until_ready(home, environment, process)
    except AssertionError:
        process.terminate()
        raise
    return Running(home, environment, process)


def _wait_until_ready(home: Path, environment: dict[str, str], process: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    url = f"http://127.0.0.1:{environment['LIAISON_API_PORT']}/readyz"
    while True:
        assert process.poll() is None and time.monotonic() < until, (home.parent / "up.log").read_text("utf-8")[-2000:]
        try:
            if httpx2.get(url, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)


@contextmanager
def running(home: Path) -> Iterator[Running]:
    """A platform for the length of the block."""
    platform = start(home, environment_in(home))
    try:
        yield platform
    finally:
        if platform.process.poll() is None:
            platform.stop()
