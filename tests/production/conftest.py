"""PostgreSQL and a normal Temporal server, shared by the tests of the production profile."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.ports import free_port
from tests.postgres import empty_database, postgres
from tests.services.temporal import temporal_at


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server."""
    with postgres() as url:
        yield url


@pytest.fixture
def new_database(postgres_url: str) -> Callable[[], str]:
    """Makes an empty database."""
    return lambda: empty_database(postgres_url)


@pytest.fixture(scope="session")
async def temporal_address() -> AsyncIterator[str]:
    """A Temporal server on which nothing of ours is set up."""
    port = free_port()
    async with temporal_at(port, attributes=()):
        yield f"127.0.0.1:{port}"
