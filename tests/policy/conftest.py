import tomllib
from importlib.resources import files
from typing import Any

import pytest

from calendars.core import BusinessCalendar, packaged_versions
from calendars.packaged import packaged_notices
from liaison.policy.policy import packaged_policy
from liaison.policy.rules import Policy


@pytest.fixture(scope="session")
def calendar() -> BusinessCalendar:
    return packaged_versions(packaged_notices())[-1]


@pytest.fixture(scope="session")
def policy() -> Policy:
    return packaged_policy()


@pytest.fixture
def document() -> dict[str, Any]:
    """The packaged policy as a parsed document, free to be spoilt."""
    return tomllib.loads((files("liaison.policy") / "policy.toml").read_text(encoding="utf-8"))
