"""The real application over a real book and the sample city; Temporal is a closed port, as on a bad day."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr
from sqlmodel import func, select
from temporalio.client import Client
from temporalio.service import RetryConfig
from ulid import ULID

from api.app import create_app
from liaison.codec import data_converter
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.db.tables import Action, Event, Idempotency, Plan, Request, RequestText
from liaison.keys import read_key_ring
from liaison.services.credentials import Credentials
from liaison.services.platform import Platform
from liaison.services.provisioning import prepare_local
from liaison.settings import Settings
from tests.ports import free_port
from tests.postgres import postgres

COUNTED = (Request, Plan, Event, Action, Idempotency, RequestText)


@dataclass(frozen=True)
class City:
    """The application, its platform and everybody's keys."""

    app: FastAPI
    platform: Platform
    credentials: Credentials
    http: AsyncClient

    async def send(self, body: Any, *, key: str | None = None, once: str | None = None, **headers: str) -> Any:
        """Post a request as the channel, or with ``key``, under a fresh Idempotency-Key or ``once``."""
        return await self.post("/v1/requests", body, key=key or self.credentials.channel_key, once=once, **headers)

    async def post(self, path: str, body: Any, *, key: str, once: str | None = None, **headers: str) -> Any:
        """Post a value as JSON, or bytes as they are."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        sent = {"Authorization": f"Bearer {key}", "Idempotency-Key": once or str(ULID()), **headers}
        return await self.http.post(path, headers=sent, **content)

    async def get(self, path: str, *, key: str, **headers: str) -> Any:
        """Get a path with a key."""
        return await self.http.get(path, headers={"Authorization": f"Bearer {key}", **headers})

    async def counts(self) -> dict[str, int]:
        """How many rows each table that a call could change has."""
        async with self.platform.db.read() as session:
            return {
                table.__name__: (await session.exec(select(func.count()).select_from(table))).one() for table in COUNTED
            }


@asynccontextmanager
async def open_city(home: Path, clock: Callable[[], datetime], database_url: str | None = None) -> AsyncIterator[City]:
    """Make a home ready and serve it in this process; its book is a file of the home unless it is elsewhere."""
    elsewhere = {"database_url": SecretStr(database_url)} if database_url else {}
    settings = Settings(home=home, api_port=free_port(), **elsewhere)
    credentials = await prepare_local(settings, clock)
    db = Database(settings.database_url.get_secret_value())
    ring = read_key_ring(settings.key_ring)
    client = await Client.connect(
        f"127.0.0.1:{free_port()}",
        lazy=True,
        data_converter=data_converter(ring),
        retry_config=RetryConfig(max_elapsed_time_millis=200),
    )
    platform = Platform(db, ring, Rulebook(), client, clock)

    @asynccontextmanager
    async def parts() -> AsyncIterator[Platform]:
        yield platform

    app = create_app(parts, show_openapi=True)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(db.close)
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = ASGITransport(app, raise_app_exceptions=False)
        http = await stack.enter_async_context(AsyncClient(transport=transport, base_url="http://liaison.test"))
        yield City(app, platform, credentials, http)


@pytest_asyncio.fixture(scope="session")
async def sqlite_city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """One city for all tests; every test makes requests of its own."""
    async with open_city(tmp_path_factory.mktemp("home"), lambda: datetime.now(UTC)) as opened:
        yield opened


@pytest.fixture
def city(sqlite_city: City) -> City:
    """The city of most tests; modules of tests about what is stored replace it by ``either_city``."""
    return sqlite_city


@pytest_asyncio.fixture(scope="session")
async def postgres_city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """A city whose book is in PostgreSQL."""
    with postgres() as url:
        async with open_city(tmp_path_factory.mktemp("home"), lambda: datetime.now(UTC), url) as opened:
            yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def either_city(request: pytest.FixtureRequest) -> City:
    """A city on each of both databases in turn."""
    opened: City = request.getfixturevalue({"sqlite": "sqlite_city", "postgresql": "postgres_city"}[request.param])
    return opened


@pytest.fixture
def body() -> dict[str, Any]:
    """A request that is accepted, of the ordinary procedure and about no case."""
    return {
        "channel": "web",
        "court": "0104",
        "category": "judge_contact",
        "content": "请问我的案件何时开庭？",
        "party": {"name": "张三", "phone": "13800138000", "role": "party", "language": "zh-CN"},
    }
