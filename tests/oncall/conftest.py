"""The services' offices, for the tests of what the person on call sees."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest

from tests.e2e.platform import PATIENCE_SECONDS, Running, environment_in, start
from tests.oncall.scraping import names, scraped
from tests.ports import free_ports
from tests.services.conftest import connected_office as connected_office
from tests.services.conftest import either as either
from tests.services.conftest import either_office as either_office
from tests.services.conftest import office as office
from tests.services.conftest import port as port
from tests.services.conftest import postgres_home as postgres_home
from tests.services.conftest import postgres_office as postgres_office
from tests.services.conftest import postgres_url as postgres_url
from tests.services.conftest import sqlite_home as sqlite_home

PORTS: Final = (
    *("LIAISON_API_PORT", "LIAISON_TEMPORAL_PORT", "LIAISON_TEMPORAL_UI_PORT"),
    *("LIAISON_API_METRICS_PORT", "LIAISON_WORKER_METRICS_PORT"),
)
TROUBLES: Final = {
    "temporal_workflow_task_execution_failed_total",
    "temporal_request_failure_total",
    "temporal_long_request_failure_total",
}


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running platform whose API and worker show their metrics."""
    home = tmp_path_factory.mktemp("watched") / "home"
    # All at once, so that no two are the same.
    ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
    platform = start(home, environment_in(home) | ports)
    yield platform
    platform.stop()


@pytest.fixture(scope="session")
def troubled(watched: Running) -> str:
    """The reference of an open request, beside troubles that metrics only show once they have happened."""
    reference: str = watched.submit("troubled")["reference"]
    watched.wait_for(reference, lambda shown: shown["holder"] is not None)
    # A workflow no worker knows, whose task fails.
    watched.temporal(
        "workflow", "start", "--type", "Nobody", "--task-queue", "judge-liaison", "--workflow-id", "nobody"
    )
    # A request whose workflow is gone when it is withdrawn: Temporal refuses the API's update.
    lost = watched.submit("lost", category="complaint")["reference"]
    watched.wait_for(lost, lambda shown: shown["holder"] is not None)
    watched.temporal("workflow", "terminate", "--workflow-id", f"request-{lost}")
    withdrawal = f"/v1/requests/{lost}/withdrawals"
    assert watched.call("POST", withdrawal, watched.credentials["channel_key"], {}, "withdraw").status_code == 202
    # As if it had never been claimed: the relay tries to start it, and Temporal refuses a second run.
    with closing(sqlite3.connect(watched.home / "liaison.db", timeout=20)) as book, book:
        book.execute("UPDATE request SET run_id = NULL, leased_until = NULL WHERE reference = ?", (lost,))
    until = time.monotonic() + PATIENCE_SECONDS
    while missing := TROUBLES - names(scraped(watched, "API")) - names(scraped(watched, "WORKER")):
        assert time.monotonic() < until, missing
        time.sleep(0.2)
    return reference
