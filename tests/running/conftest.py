"""One running copy for the tests that only look at it, fresh ones for the tests that end it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running.copies import Copy, copies

MakeCopy = Callable[..., Copy]


@pytest.fixture
def make_copy(tmp_path: Path) -> Iterator[MakeCopy]:
    yield from copies(tmp_path)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    for make in copies(tmp_path_factory.mktemp("running")):
        yield make().wait_until_ready()


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("LIAISON_")]:
        monkeypatch.delenv(name)
