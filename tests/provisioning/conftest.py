"""A fresh folder for the local profile, and what is in its book."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from liaison.db.engine import Database
from liaison.settings import Settings

NOW = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The local profile in a folder that does not exist yet."""
    return Settings(home=tmp_path / "deep" / "home")


@pytest_asyncio.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """The book of that folder; connect after provisioning only."""
    database = Database(settings.database_url.get_secret_value())
    yield database
    await database.close()
