"""A real Temporal server that comes and goes, and the real worker of an office."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.testing import WorkflowEnvironment

from activities.tools import Tools
from liaison.contract import search
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.templates import packaged_templates
from liaison.sample_city import sample_trial_register
from tests.city import TEMPORAL
from tests.services.office import Office
from worker import build_worker

PATIENCE_SECONDS = 20


@asynccontextmanager
async def temporal_at(
    port: int, attributes: Sequence[SearchAttributeKey[Any]] = search.ALL, dynamic: Sequence[str] = ()
) -> AsyncIterator[None]:
    """A dev server on this port, with our search attributes unless told otherwise; ``dynamic`` are ``key=value``."""
    server = await WorkflowEnvironment.start_local(
        ip="127.0.0.1",
        port=port,
        dev_server_existing_path=TEMPORAL,
        dev_server_log_level="never",
        search_attributes=attributes,
        dev_server_extra_args=[f"--dynamic-config-value={setting}" for setting in dynamic],
    )
    async with server:
        yield


@asynccontextmanager
async def worker_of(office: Office) -> AsyncIterator[None]:
    """The worker on the office's book and clock, with a client of its own: lazy ones are not for workers."""
    platform = office.platform
    config = platform.client.service_client.config
    client = await Client.connect(config.target_host, data_converter=platform.client.data_converter)
    tools = Tools(
        db=platform.db,
        ring=platform.ring,
        rulebook=platform.rulebook,
        client=client,
        clock=platform.clock,
        trial_system=sample_trial_register(),
        gateways=(EmbeddedOutbox(office.home / "outbox.jsonl", platform.clock),),
        templates=packaged_templates(),
        plain_signals_accepted=True,
    )
    async with build_worker(client, tools, cached=100):
        yield


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something the worker does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await true():
                return
            await asyncio.sleep(0.05)
