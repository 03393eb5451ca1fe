"""The sample city as text and as a roster."""

from importlib.resources import files

import pytest

from liaison.policy.roster import Roster
from liaison.services.directory_file import DirectoryFile, parse_directory


@pytest.fixture(scope="session")
def directory_text() -> str:
    return (files("liaison.sample_city") / "directory.csv").read_text("utf-8")


@pytest.fixture(scope="session")
def register_text() -> str:
    return (files("liaison.sample_city") / "trial_register.csv").read_text("utf-8")


@pytest.fixture(scope="session")
def directory(directory_text: str) -> DirectoryFile:
    return parse_directory(directory_text)


@pytest.fixture(scope="session")
def roster(directory: DirectoryFile) -> Roster:
    return directory.roster
