"""A city in which a minute of the book passes in a second: everything is real but the length of its waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from activities.tools import Tools
from liaison.gateways.sms.port import SmsGateway
from liaison.services.callbacks import Desk
from liaison.services.relay import run_relay
from tests.ui.live import LiveCity, normal_server, open_live_city
from worker import build_senders, build_worker


@dataclass(frozen=True)
class Pace:
    """The book's clock: it showed ``book`` when the wall's showed ``wall``, and runs ``times`` as fast."""

    book: datetime
    wall: datetime
    times: float

    def now(self) -> datetime:
        """What it shows."""
        return self.book + (datetime.now(UTC) - self.wall) * self.times


@dataclass(frozen=True, kw_only=True)
class HurriedTools(Tools):
    """Tools by which workflows, whose clock is the wall's, wait so much shorter."""

    pace: Pace

    def for_workflow(self, instant: datetime) -> str:
        """When the wall's clock will show what the book's does at that instant."""
        return (self.pace.wall + (instant - self.pace.book) / self.pace.times).isoformat()

    def from_workflow(self, instant: str) -> datetime:
        """The other way round."""
        return self.pace.book + (datetime.fromisoformat(instant) - self.pace.wall) * self.pace.times


@asynccontextmanager
async def hurried_city(
    template: Path, home: Path, at: datetime, times: float, gateway: SmsGateway
) -> AsyncIterator[LiveCity]:
    """A city with worker, senders, relay and a gateway that listens, on a Temporal server of its own."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(normal_server())
        live = await stack.enter_async_context(open_live_city(template, home, server))
        pace = Pace(at, datetime.now(UTC), times)
        given = {each.name: getattr(live.tools, each.name) for each in fields(Tools)}
        tools = HurriedTools(**given | {"clock": pace.now, "gateways": (gateway,), "pace": pace})
        city = LiveCity(home, tools, live.credentials)
        await stack.enter_async_context(gateway.listening(Desk(city.platform, gateway.name)))
        for worker in (build_worker(city.client, tools), *build_senders(city.client, tools)):
            await stack.enter_async_context(worker)
        stop = asyncio.Event()
        relay = asyncio.create_task(run_relay(city.platform, stop, "test"))
        try:
            yield city
        finally:
            stop.set()
            await relay
