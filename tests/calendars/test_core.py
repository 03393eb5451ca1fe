"""What holds for every day, and what the calendar refuses."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.core import (
    AfterLastDay,
    BeforeFirstDay,
    BusinessCalendar,
    CalendarError,
    NaiveInstant,
    build_calendar,
    shanghai_date,
)
from calendars.packaged import packaged_notices

CALENDAR = build_calendar(packaged_notices(), number=10)
DAYS = st.dates(CALENDAR.first_day, date(2036, 12, 31))
COUNTS = st.integers(1, 60)


@given(DAYS, COUNTS)
def test_never_on_a_day_off_and_never_day_zero(day0: date, n: int) -> None:
    due_on = CALENDAR.nth_business_day(day0, n)
    assert CALENDAR.is_business_day(due_on)
    assert due_on > day0


@given(DAYS, COUNTS)
def test_n_days_on_are_n_days_counted(day0: date, n: int) -> None:
    due_on = CALENDAR.nth_business_day(day0, n)
    assert CALENDAR.count(day0, due_on) == n
    assert CALENDAR.count(day0, due_on - timedelta(days=1)) == n - 1


@given(DAYS, DAYS, COUNTS)
def test_later_receipt_never_means_an_earlier_deadline(one: date, other: date, n: int) -> None:
    earlier, later = sorted((one, other))
    assert CALENDAR.nth_business_day(earlier, n) <= CALENDAR.nth_business_day(later, n)


@given(DAYS, COUNTS)
def test_each_further_day_is_the_next_business_day(day0: date, n: int) -> None:
    due_on = CALENDAR.nth_business_day(day0, n)
    assert CALENDAR.nth_business_day(due_on, 1) == CALENDAR.nth_business_day(day0, n + 1) > due_on


@given(st.integers(2019, 2035), st.integers(0, 20), COUNTS)
def test_the_end_of_a_year_is_no_seam(year: int, back: int, n: int) -> None:
    day0 = date(year, 12, 31) - timedelta(days=back)
    left = CALENDAR.count(day0, date(year, 12, 31))
    due_on = CALENDAR.nth_business_day(day0, n)
    if n > left:
        assert due_on == CALENDAR.nth_business_day(date(year, 12, 31), n - left)
    else:
        assert due_on.year == year


@given(DAYS)
def test_on_or_after(day: date) -> None:
    found = CALENDAR.business_day_on_or_after(day)
    assert CALENDAR.is_business_day(found)
    assert found == (day if CALENDAR.is_business_day(day) else CALENDAR.nth_business_day(day, 1))


@given(DAYS)
def test_past_the_announced_days_only_the_law_and_the_week_count(day: date) -> None:
    assert CALENDAR.is_provisional(day) is (day > date(2026, 12, 31))
    if CALENDAR.is_provisional(day) and CALENDAR.is_business_day(day):
        assert day.weekday() < 5, "no make-up day is ever guessed"


def test_a_decade_ahead_is_answered(calendar: BusinessCalendar) -> None:
    assert calendar.last_day == date(2040, 12, 31)
    assert calendar.nth_business_day(date(2027, 2, 4), 1) == date(2027, 2, 9)
    assert calendar.nth_business_day(date(2036, 9, 30), 1) == date(2036, 10, 6)


def test_what_lies_outside_is_refused_by_name(calendar: BusinessCalendar) -> None:
    with pytest.raises(BeforeFirstDay, match=r"2018-12-28 lies before 2018-12-29") as before:
        calendar.nth_business_day(date(2018, 12, 28), 3)
    assert before.value.zh == "2018-12-28 早于日历的第一天 2018-12-29"
    with pytest.raises(AfterLastDay, match=r"2041-01-01 lies after 2040-12-31") as after:
        calendar.is_business_day(date(2041, 1, 1))
    assert after.value.zh == "2041-01-01 晚于日历的最后一天 2040-12-31"
    with pytest.raises(AfterLastDay, match=r"the answer lies after") as beyond:
        calendar.nth_business_day(date(2040, 12, 31), 1)
    assert beyond.value.zh == "答案晚于日历的最后一天 2040-12-31"
    with pytest.raises(CalendarError, match="counted from 1, not 0"):
        calendar.nth_business_day(date(2026, 1, 1), 0)
    with pytest.raises(CalendarError, match="2026-01-01 lies before 2026-01-02"):
        calendar.count(date(2026, 1, 2), date(2026, 1, 1))


def test_a_datetime_is_no_day(calendar: BusinessCalendar) -> None:
    with pytest.raises(TypeError, match="shanghai_date"):
        calendar.is_business_day(datetime(2026, 1, 1, tzinfo=UTC))


def test_the_date_is_that_of_shanghai() -> None:
    assert shanghai_date(datetime(2026, 9, 30, 16, 0, tzinfo=UTC)) == date(2026, 10, 1)
    assert shanghai_date(datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC)) == date(2026, 9, 30)
    assert shanghai_date(datetime(2026, 9, 30, 23, tzinfo=timezone(-timedelta(hours=5)))) == date(2026, 10, 1)


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(NaiveInstant, match=r"\+08:00"):
        shanghai_date(datetime(2026, 9, 30, 10))  # noqa: DTZ001 - the fault under test


def test_the_edge_of_time_is_refused() -> None:
    with pytest.raises(CalendarError, match="years 1 to 9999"):
        shanghai_date(datetime(9999, 12, 31, 23, tzinfo=UTC))
