"""The services' offices, for the tests of what the person on call sees."""

from collections.abc import Iterator

import pytest

from tests.e2e.platform import Running, environment_in, free_ports, start
from tests.services.conftest import connected_office as connected_office
from tests.services.conftest import either as either
from tests.services.conftest import either_office as either_office
from tests.services.conftest import office as office
from tests.services.conftest import port as port
from tests.services.conftest import postgres_home as postgres_home
from tests.services.conftest import postgres_office as postgres_office
from tests.services.conftest import postgres_url as postgres_url
from tests.services.conftest import sqlite_home as sqlite_home


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running platform whose API and worker show their metrics."""
    home = tmp_path_factory.mktemp("watched") / "home"
    ports = dict(zip(("LIAISON_API_METRICS_PORT", "LIAISON_WORKER_METRICS_PORT"), map(str, free_ports(2)), strict=True))
    platform = start(home, environment_in(home) | ports)
    yield platform
    platform.stop()
