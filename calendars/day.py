"""What a day is and why: the week, a notice, the law, or a closure."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from calendars.notice import SATURDAY
from calendars.statutory import Festival


class DayReason(StrEnum):
    """Why a day is worked or not."""

    WEEK = "week"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    STATUTORY = "statutory"
    CLOSURE = "closure"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a calendar and why it is what it is.

    Attributes:
        reason: the week or the weekend where nothing else speaks of the day; statutory in a year that is not announced;
            a closure only where the day would be worked without it.
        name_zh: the holiday, also that of a make-up day; None where there is none. ``name_en`` likewise.
        notice: date of publication of the notice that names the day; None where none does.
        announced: False past the last announced day.
    """

    date: datetime.date
    works: bool
    reason: DayReason
    name_zh: str | None
    name_en: str | None
    notice: datetime.date | None
    announced: bool


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day a notice names: worked or off, for which holiday, by the notice of which date."""

    works: bool
    zh: str
    en: str
    notice: datetime.date


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that a calendar rests on, by day.

    Attributes:
        named: the days of the notices in force.
        statutory: the statutory days of the years no notice has announced.
        closed_of_court: the days one court's own closures take off which the city works, by its code.
    """

    named: Mapping[datetime.date, NamedDay]
    statutory: Mapping[datetime.date, Festival]
    closed_of_court: Mapping[str, frozenset[datetime.date]]

    def day(self, day: datetime.date, works: bool, announced: bool) -> Day:
        """Give the reason for what is known of a day; what would be worked and is not is closed."""
        if (named := self.named.get(day)) and named.works <= works:
            reason = DayReason.MAKE_UP if named.works else DayReason.HOLIDAY
            return Day(day, works, reason, named.zh, named.en, named.notice, announced)
        if festival := self.statutory.get(day):
            return Day(day, works, DayReason.STATUTORY, festival.zh, festival.en, None, announced)
        return Day(day, works, _unnamed(day, works, named is not None), None, None, None, announced)


def _unnamed(day: datetime.date, works: bool, closed_make_up: bool) -> DayReason:
    if works:
        return DayReason.WEEK
    return DayReason.WEEKEND if day.weekday() >= SATURDAY and not closed_make_up else DayReason.CLOSURE
