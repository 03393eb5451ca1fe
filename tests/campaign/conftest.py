"""What the tests of the campaign share."""

import asyncio
from pathlib import Path

import pytest

from tests.city import prepare_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared home folder, to be copied."""
    home = tmp_path_factory.mktemp("campaign") / "home"
    asyncio.run(prepare_template(home))
    return home
