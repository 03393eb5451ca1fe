"""Business days (工作日) of mainland China, from the State Council's notices and from nothing else.

A day a notice names is what the notice says; any other announced day works Monday to Friday. Past the last announced
day the answer is provisional: Monday to Friday less the statutory weekdays, no make-up days. A calendar is an
immutable, numbered value; a deadline keeps the number it was counted with, so an old one can be counted again.

Lookup is rank and select: ``rank[i]`` business days lie before day ``i``, ``select[k]`` is the k-th of them.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from itertools import accumulate, pairwise

from calendars.notice import SATURDAY, Holiday, Notice, NoticeError
from calendars.statutory import LAST_YEAR, statutory_days

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""One offset for all of China, no summer time since 1991: fixed, so no zone database can move a deadline."""


class CalendarError(ValueError):
    """A question the calendar cannot answer; the text is a sentence for the person who asked."""


class BeforeFirstDay(CalendarError):
    """The day lies before the first day any notice of this calendar announces."""


class AfterLastDay(CalendarError):
    """The answer lies beyond the last year of the table of statutory days."""


class NaiveInstant(CalendarError):
    """A time without an offset: no one can tell which day it is in Shanghai."""


def shanghai_date(instant: datetime) -> date:
    """Give the calendar date in Shanghai at an instant, whatever the instant's own offset.

    Raises:
        NaiveInstant: the datetime has no offset.
        CalendarError: the instant lies at the very edge of what a datetime can hold.
    """
    if instant.utcoffset() is None:
        raise NaiveInstant("a time needs its offset from UTC, such as +08:00")
    try:
        return instant.astimezone(SHANGHAI).date()
    except OverflowError:
        raise CalendarError("the time lies outside the years 1 to 9999") from None


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """One version of the calendar.

    Attributes:
        number: the version, 1 for the first notice alone.
        first_day: the first day it answers for.
        final_until: the last announced day; every later day is provisional.
        last_day: the last day it answers for.
        checksum: SHA-256, in hex, of every answer it can give: equal sums, equal calendars.
    """

    number: int
    first_day: date
    final_until: date
    last_day: date
    checksum: str
    _rank: tuple[int, ...] = field(repr=False, compare=False)
    _select: tuple[date, ...] = field(repr=False, compare=False)

    def is_business_day(self, day: date) -> bool:
        """Tell whether a day is worked."""
        index = self._index(day)
        return self._rank[index] < self._rank[index + 1]

    def nth_business_day(self, day0: date, n: int) -> date:
        """Give the n-th business day (n >= 1) strictly after day 0, which never counts (Civil Code art. 201)."""
        if n < 1:
            raise CalendarError(f"business days are counted from 1, not {n}")
        return self._selected(self._rank[self._index(day0) + 1] + n - 1)

    def business_day_on_or_after(self, day: date) -> date:
        """Give the day itself if it is worked, else the next business day."""
        return self._selected(self._rank[self._index(day)])

    def count(self, after: date, until: date) -> int:
        """Count the business days strictly after one day up to and including another, not earlier, one."""
        if until < after:
            raise CalendarError(f"{until} lies before {after}")
        return self._rank[self._index(until) + 1] - self._rank[self._index(after) + 1]

    def is_provisional(self, day: date) -> bool:
        """Tell whether a day lies past the last announced one, so that a later notice may still change it."""
        return day > self.final_until

    def _index(self, day: date) -> int:
        if isinstance(day, datetime):
            raise TypeError("a calendar takes dates; see shanghai_date for the date of an instant")
        index = (day - self.first_day).days
        if index < 0:
            raise BeforeFirstDay(f"{day} lies before {self.first_day}, the first day of the calendar")
        if index >= len(self._rank) - 1:
            raise AfterLastDay(f"{day} lies after {self.last_day}, the last day of the calendar")
        return index

    def _selected(self, rank: int) -> date:
        if rank >= len(self._select):
            raise AfterLastDay(f"the answer lies after {self.last_day}, the last day of the calendar")
        return self._select[rank]


def build_calendar(notices: Iterable[Notice], number: int) -> BusinessCalendar:
    """Build calendar version ``number`` from all notices it rests on, given in any order.

    Raises:
        NoticeError: no notice, two of one date, a year missing between two others, an amendment of nothing, or two
            notices that contradict each other without one amending the other.
    """
    known = sorted(notices, key=lambda notice: notice.published_on)
    named = _named_days(_holidays_in_force(known))
    years = _announced_years(known)
    first_day = min(date(years[0], 1, 1), *named)
    final_until = date(years[-1], 12, 31)
    last_day = max(final_until, date(LAST_YEAR, 12, 31))
    off = _statutory_days_after(final_until)
    days = [first_day + timedelta(days=offset) for offset in range((last_day - first_day).days + 1)]
    works = [named.get(day, day.weekday() < SATURDAY and day not in off) for day in days]
    return BusinessCalendar(
        number=number,
        first_day=first_day,
        final_until=final_until,
        last_day=last_day,
        checksum=_checksum(first_day, final_until, works),
        _rank=tuple(accumulate(works, initial=0)),
        _select=tuple(day for day, is_worked in zip(days, works, strict=True) if is_worked),
    )


def packaged_versions(notices: Iterable[Notice]) -> list[BusinessCalendar]:
    """Give every version in order of publication: version n rests on the first n notices; the last is current."""
    known = sorted(notices, key=lambda notice: notice.published_on)
    return [build_calendar(known[:number], number) for number in range(1, len(known) + 1)]


def _holidays_in_force(notices: Sequence[Notice]) -> list[Holiday]:
    in_force: dict[tuple[date, str], Holiday] = {}
    for before, after in pairwise(notices):
        if before.published_on == after.published_on:
            raise NoticeError(f"two notices of {after.published_on}")
    for notice in notices:
        for holiday in notice.holidays:
            if notice.amends and (notice.amends, holiday.zh) not in in_force:
                raise NoticeError(f"the notice {notice.published_on} amends a {holiday.zh} that {notice.amends} lacks")
            in_force[notice.amends or notice.published_on, holiday.zh] = holiday
    return list(in_force.values())


def _named_days(holidays: Iterable[Holiday]) -> Mapping[date, bool]:
    named: dict[date, bool] = {}
    for holiday in holidays:
        for day, works in holiday.days():
            if named.setdefault(day, works) is not works:
                raise NoticeError(f"{day} is both worked and off; only an amendment may change an announced day")
    return named


def _announced_years(notices: Iterable[Notice]) -> list[int]:
    years = sorted({notice.year for notice in notices if notice.amends is None})
    if not years:
        raise NoticeError("a calendar needs the notice of at least one year")
    if missing := set(range(years[0], years[-1])) - set(years):
        raise NoticeError(f"no notice for {', '.join(map(str, sorted(missing)))}")
    return years


def _statutory_days_after(final_until: date) -> frozenset[date]:
    years = range(final_until.year + 1, LAST_YEAR + 1)
    return frozenset(day for year in years for day in statutory_days(year))


def _checksum(first_day: date, final_until: date, works: Sequence[bool]) -> str:
    content = f"{first_day}/{final_until}/{''.join('1' if is_worked else '0' for is_worked in works)}"
    return hashlib.sha256(content.encode("ascii")).hexdigest()
