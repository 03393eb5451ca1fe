"""One running platform for the tests that hurt real processes, with windows that are open whenever tests are run."""

import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.resources import files

import httpx2
import pytest

from liaison.db.engine import Database
from liaison.db.tables import PolicyVersion
from tests.e2e.platform import Running, environment_in, start

WHOLE_DAY = [["00:00", "24:00"]]


@pytest.fixture(scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """``liaison up``; a test that ends its supervisor starts another."""
    home = tmp_path_factory.mktemp("faults") / "home"
    running = start(home, environment_in(home) | {"LIAISON_LOG_FORMAT": "json"})
    await _open_windows(f"sqlite+aiosqlite:///{home / 'liaison.db'}")
    yield running
    running.stop()


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    """For callers whose server may die."""
    async with httpx2.AsyncClient(trust_env=False, timeout=15) as client:
        yield client


async def _open_windows(url: str) -> None:
    """A second policy, under which messages leave at any hour: what was sent can be counted at night, too."""
    policy = tomllib.loads((files("liaison.policy") / "policy.toml").read_text(encoding="utf-8"))
    policy["version"] = 2
    policy["windows"] |= {"staff": WHOLE_DAY, "party": WHOLE_DAY}
    # One judge holds everything here, and more than a day's messages may go to one number.
    policy["messages"] |= {"daily_to_one_number": 100_000}
    db = Database(url)
    async with db.write() as session:
        session.add(PolicyVersion(number=2, policy=policy, made_at=datetime.now(UTC)))
    await db.close()
