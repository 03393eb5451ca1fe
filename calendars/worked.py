"""One flag a day, from the first day of a calendar to its last: what its lookup tables are made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate, compress

from calendars.notice import SATURDAY

_WEEK = bytes(weekday < SATURDAY for weekday in range(7))


@dataclass(frozen=True, slots=True)
class WorkedDays:
    """Which days are worked: byte ``i`` is 1 if the ``i``-th day after the first one is.

    Attributes:
        first_day: the day of the first byte.
        flags: one byte a day.
    """

    first_day: date
    flags: bytes

    @classmethod
    def by_the_week(cls, first_day: date, last_day: date, but: Mapping[date, bool]) -> "WorkedDays":
        """Monday to Friday, but for the days of which something else is known; both ends in."""
        days = last_day.toordinal() - first_day.toordinal() + 1
        weekday = first_day.weekday()
        flags = bytearray((_WEEK * (days // 7 + 2))[weekday : weekday + days])
        for day, works in but.items():
            flags[day.toordinal() - first_day.toordinal()] = works
        return cls(first_day, bytes(flags))

    def __contains__(self, day: date) -> bool:
        index = day.toordinal() - self.first_day.toordinal()
        return 0 <= index < len(self.flags) and bool(self.flags[index])

    def without(self, days: Iterable[date]) -> "WorkedDays":
        """Take days off; all of them lie between the first and the last."""
        flags = bytearray(self.flags)
        for day in days:
            flags[day.toordinal() - self.first_day.toordinal()] = False
        return WorkedDays(self.first_day, bytes(flags))

    def selected(self) -> tuple[date, ...]:
        """Give the business days in order, the first at place 1; place 0 holds a day that is none."""
        return (date.min, *compress(self._days(), self.flags))

    def counted(self) -> dict[date, int]:
        """Give, for every day, how many business days there are up to it, itself included."""
        return dict(zip(self._days(), accumulate(self.flags), strict=True))

    def differing(self, other: "WorkedDays", first: date, last: date) -> set[date]:
        """Give the days, both ends in, that one works and the other does not."""
        days = _every_day(first, last)
        return {
            day
            for day, mine, theirs in zip(days, self._cut(first, last), other._cut(first, last), strict=True)
            if mine != theirs
        }

    def _cut(self, first: date, last: date) -> bytes:
        start = self.first_day.toordinal()
        return self.flags[first.toordinal() - start : last.toordinal() - start + 1]

    def _days(self) -> tuple[date, ...]:
        first = self.first_day.toordinal()
        return _every_day(self.first_day, date.fromordinal(first + len(self.flags) - 1))


@lru_cache(maxsize=16)
def _every_day(first: date, last: date) -> tuple[date, ...]:
    """Every day, both ends in; the versions of a calendar share them."""
    return tuple(map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1)))
