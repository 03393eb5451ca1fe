"""The bounds of a date no notice announces hold the true date, for every year whose notice is taken away."""

from datetime import date, timedelta

import pytest

from calendars.core import AfterLastDay, BusinessCalendar, CalendarError, build_calendar
from calendars.horizon import earliest_and_latest, earliest_and_latest_from
from calendars.notice import Notice

LADDER = range(1, 9)


@pytest.mark.parametrize("year", range(2020, 2027))
def test_the_truth_lies_between_the_bounds(notices: tuple[Notice, ...], year: int) -> None:
    """Amendments are left out on both sides: no bound foresees one."""
    yearly = [notice for notice in notices if notice.amends is None]
    truth = build_calendar(yearly, len(yearly))
    guess = build_calendar([notice for notice in yearly if notice.year < year], 1)
    receipts = [date(year - 1, 12, 1) + timedelta(days=offset) for offset in range(396)]
    widths = []
    for day0 in receipts:
        for n in LADDER:
            earliest, latest = earliest_and_latest(guess, day0, n)
            due_on = truth.nth_business_day(day0, n)
            assert earliest <= due_on <= latest, (day0, n)
            assert earliest <= guess.nth_business_day(day0, n) <= latest, (day0, n)
            assert earliest == latest == due_on or due_on > guess.final_until, (day0, n)
            widths.append((latest - earliest).days)
    assert sum(width == 0 for width in widths) > 0.7 * len(widths), "bounds that are always wide say nothing"


@pytest.mark.parametrize("year", range(2020, 2027))
@pytest.mark.parametrize("n", [1, 2])
def test_so_does_the_truth_of_a_day_that_may_count_itself(notices: tuple[Notice, ...], year: int, n: int) -> None:
    yearly = [notice for notice in notices if notice.amends is None]
    truth = build_calendar(yearly, len(yearly))
    guess = build_calendar([notice for notice in yearly if notice.year < year], 1)
    days = [date(year - 1, 12, 1) + timedelta(days=offset) for offset in range(396)]
    for first in days:
        earliest, latest = earliest_and_latest_from(guess, first, n)
        worked = [day for day in (first + timedelta(days=offset) for offset in range(30)) if truth.is_business_day(day)]
        assert earliest <= worked[n - 1] <= latest, first
        assert earliest == latest or worked[n - 1] > guess.final_until, first


def test_a_saturday_that_may_be_worked_may_be_its_own_date(calendar: BusinessCalendar) -> None:
    assert earliest_and_latest_from(calendar, date(2027, 1, 30), 1) == (date(2027, 1, 30), date(2027, 2, 1))
    assert earliest_and_latest_from(calendar, date(2027, 1, 29), 1) == (date(2027, 1, 29), date(2027, 1, 29))
    assert earliest_and_latest_from(calendar, calendar.first_day, 2) == (date(2019, 1, 2), date(2019, 1, 2))


def test_an_announced_date_has_no_bounds_but_itself(calendar: BusinessCalendar) -> None:
    assert earliest_and_latest(calendar, date(2026, 12, 21), 8) == (date(2026, 12, 31), date(2026, 12, 31))


def test_around_the_spring_festival_of_2027(calendar: BusinessCalendar) -> None:
    """The first doubtful day is Saturday 30 January: until then only 1 January is off."""
    assert earliest_and_latest(calendar, date(2027, 1, 20), 7) == (date(2027, 1, 29), date(2027, 1, 29))
    assert earliest_and_latest(calendar, date(2027, 1, 20), 8) == (date(2027, 1, 30), date(2027, 2, 1))
    assert earliest_and_latest(calendar, date(2027, 1, 28), 8) == (date(2027, 2, 9), date(2027, 2, 18))


def test_what_the_calendar_cannot_answer_has_no_bounds(calendar: BusinessCalendar) -> None:
    with pytest.raises(CalendarError, match="counted from 1"):
        earliest_and_latest(calendar, date(2027, 1, 28), 0)
    with pytest.raises(AfterLastDay):
        earliest_and_latest(calendar, date(2040, 12, 28), 8)
