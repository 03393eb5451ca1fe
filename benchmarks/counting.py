"""C42b: one deadline, counted by us, by the package `holidays`, by numpy and by a loop over a dict of days.

CPU time, best of some rounds: what a deadline costs is a property of the code, not of who else uses the machine.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from holidays import country_holidays

from benchmarks.sizes import Sizes
from benchmarks.table import Line
from calendars.core import BusinessCalendar, build_calendar
from calendars.packaged import packaged_notices

N = 3
NUMBER = 100_000
MEASURED_NS = 1_500_000_000
ONE_DAY = timedelta(days=1)


async def measure(sizes: Sizes) -> list[Line]:
    """Nanoseconds a deadline, against each of the others; all must give the same dates. No size changes it."""
    notices = packaged_notices()
    calendar = build_calendar(notices, len(notices))
    chance = random.Random(20_200_515)
    span = (calendar.final_until - calendar.first_day).days - 60
    receipts = [calendar.first_day + ONE_DAY * chance.randrange(31, span) for _ in range(NUMBER)]
    nth_business_day = calendar.nth_business_day
    ours, expected = _nanoseconds(lambda: [nth_business_day(day0, N) for day0 in receipts])
    lines = [Line("C42b", "ns to count one deadline", ours, target="<= 100")]
    others = {
        "a loop over a dict of days": _by_dict(calendar, receipts),
        "numpy busday_offset, all in one array": _by_numpy(calendar, receipts),
        "numpy busday_offset, one by one": _by_numpy_singly(calendar, receipts),
        "holidays get_nth_working_day": _by_holidays(calendar, receipts),
    }
    for name, count in others.items():
        theirs, found = _nanoseconds(count)
        if found != expected:
            raise SystemExit(f"C42b: {name} counts other dates")
        lines.append(Line("C42b", f"ns to count one deadline, against {name}", ours, theirs, "<= 1"))
    return lines


def _nanoseconds(count: Callable[[], Iterable[Any]]) -> tuple[float, list[Any]]:
    """CPU time for one of ``NUMBER`` deadlines in the best round, and what was counted."""
    rounds: list[int] = []
    found: Iterable[Any] = ()
    while sum(rounds) < MEASURED_NS or len(rounds) < 3:
        began = time.process_time_ns()
        found = count()
        rounds.append(time.process_time_ns() - began)
    return min(rounds) / NUMBER, found.tolist() if isinstance(found, np.ndarray) else list(found)


def _by_dict(calendar: BusinessCalendar, receipts: Sequence[date]) -> Callable[[], list[date]]:
    works = {day: calendar.is_business_day(day) for day in _days(calendar)}

    def third(day: date) -> date:
        left = N
        while left:
            day += ONE_DAY
            left -= works[day]
        return day

    return lambda: [third(day0) for day0 in receipts]


def _by_numpy(calendar: BusinessCalendar, receipts: Sequence[date]) -> Callable[[], Iterable[Any]]:
    """In its own form: turning dates into an array would cost nine times the counting."""
    days, business_days = np.array(receipts, dtype="datetime64[D]"), _numpy_calendar(calendar)
    return lambda: np.busday_offset(days, N, roll="backward", busdaycal=business_days)


def _by_numpy_singly(calendar: BusinessCalendar, receipts: Sequence[date]) -> Callable[[], list[Any]]:
    business_days = _numpy_calendar(calendar)
    return lambda: [np.busday_offset(day0, N, roll="backward", busdaycal=business_days).item() for day0 in receipts]


def _by_holidays(calendar: BusinessCalendar, receipts: Sequence[date]) -> Callable[[], list[Any]]:
    years = range(calendar.first_day.year, calendar.final_until.year + 1)
    package = country_holidays("CN", years=years, expand=False, language="zh_CN")
    return lambda: [package.get_nth_working_day(day0, N) for day0 in receipts]


def _numpy_calendar(calendar: BusinessCalendar) -> np.busdaycalendar:
    """Every day of the week works but for all that are off: a mask of the week knows no make-up days."""
    off = [day for day in _days(calendar) if not calendar.is_business_day(day)]
    return np.busdaycalendar(weekmask="1111111", holidays=off)


def _days(calendar: BusinessCalendar) -> list[date]:
    span = (calendar.final_until - calendar.first_day).days
    return [calendar.first_day + ONE_DAY * offset for offset in range(span + 1)]
