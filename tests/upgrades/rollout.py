"""A court in the midst of an upgrade: workers of two releases, people who use the API, and what became of each task."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from httpx2 import ASGITransport, AsyncClient
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

import worker
from api.app import create_app
from liaison.services.relay import run_relay
from tests.faults.crowd import Crowd
from tests.production.traffic import JUDGE
from tests.ui.live import LiveCity, open_live_city

API: Final = "http://court.test"
OLD, NEW = "old", "new"
NONDETERMINISM: Final = "TMPRL1100"
"""Temporal's number for a history that the code does not lead to."""


@dataclass(frozen=True)
class Tasks:
    """Workflow tasks by the worker that had them: how many were done, and why others failed."""

    done: Counter[str]
    failed: list[tuple[str, str]]


@dataclass(frozen=True, repr=False)
class Court:
    """A city with its API, a relay and people; workers come and go."""

    city: LiveCity
    people: Crowd

    @asynccontextmanager
    async def polling(self, name: str, life: type | None = None, build_id: str | None = None) -> AsyncIterator[None]:
        """A worker of the release whose workflow is ``life``, of this one if None.

        It remembers no run, so that each task is for whoever takes it first, with the whole history to replay.
        """
        own = self.city.client
        host = own.service_client.config.target_host
        client = await Client.connect(host, data_converter=own.data_converter, identity=name)
        with pytest.MonkeyPatch.context() as release:
            if life is not None:
                release.setattr(worker, "WORKFLOWS", (life, *worker.WORKFLOWS[1:]))
            polls = worker.build_worker(client, self.city.tools, cached=0, build_id=build_id)
        async with polls:
            yield

    async def tasks(self, references: Iterable[str]) -> Tasks:
        """What the histories say."""
        tasks = Tasks(Counter(), [])
        for reference in references:
            for event in (await self.city.handle(reference).fetch_history()).events:
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                    tasks.done[event.workflow_task_completed_event_attributes.identity] += 1
                elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                    failed = event.workflow_task_failed_event_attributes
                    tasks.failed.append((failed.identity, failed.failure.message))
        return tasks


@asynccontextmanager
async def open_court(template: Path, home: Path, server: WorkflowEnvironment, *, at_once: int) -> AsyncIterator[Court]:
    """A court without workers; its relay delivers what they were too busy or too absent for."""
    stop = asyncio.Event()
    async with open_live_city(template, home, server) as city:
        app = create_app(lambda: nullcontext(city.platform), show_openapi=False)
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with app.router.lifespan_context(app), AsyncClient(transport=transport, timeout=30) as http:
            given = city.credentials
            keys = {"channel": given.channel_key, "clerk": given.clerk_key, "judge": city.key_of(JUDGE)}
            url, outbox = city.tools.db.url, city.home / "outbox.jsonl"
            people = Crowd([API], keys, http, client=server.client, url=url, outbox=outbox, at_once=at_once)
            relay = asyncio.create_task(run_relay(city.platform, stop, "relay"))
            try:
                yield Court(city, people)
            finally:
                stop.set()
                await relay
