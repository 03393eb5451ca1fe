"""What a day is and why."""

from datetime import date

import pytest

from calendars.core import BeforeFirstDay, BusinessCalendar
from calendars.day import Day, DayReason
from calendars.statutory import statutory_count, statutory_days

NOTICE_2026 = date(2025, 11, 4)


@pytest.mark.parametrize(
    ("day", "works", "reason", "name", "notice"),
    [
        ("2026-09-18", True, DayReason.WEEK, None, None),
        ("2026-09-19", False, DayReason.WEEKEND, None, None),
        ("2026-09-20", True, DayReason.MAKE_UP, ("国庆节", "National Day"), NOTICE_2026),
        ("2026-09-25", False, DayReason.HOLIDAY, ("中秋节", "Mid-Autumn Festival"), NOTICE_2026),
        ("2026-09-27", False, DayReason.HOLIDAY, ("中秋节", "Mid-Autumn Festival"), NOTICE_2026),
        ("2020-01-31", False, DayReason.HOLIDAY, ("春节", "Spring Festival"), date(2020, 1, 27)),
        ("2020-02-01", False, DayReason.HOLIDAY, ("春节", "Spring Festival"), date(2020, 1, 27)),
        ("2020-02-03", True, DayReason.WEEK, None, None),
        ("2027-02-05", False, DayReason.STATUTORY, ("春节", "Spring Festival"), None),
        ("2027-02-06", False, DayReason.STATUTORY, ("春节", "Spring Festival"), None),
        ("2027-02-09", True, DayReason.WEEK, None, None),
        ("2027-02-13", False, DayReason.WEEKEND, None, None),
    ],
)
def test_a_day_and_its_reason(
    calendar: BusinessCalendar,
    day: str,
    works: bool,
    reason: DayReason,
    name: tuple[str, str] | None,
    notice: date | None,
) -> None:
    when = date.fromisoformat(day)
    zh, en = name or (None, None)
    assert calendar.day(when) == Day(when, works, reason, zh, en, notice, announced=when.year < 2027)


def test_the_reason_is_that_of_the_version(versions: list[BusinessCalendar]) -> None:
    before, after = (version.day(date(2020, 2, 1)) for version in versions[2:4])
    assert (before.reason, before.works, before.notice) == (DayReason.MAKE_UP, True, date(2019, 11, 21))
    assert (after.reason, after.works, after.notice) == (DayReason.HOLIDAY, False, date(2020, 1, 27))


def test_what_lies_outside_has_no_reason(calendar: BusinessCalendar) -> None:
    with pytest.raises(BeforeFirstDay):
        calendar.day(date(2018, 12, 28))


def test_the_table_of_the_law_has_as_many_days_as_the_law() -> None:
    """In 2020 and 2031 Mid-Autumn is a day of National Day; the law still counts both."""
    coinciding = {2020, 2031, 2028, 2039}
    for year in range(2019, 2041):
        assert len(statutory_days(year)) == statutory_count(year) - (year in coinciding), year
