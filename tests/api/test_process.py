"""``python -m api.app`` as the supervisor runs it: starts without Temporal, drains, ends cleanly (L03, L06)."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from ulid import ULID

from liaison.services.credentials import read_credentials
from liaison.services.provisioning import prepare_local
from liaison.settings import Settings
from tests.ports import free_port

COMMAND = (sys.executable, "-P", "-m", "api.app")


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """A home made ready, with free ports nobody else listens on."""
    ports = {"api_port": free_port(), "temporal_port": free_port(), "temporal_ui_port": free_port()}
    made = Settings(home=tmp_path, log_format="json", **ports)
    await prepare_local(made, lambda: datetime.now(UTC))
    return made


def surroundings(settings: Settings) -> dict[str, str]:
    """The environment a supervisor gives, free of what this machine has set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    return kept | settings.environment()


@contextmanager
def running(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """The process; its log is read from standard error."""
    process = subprocess.Popen(COMMAND, env=surroundings(settings), stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def answering(http: httpx2.AsyncClient) -> Any:
    """The first answer of ``/livez``."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await http.get("/livez")
            except httpx2.TransportError:
                await asyncio.sleep(0.05)


async def test_it_accepts_without_temporal_logs_no_person_and_ends_within_its_grace(
    settings: Settings, body: dict[str, Any]
) -> None:
    key = read_credentials(settings.credentials_path).channel_key
    async with httpx2.AsyncClient(base_url=settings.api_url) as http:
        with running(settings) as process:
            assert (await answering(http)).json() == {"status": "alive"}
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(ULID())}
            began = time.monotonic()
            accepted = await http.post("/v1/requests?name=李四", json=body, headers=headers)
            assert accepted.status_code == 201
            assert time.monotonic() - began < 4
            ready = await http.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "ok")
            process.send_signal(signal.SIGTERM)
            _, log = await asyncio.to_thread(process.communicate, timeout=8)
    assert process.returncode == 0
    assert '"route": "/v1/requests"' in log
    for personal in ("张三", "李四", "13800138000", body["content"], key):
        assert personal not in log


def test_without_a_book_it_says_so_in_one_sentence(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    ended = subprocess.run(COMMAND, env=surroundings(settings), capture_output=True, text=True, timeout=30)
    assert ended.returncode == 6
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "key ring" in ended.stderr
