"""One prepared city folder a session; every test copies it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from liaison.db.tables import Request
from tests.city import City, open_city, prepare_template
from tests.scale import scaled

OpenCity = Callable[..., AbstractAsyncContextManager[City]]

CACHED, REPLAYED = pytest.param(1000, id="cached"), pytest.param(0, id="replayed")
WITH_AND_WITHOUT_CACHE = pytest.mark.parametrize("cached", scaled([CACHED], [CACHED, REPLAYED]))
"""Without a cache every workflow task replays the whole history: whatever is not deterministic breaks."""


@pytest.fixture(scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A prepared home folder."""
    home = tmp_path_factory.mktemp("template") / "home"
    await prepare_template(home)
    yield home


@pytest.fixture
def city_at(template: Path, tmp_path: Path) -> OpenCity:
    """Open a city at a Shanghai time; what its requests have lived through is replayed when it closes."""

    @asynccontextmanager
    async def opened(at: str, **options: Any) -> AsyncIterator[City]:
        async with open_city(template, tmp_path / "home", at, **options) as city:
            yield city
            async with city.tools.db.read() as session:
                started = select(Request).where(col(Request.run_id).is_not(None))
                requests = (await session.exec(started)).all()
            for request in requests:
                if request.attached_to is None:
                    await city.replay(request.reference)

    return opened
