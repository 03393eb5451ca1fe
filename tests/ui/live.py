"""A city on a normal Temporal server: the wall clock, nothing skipped, no events but those of production."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from activities.tools import Tools
from liaison.codec import data_converter
from liaison.contract import search
from liaison.contract.names import QUERY_STATE
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.port import SmsGateway
from liaison.gateways.sms.templates import packaged_templates
from liaison.keys import KeyRing, read_key_ring
from liaison.policy.words import Stage
from liaison.sample_city import sample_trial_register
from liaison.services.credentials import Credentials, read_credentials
from liaison.services.platform import Platform
from tests.city import TEMPORAL, City
from worker import build_worker
from workflows.state import RequestState

IDENTITY = "liaison-test/1"
"""Stands in every history for the machine and process that recorded it."""


class LiveCity(City):
    """A city whose workflows live by the wall clock; ``working`` opens its worker."""

    def __init__(self, home: Path, tools: Tools, credentials: Credentials) -> None:
        self.home, self.tools, self.credentials = home, tools, credentials
        self.platform = Platform(tools.db, tools.ring, tools.rulebook, tools.client, tools.clock)
        self.__post_init__()

    @property
    def client(self) -> Client:
        return self.tools.client

    async def state(self, reference: str) -> RequestState:
        """What the workflow knows: it learns of what an activity did a moment after the book."""
        state: RequestState = await self.handle(reference).query(QUERY_STATE, result_type=RequestState)
        return state

    async def is_at(self, reference: str, stage: Stage) -> bool:
        """Whether the workflow shows this stage."""
        return (await self.state(reference)).stage is stage

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Have a worker poll."""
        async with build_worker(self.client, self.tools, cached=1000):
            yield

    def moved_to(self, instant: datetime) -> "LiveCity":
        """The same city when its clock shows ``instant``; workflows opened from now on see instants of that clock."""
        return self.moved_by(datetime.now(UTC) - instant)

    def moved_by(self, shift: timedelta) -> "LiveCity":
        """The same city on a clock that is so much behind."""
        return self._with(clock=lambda: datetime.now(UTC) - shift, shift=shift)

    def sending_through(self, gateway: SmsGateway) -> "LiveCity":
        """The same city with another gateway."""
        return self._with(gateways=(gateway,))

    def _with(self, **tools: Any) -> "LiveCity":
        city = LiveCity(self.home, replace(self.tools, **tools), self.credentials)
        city._keys = self._keys  # an idempotency key used twice would be a repetition
        return city


@asynccontextmanager
async def normal_server(*options: str) -> AsyncIterator[WorkflowEnvironment]:
    """A dev server with the options of production, and more; its own client has no codec, like an operator's."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=TEMPORAL,
        dev_server_log_level="never",
        dev_server_extra_args=["--output", "none", *options],
        search_attributes=search.ALL,
    )
    async with environment:
        yield environment


@asynccontextmanager
async def open_live_city(
    template: Path, home: Path, server: WorkflowEnvironment, *, payload_ring: KeyRing | None = None
) -> AsyncIterator[LiveCity]:
    """A city on today's clock, without a worker yet; payloads under ``payload_ring`` if they must be read elsewhere."""
    shutil.copytree(template, home)
    ring = payload_ring or read_key_ring(home / "key-ring.json")
    client = await server.connect_client(data_converter=data_converter(ring), identity=IDENTITY)
    async with city_in(home, client) as city:
        yield city


@asynccontextmanager
async def city_in(home: Path, client: Client) -> AsyncIterator[LiveCity]:
    """The city of a home folder, on today's clock, without a worker yet."""
    ring = read_key_ring(home / "key-ring.json")
    db = Database(f"sqlite+aiosqlite:///{home / 'liaison.db'}")
    tools = Tools(
        db=db,
        ring=ring,
        rulebook=Rulebook(),
        client=client,
        clock=lambda: datetime.now(UTC),
        trial_system=sample_trial_register(),
        gateways=(EmbeddedOutbox(home / "outbox.jsonl", lambda: datetime.now(UTC)),),
        templates=packaged_templates(),
        plain_signals_accepted=True,
        shift=timedelta(0),
    )
    try:
        yield LiveCity(home, tools, read_credentials(home / "credentials.json"))
    finally:
        await db.close()
