"""A second opinion on a calendar: the `holidays` package, imported nowhere else.

It is asked about announced days only: past the last notice it knows it guesses without saying so.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from holidays import country_holidays

from calendars.core import BusinessCalendar


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which the two disagree: whether we, and whether the package, hold it a business day."""

    day: date
    ours: bool
    theirs: bool


def differences(calendar: BusinessCalendar) -> list[Difference]:
    """Compare every announced day of a calendar with the package; an empty list is full agreement."""
    # Years are filled before the first lookup: the package's own lazy filling is not safe among threads.
    years = range(calendar.first_day.year, calendar.final_until.year + 1)
    package = country_holidays("CN", years=years, expand=False, language="zh_CN")
    span = (calendar.final_until - calendar.first_day).days
    found = []
    for day in (calendar.first_day + timedelta(days=offset) for offset in range(span + 1)):
        ours, theirs = calendar.is_business_day(day), package.is_working_day(day)
        if ours is not theirs:
            found.append(Difference(day, ours, theirs))
    return found
