"""Business days (工作日) of mainland China, from the State Council's notices and from nothing else.

A day a notice names is what the notice says; any other announced day works Monday to Friday. Past the last announced
day the answer is provisional: Monday to Friday less the statutory weekdays, no make-up days. A calendar is an
immutable, numbered value; a deadline keeps the number it was counted with, so an old one can be counted again.

A day off by a closure that counts is off for the whole city, or for one court: ``calendar.of(court)``.

Lookup is rank and select: so many business days are counted up to a day, and the k-th of all is selected.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from calendars.closure import Closure, ClosureError
from calendars.day import Day, Grounds
from calendars.in_force import announced_years, named_days
from calendars.notice import Notice
from calendars.statutory import LAST_YEAR, Festival, festivals
from calendars.worked import WorkedDays

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""One offset for all of China, no summer time since 1991: fixed, so no zone database can move a deadline."""


class CalendarError(ValueError):
    """A question the calendar cannot answer; for the person who asked, a sentence in each language, no full stop."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


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
        raise NaiveInstant("时间须注明与 UTC 的时差，如 +08:00", "a time needs its offset from UTC, such as +08:00")
    try:
        return instant.astimezone(SHANGHAI).date()
    except OverflowError:
        raise CalendarError("时间须在公元 1 年至 9999 年之间", "the time lies outside the years 1 to 9999") from None


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """One version of the calendar, as the city or one court counts.

    Attributes:
        number: the version, 1 for the first notice alone.
        court: the court whose own closures it holds besides the city's; None for the city.
        first_day: the first day it answers for.
        final_until: the last announced day; every later day is provisional.
        last_day: the last day it answers for.
        checksum: SHA-256, in hex, of every answer this version can give, to any court: equal sums, equal calendars.
    """

    number: int
    court: str | None
    first_day: date
    final_until: date
    last_day: date
    checksum: str
    _worked: WorkedDays = field(repr=False, compare=False)
    _counted: Mapping[date, int] = field(repr=False, compare=False)
    _select: tuple[date, ...] = field(repr=False, compare=False)
    _grounds: Grounds = field(repr=False, compare=False)
    _family: dict[str | None, "BusinessCalendar"] = field(repr=False, compare=False)

    def of(self, court: str | None) -> "BusinessCalendar":
        """Give this version as a court counts; as the city does for None and for a court without own closures."""
        if court is None or court not in self._grounds.closed_of_court:
            return self._family[None]
        return self._family.get(court) or self._family.setdefault(court, _as_counted_by(court, self._family[None]))

    def is_business_day(self, day: date) -> bool:
        """Tell whether a day is worked."""
        return self._select[self._counted_until(day)] == day

    def nth_business_day(self, day0: date, n: int) -> date:
        """Give the n-th business day (n >= 1) strictly after day 0, which never counts (Civil Code art. 201)."""
        if n < 1:
            raise CalendarError(f"工作日自 1 起算，而不是 {n}", f"business days are counted from 1, not {n}")
        try:
            return self._select[self._counted[day0] + n]
        except LookupError:
            raise self._refusal(day0) from None

    def business_day_on_or_after(self, day: date) -> date:
        """Give the day itself if it is worked, else the next business day."""
        return day if self.is_business_day(day) else self.nth_business_day(day, 1)

    def nth_business_day_from(self, day: date, n: int) -> date:
        """Give the n-th business day (n >= 1) on or after a day, which counts itself if it is worked."""
        first = self.business_day_on_or_after(day)
        return first if n == 1 else self.nth_business_day(first, n - 1)

    def count(self, after: date, until: date) -> int:
        """Count the business days strictly after one day up to and including another, not earlier, one."""
        if until < after:
            raise CalendarError(f"{until} 早于 {after}", f"{until} lies before {after}")
        return self._counted_until(until) - self._counted_until(after)

    def is_provisional(self, day: date) -> bool:
        """Tell whether a day lies past the last announced one, so that a later notice may still change it."""
        return day > self.final_until

    def day(self, day: date) -> Day:
        """Tell what a day is, and why."""
        return self._grounds.day(day, self.is_business_day(day), announced=not self.is_provisional(day))

    def _counted_until(self, day: date) -> int:
        try:
            return self._counted[day]
        except KeyError:
            raise self._refusal(day) from None

    def _refusal(self, day: date) -> Exception:
        if isinstance(day, datetime):
            return TypeError("a calendar takes dates; see shanghai_date for the date of an instant")
        if day < self.first_day:
            zh = f"{day} 早于日历的第一天 {self.first_day}"
            return BeforeFirstDay(zh, f"{day} lies before {self.first_day}, the first day of the calendar")
        zh = f"晚于日历的最后一天 {self.last_day}"
        if day > self.last_day:
            return AfterLastDay(f"{day} {zh}", f"{day} lies after {self.last_day}, the last day of the calendar")
        return AfterLastDay(f"答案{zh}", f"the answer lies after {self.last_day}, the last day of the calendar")


def build_calendar(notices: Iterable[Notice], number: int, closures: Iterable[Closure] = ()) -> BusinessCalendar:
    """Build calendar version ``number`` from all notices and closures it rests on, given in any order.

    Raises:
        NoticeError: no notice, two of one date, a year missing between two others, an amendment of nothing, or two
            notices that contradict each other without one amending the other.
        ClosureError: a closure of a day the calendar does not reach.
    """
    known = sorted(notices, key=lambda notice: notice.published_on)
    named, years = named_days(known), announced_years(known)
    first_day, final_until = min((date(years[0], 1, 1), *named)), date(years[-1], 12, 31)
    last_day = max(final_until, date(LAST_YEAR, 12, 31))
    statutory = _festivals_after(final_until)
    known_days = dict.fromkeys(statutory, False) | {day: name.works for day, name in named.items()}
    worked = WorkedDays.by_the_week(first_day, last_day, known_days)
    closed = _closed_days(closures, first_day, last_day)
    worked = worked.without(closed.pop(None, ()))
    grounds = Grounds(named, statutory, _effective(closed, worked))
    family: dict[str | None, BusinessCalendar] = {}
    family[None] = BusinessCalendar(
        number=number,
        court=None,
        first_day=first_day,
        final_until=final_until,
        last_day=last_day,
        checksum=_checksum(first_day, final_until, worked, grounds),
        _worked=worked,
        _counted=worked.counted(),
        _select=worked.selected(),
        _grounds=grounds,
        _family=family,
    )
    return family[None]


def packaged_versions(notices: Iterable[Notice]) -> list[BusinessCalendar]:
    """Give every version in order of publication: version n rests on the first n notices; the last is current."""
    known = sorted(notices, key=lambda notice: notice.published_on)
    return [build_calendar(known[:number], number) for number in range(1, len(known) + 1)]


@lru_cache(maxsize=64)
def changed_days(old: BusinessCalendar, new: BusinessCalendar, court: str | None = None) -> frozenset[date]:
    """Give the days on which a deadline may differ between two versions, as a court (or the city) counts.

    Those are the days worked in one and not in the other, and every day announced in one alone: its dates become
    final. Only days both versions answer for are compared.
    """
    first, last = max(old.first_day, new.first_day), min(old.last_day, new.last_day)
    differing = old.of(court)._worked.differing(new.of(court)._worked, first, last)
    earlier, later = sorted((old.final_until, new.final_until))
    announced = range(earlier.toordinal() + 1, min(later, last).toordinal() + 1)
    return frozenset(differing).union(map(date.fromordinal, announced))


def _as_counted_by(court: str, city: BusinessCalendar) -> BusinessCalendar:
    worked = city._worked.without(city._grounds.closed_of_court[court])
    return replace(city, court=court, _worked=worked, _counted=worked.counted(), _select=worked.selected())


def _festivals_after(final_until: date) -> Mapping[date, Festival]:
    years = range(final_until.year + 1, LAST_YEAR + 1)
    return {day: festival for year in years for festival in festivals(year) for day in festival.days}


def _closed_days(closures: Iterable[Closure], first_day: date, last_day: date) -> dict[str | None, set[date]]:
    closed: dict[str | None, set[date]] = {}
    for closure in closures:
        for day in closure.days:
            if not first_day <= day <= last_day:
                raise ClosureError(f"the closure of {day} lies outside the calendar, {first_day} to {last_day}")
        closed.setdefault(closure.court, set()).update(closure.days)
    return closed


def _effective(closed: Mapping[str | None, set[date]], worked: WorkedDays) -> Mapping[str, frozenset[date]]:
    days_of = {court: frozenset(day for day in days if day in worked) for court, days in closed.items()}
    return {court: days for court, days in sorted(days_of.items()) if court and days}


def _checksum(first_day: date, final_until: date, worked: WorkedDays, grounds: Grounds) -> str:
    content = f"{first_day}/{final_until}/{''.join('1' if flag else '0' for flag in worked.flags)}"
    for court, days in grounds.closed_of_court.items():
        content += f"/{court}:{','.join(map(str, sorted(days)))}"
    return hashlib.sha256(content.encode("utf-8")).hexdigest()
