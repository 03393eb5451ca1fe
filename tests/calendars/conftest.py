import pytest

from calendars.core import BusinessCalendar, packaged_versions
from calendars.notice import Notice
from calendars.packaged import packaged_notices


@pytest.fixture(scope="session")
def notices() -> tuple[Notice, ...]:
    return packaged_notices()


@pytest.fixture(scope="session")
def versions(notices: tuple[Notice, ...]) -> list[BusinessCalendar]:
    return packaged_versions(notices)


@pytest.fixture(scope="session")
def calendar(versions: list[BusinessCalendar]) -> BusinessCalendar:
    return versions[-1]
