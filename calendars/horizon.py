"""Between which dates a deadline must lie that no notice announces yet.

A notice does two things to a week that nobody knows before it: it takes off weekdays beside the statutory days (days in
lieu of a statutory day on a weekend, and bridges), and it pays for bridges with weekend days worked nearby. The
earliest date counts every weekend day that could be worked as worked; the latest counts every weekday that could be
taken off as off. What could be is read from the law and from the notices for 2019 to 2026:

* Art. 6 of the Order moves a statutory day on a weekend to a working day: the Monday after, for a holiday of one day
  (New Year, Tomb-Sweeping, Dragon Boat, Mid-Autumn). One on Monday or Friday makes its long weekend by itself. One on
  Tuesday or Thursday may be bridged to the weekend; one on Wednesday has stood alone since 2014, but was bridged
  before, so both sides count. The weekend before and the weekend after may pay for a bridge.
* Spring Festival: from two days before its first day 初一 to seven after. Labour Day: 29 April to 5 May. National Day:
  1 to 8 October. The core of each is off in every notice; weekend days of the rest, and six days either side of it,
  may be worked. Mid-Autumn in the week before 1 October lengthens that to six days before itself, as 2026-09-20 shows.

A notice may also set days of the December before its year. Those are announced when it comes, so that it amends them;
no bound foresees an amendment.
"""

from datetime import date, timedelta
from functools import cache

from calendars.core import BusinessCalendar
from calendars.notice import SATURDAY
from calendars.statutory import FIRST_YEAR, LAST_YEAR, festivals

_TUESDAY, _WEDNESDAY, _THURSDAY = 1, 2, 3


def earliest_and_latest(calendar: BusinessCalendar, day0: date, n: int) -> tuple[date, date]:
    """Give the earliest and the latest date the n-th business day after day 0 can be; equal where it is announced.

    Raises:
        CalendarError: day 0 or an answer lies outside the calendar, or n is less than 1.
    """
    return _bounds(calendar, day0, n, calendar.nth_business_day(day0, n))


def earliest_and_latest_from(calendar: BusinessCalendar, first: date, n: int) -> tuple[date, date]:
    """Give the same for the n-th business day on or after a day, which may count itself.

    Raises:
        CalendarError: the day or an answer lies outside the calendar, or n is less than 1.
    """
    return _bounds(calendar, first - timedelta(days=1), n, calendar.nth_business_day_from(first, n))


def _bounds(calendar: BusinessCalendar, after: date, n: int, due_on: date) -> tuple[date, date]:
    if not calendar.is_provisional(due_on):
        return due_on, due_on
    taken_off, worked = _candidates()
    return _nth(calendar, after, n, dict.fromkeys(worked, True)), _nth(
        calendar, after, n, dict.fromkeys(taken_off, False)
    )


def _nth(calendar: BusinessCalendar, after: date, n: int, otherwise: dict[date, bool]) -> date:
    day = after
    while n:
        day += timedelta(days=1)
        works = calendar.is_business_day(day)
        n -= otherwise.get(day, works) if calendar.is_provisional(day) else works
    return day


@cache
def _candidates() -> tuple[frozenset[date], frozenset[date]]:
    """Days that a notice could take off, and weekend days that it could have worked, in all years of the table."""
    taken_off: set[date] = set()
    worked: set[date] = set()
    certain: set[date] = set()
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        new_year, spring, tomb, labour, boat, moon, national = (festival.days for festival in festivals(year))
        certain.update(new_year, spring, tomb, labour, boat, moon, national)
        for (day,) in (new_year, tomb, boat, moon):
            taken_off.update(_taken_off_beside(day))
            worked.update(_worked_beside(day))
        first = spring[-3]
        for core, widest, paying in (
            (_around(first, 0, 5), _around(first, -2, 7), _around(first, -8, 13)),
            (_around(labour[0], 0, 2), _around(labour[0], -2, 4), _around(labour[0], -8, 10)),
            (_around(national[0], 0, 5), _around(national[0], 0, 7), _around(national[0], _paid_from(moon[0]), 13)),
        ):
            certain |= core
            taken_off |= widest
            worked |= {day for day in paying if day.weekday() >= SATURDAY}
    return frozenset(taken_off), frozenset(worked - certain)


def _taken_off_beside(holiday: date) -> set[date]:
    """Weekdays between a holiday of one day and the nearer weekend; both weekends for one on a Wednesday."""
    monday = holiday - timedelta(days=holiday.weekday())
    match holiday.weekday():
        case 1:
            return {monday}
        case 2:
            return _around(monday, 0, 4)
        case 3:
            return {monday + timedelta(days=4)}
        case 5 | 6:
            return {monday + timedelta(days=7)}
    return set()


def _worked_beside(holiday: date) -> set[date]:
    """The weekends before and after a holiday of one day that may be bridged."""
    monday = holiday - timedelta(days=holiday.weekday())
    bridged = holiday.weekday() in (_TUESDAY, _WEDNESDAY, _THURSDAY)
    return _around(monday, -2, -1) | _around(monday, 5, 6) if bridged else set()


def _paid_from(moon: date) -> int:
    """Days from 1 October to the first that may pay for its break, with 中秋节 in the week before it or not."""
    until_national = (date(moon.year, 10, 1) - moon).days
    return -6 - (until_national if 0 < until_national <= 7 else 0)


def _around(day: date, first: int, last: int) -> set[date]:
    return {day + timedelta(days=offset) for offset in range(first, last + 1)}
