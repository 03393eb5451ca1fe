"""``/livez`` and ``/readyz`` in every state of the surroundings (design section 8)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy.exc import OperationalError
from temporalio import workflow
from temporalio.client import Client
from temporalio.service import RetryConfig
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from liaison.contract.names import TASK_QUEUE
from liaison.keys import KeyRing
from liaison.services.platform import Platform
from liaison.services.readiness import Watch
from tests.api.conftest import City

OWN = {"database": "ok", "codec": "ok", "disk": "ok"}
TEMPORAL = Path(sys.prefix) / "bin" / "temporal"


@workflow.defn(sandboxed=False)
class Idle:
    """A worker must offer something."""

    @workflow.run
    async def run(self) -> None:
        """End at once."""


@pytest_asyncio.fixture
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """A real dev server that a test may stop."""
    environment = await WorkflowEnvironment.start_local(dev_server_existing_path=str(TEMPORAL))
    yield environment
    await environment.shutdown()


async def readyz(city: City, watch: Watch) -> tuple[int, dict[str, Any]]:
    """What ``/readyz`` says where ``watch`` looks."""
    own, city.app.state.watch = city.app.state.watch, watch
    try:
        answer = await city.http.get("/readyz")
    finally:
        city.app.state.watch = own
    assert ("retry-after" in answer.headers) == (answer.status_code == 503)
    return answer.status_code, answer.json()


def watch_of(platform: Platform) -> Watch:
    """A watch that looks anew each time."""
    return Watch(platform, kept=timedelta())


async def test_the_process_lives_whatever_its_surroundings_do(city: City) -> None:
    answer = await city.http.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_process_that_never_saw_temporal_is_not_ready(city: City) -> None:
    status, shown = await readyz(city, watch_of(city.platform))
    assert (status, shown["status"]) == (503, "not_ready")
    assert shown["checks"] == {**OWN, "temporal": "down", "worker": "down"}


async def test_ready_from_the_first_poll_and_degraded_when_temporal_goes(
    city: City, server: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await Client.connect(
        server.client.service_client.config.target_host, retry_config=RetryConfig(max_elapsed_time_millis=200)
    )
    watch = watch_of(replace(city.platform, client=client))
    status, shown = await readyz(city, watch)
    assert (status, shown["checks"]["temporal"], shown["checks"]["worker"]) == (503, "ok", "down")

    async with Worker(client, task_queue=TASK_QUEUE, workflows=[Idle]):
        async with asyncio.timeout(10):
            while status != 200:
                status, _ = await readyz(city, watch)
        assert (await readyz(city, watch))[1]["status"] == "ready"

    await server.shutdown()
    status, shown = await readyz(city, watch)
    assert (status, shown["status"]) == (200, "degraded")
    assert shown["checks"] == {**OWN, "temporal": "down", "worker": "down"}

    def away() -> Any:
        raise OperationalError("BEGIN", {}, Exception("unable to open database file"))

    monkeypatch.setattr(city.platform.db, "read", away)
    status, shown = await readyz(city, watch)
    assert (status, shown["status"], shown["checks"]["database"]) == (503, "not_ready", "down")


async def test_a_key_ring_of_another_book_is_not_ready(city: City, body: dict[str, Any]) -> None:
    await city.send(body)
    status, shown = await readyz(city, watch_of(replace(city.platform, ring=KeyRing.generate())))
    assert (status, shown["checks"]["database"], shown["checks"]["codec"]) == (503, "ok", "down")


async def test_many_who_ask_at_once_share_one_look(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    read = city.platform.db.read

    def counted() -> Any:
        nonlocal looks
        looks += 1
        return read()

    monkeypatch.setattr(city.platform.db, "read", counted)
    watch = Watch(city.platform)
    await asyncio.gather(*(watch.look() for _ in range(20)))
    assert looks == 1
