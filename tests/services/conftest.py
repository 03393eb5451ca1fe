"""A prepared book on SQLite and one on PostgreSQL, copied by every test."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from liaison.services.provisioning import prepare_local
from liaison.settings import Settings
from tests.city import LONG_AFTER
from tests.ports import free_port
from tests.postgres import copied_database, postgres
from tests.services.office import MORNING, Office, lazy_client, open_office


@pytest.fixture(scope="session")
async def sqlite_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder to be copied."""
    home = tmp_path_factory.mktemp("services") / "home"
    await prepare_local(Settings(home=home), lambda: LONG_AFTER)
    return home


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database on PostgreSQL."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
async def postgres_home(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Path:
    """The home folder whose book is in PostgreSQL."""
    home = tmp_path_factory.mktemp("services-pg") / "home"
    await prepare_local(Settings(home=home, database_url=SecretStr(postgres_url)), lambda: LONG_AFTER)
    return home


@pytest.fixture
async def office(sqlite_home: Path, tmp_path: Path) -> AsyncIterator[Office]:
    """An office on SQLite with a book of its own; Temporal is away."""
    home = tmp_path / "home"
    shutil.copytree(sqlite_home, home)
    opened = await open_office(home, f"sqlite+aiosqlite:///{home / 'liaison.db'}", MORNING)
    yield opened
    await opened.platform.db.close()


@pytest.fixture
async def postgres_office(postgres_home: Path, postgres_url: str) -> AsyncIterator[Office]:
    """An office on PostgreSQL with a book of its own."""
    opened = await open_office(postgres_home, copied_database(postgres_url), MORNING)
    yield opened
    await opened.platform.db.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> str:
    """The name of the fixture that opens an office on one of both databases."""
    return {"sqlite": "office", "postgresql": "postgres_office"}[request.param]


@pytest.fixture
def either_office(either: str, request: pytest.FixtureRequest) -> Office:
    """An office on each of both databases in turn."""
    opened: Office = request.getfixturevalue(either)
    return opened


@pytest.fixture
async def port() -> int:
    """Where the office's Temporal listens, if a test starts it."""
    return free_port()


@pytest.fixture
async def connected_office(sqlite_home: Path, tmp_path: Path, port: int) -> AsyncIterator[Office]:
    """An office at the present hour whose Temporal is to be found at ``port``."""
    home = tmp_path / "home"
    shutil.copytree(sqlite_home, home)
    client = await lazy_client(f"127.0.0.1:{port}", home)
    opened = await open_office(home, f"sqlite+aiosqlite:///{home / 'liaison.db'}", datetime.now(UTC), client)
    yield opened
    await opened.platform.db.close()
