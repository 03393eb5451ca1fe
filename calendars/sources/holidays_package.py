"""The `holidays` package as a second opinion and as a proposal; it is imported nowhere else.

It is asked about years it knows a notice of. In every other year it guesses without saying so; that it knows of no
make-up day in a year, which no notice since 2007 has been without, gives the guess away.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from holidays import HolidayBase, country_holidays

from calendars.faults import EmptyYear
from calendars.notice import Notice
from calendars.sources.named_days import ListedDay, days_of_notice, notice_from_days

_HOLIDAYS = {
    "元旦": "元旦",
    "除夕": "春节",
    "春节": "春节",
    "清明": "清明节",
    "劳动": "劳动节",
    "端午": "端午节",
    "中秋": "中秋节",
    "国庆": "国庆节",
}
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def propose(year: int, published_on: date) -> Notice:
    """Make a notice of what the package knows of a year.

    Args:
        year: the year.
        published_on: when the notice behind it was published, which the package does not say.

    Raises:
        EmptyYear: the package knows no notice for the year.
        NoticeError: the days make no notice (see ``parse_notice``).
    """
    first, last = days_of_notice(year)
    package = _package(first.year, last.year)
    worked = sorted(day for day in package.weekend_workdays if first <= day <= last)
    if not worked:
        raise EmptyYear(
            f"holidays 软件包尚无 {year} 年的通知：其中没有调休上班日",
            f"the package holidays knows no notice for {year}: it names no make-up day",
        )
    off = {day: name for day, name in package.items() if first <= day <= last}
    holiday_of = _holidays(off)
    paid_by = {date.fromisoformat(found[0]): day for day, name in off.items() if (found := _ISO_DATE.search(name))}
    listed = [ListedDay(day, False, holiday_of[day]) for day in off]
    listed += [ListedDay(day, True, holiday_of[paid_by.get(day) or _nearest(day, off)]) for day in worked]
    title = f"package holidays, notice for {year}"
    return notice_from_days(listed, year=year, title=title, published_on=published_on)


def opinion(first: date, last: date) -> Mapping[date, bool]:
    """Give whether each day is a business day, both ends in, leaving out the years of which no notice is known."""
    package = _package(first.year, last.year)
    known = {day.year for day in package.weekend_workdays}
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return {day: package.is_working_day(day) for day in days if day.year in known}


def _package(first_year: int, last_year: int) -> HolidayBase:
    # Years are filled before the first lookup: the package's own lazy filling is not safe among threads.
    return country_holidays("CN", years=range(first_year, last_year + 1), expand=False, language="zh_CN")


def _holidays(off: Mapping[date, str]) -> dict[date, str]:
    """Give the holiday of each day off; a day in lieu or a bridge belongs to the nearest one."""
    named = {day: holiday for day, name in off.items() for word, holiday in _HOLIDAYS.items() if word in name}
    return {day: named.get(day) or named[_nearest(day, named)] for day in off}


def _nearest(day: date, days: Iterable[date]) -> date:
    return min(days, key=lambda other: abs(other - day))
