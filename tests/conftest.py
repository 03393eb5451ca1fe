"""The order of the files, what the garbage collector looks at, and how long services wait for Temporal."""

from collections.abc import Iterator

import pytest

from liaison.memory import spare_what_is_loaded
from liaison.services import delivery, replanning, starting


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside other tests Temporal is slow at times. In two seconds of it a request is left to the relay, which few
    tests run; so services in a test's own process wait longer."""
    for services in (starting, replanning):
        monkeypatch.setattr(services, "START_SECONDS", 30.0)
    monkeypatch.setattr(delivery, "DELIVERY_SECONDS", 30.0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files with a test that may take longer than others come first: mostly they wait, and at the end for nothing."""
    usual = float(config.getini("timeout"))
    long = {item.path for item in items for mark in item.iter_markers("timeout") if mark.args[0] > usual}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish() -> None:
    """Thousands of tests are loaded by now: a full look at them may take a busy machine the two seconds after which
    the SDK holds a workflow's task for deadlocked and breaks it off, in whatever it does."""
    spare_what_is_loaded()


@pytest.fixture(autouse=True)
def tidiness() -> Iterator[None]:
    """Nor may what hundreds of tests leave behind, engines and their listeners, be cleared away in the midst of such a
    task: what a test leaves is cleared away when it has ended."""
    yield
    spare_what_is_loaded()
