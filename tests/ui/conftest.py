"""One prepared city folder and one normal server for all tests of what operators see."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.city import City, open_city, prepare_template
from tests.ui.live import LiveCity, normal_server, open_live_city

OpenCity = Callable[..., AbstractAsyncContextManager[City]]
OpenLiveCity = Callable[[], AbstractAsyncContextManager[LiveCity]]


@pytest.fixture(scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared home folder."""
    home = tmp_path_factory.mktemp("template") / "home"
    await prepare_template(home)
    return home


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """A normal server."""
    async with normal_server() as environment:
        yield environment


@pytest.fixture
def city_at(template: Path, tmp_path: Path) -> OpenCity:
    """Open a city of virtual time at a Shanghai time."""
    return lambda at, **options: open_city(template, tmp_path / "home", at, **options)


@pytest.fixture
def live_city(template: Path, tmp_path: Path, server: WorkflowEnvironment) -> OpenLiveCity:
    """Open a city of today on the normal server."""
    return lambda: open_live_city(template, tmp_path / "home", server)
