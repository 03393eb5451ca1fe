"""One prepared city folder a session; every test copies it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.city import City, open_city, prepare_template

OpenCity = Callable[..., AbstractAsyncContextManager[City]]

WITH_AND_WITHOUT_CACHE = pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "replayed"])
"""Without a cache every workflow task replays the whole history: whatever is not deterministic breaks."""


@pytest.fixture(scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A prepared home folder."""
    home = tmp_path_factory.mktemp("template") / "home"
    await prepare_template(home)
    yield home


@pytest.fixture
def city_at(template: Path, tmp_path: Path) -> OpenCity:
    """Open a city at a Shanghai time."""
    return lambda at, **options: open_city(template, tmp_path / "home", at, **options)
