"""The yearly notices by year, for tests that ask another source for one of them."""

from collections.abc import Sequence
from datetime import date

from calendars.notice import Notice

PUBLISHED = date(2026, 11, 30)
YEARS = range(2021, 2027)


def of_year(notices: Sequence[Notice], year: int) -> Notice:
    """The notice that announced a year."""
    return next(notice for notice in notices if notice.year == year and notice.amends is None)


def known_before(notices: Sequence[Notice], year: int) -> list[Notice]:
    """All notices for earlier years."""
    return [notice for notice in notices if notice.year < year]
