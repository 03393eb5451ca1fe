"""Notices and closures that nobody published, and the same days as plain sets, worked out without the calendar."""

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from calendars.closure import Closure
from calendars.notice import SATURDAY, Holiday, Notice

YEARS = (2021, 2022)
MONTHS = (2, 5, 10)
COURTS = ("0104", "0105")


@dataclass(frozen=True)
class Announced:
    """Notices in order of publication, closures in any,, and the days they leave off and worked beside the week."""

    notices: tuple[Notice, ...]
    closures: tuple[Closure, ...]
    named: dict[date, bool]

    def works(self, day: date, court: str | None) -> bool:
        """Whether a day of the announced years is worked, by looking at every fact in turn."""
        closed = any(day in closure.days for closure in self.closures if closure.court in (None, court))
        return not closed and self.named.get(day, day.weekday() < SATURDAY)


@st.composite
def announced(draw: st.DrawFn) -> Announced:
    """A notice for each year, some amendments of single holidays, some closures."""
    notices = []
    in_force: dict[tuple[int, int], Holiday] = {}
    for year in YEARS:
        holidays = [draw(_holiday(year, month)) for month in MONTHS]
        base = _notice(year, date(year - 1, 11, 5), None, holidays)
        in_force |= {(year, month): holiday for month, holiday in zip(MONTHS, holidays, strict=True)}
        notices.append(base)
        for week, month in enumerate(draw(st.lists(st.sampled_from(MONTHS), max_size=2)), start=1):
            in_force[year, month] = draw(_holiday(year, month))
            published_on = base.published_on + timedelta(weeks=week)
            notices.append(_notice(year, published_on, base.published_on, [in_force[year, month]]))
    named = {day: works for holiday in in_force.values() for day, works in holiday.days()}
    return Announced(tuple(notices), tuple(draw(st.lists(closures(), max_size=3))), named)


def closures() -> st.SearchStrategy[Closure]:
    """Some days in a row, for the city or one court."""
    first = st.dates(date(YEARS[0], 1, 1), date(YEARS[-1], 12, 1))
    return st.builds(
        lambda court, day, more: Closure.between(court, day, day + timedelta(days=more)),
        st.sampled_from((None, *COURTS)),
        first,
        st.integers(0, 4),
    )


def _holiday(year: int, month: int) -> st.SearchStrategy[Holiday]:
    """Four weeks of a month, of which each day is off, or worked if it can be, or not named."""
    days = [date(year, month, day) for day in range(1, 29)]
    return st.binary(min_size=len(days), max_size=len(days)).map(lambda choice: _named(month, days, choice))


def _named(month: int, days: list[date], choice: bytes) -> Holiday:
    off = tuple((day, day) for day, chosen in zip(days, choice, strict=True) if chosen % 4 == 1)
    chosen = zip(days, choice, strict=True)
    work = tuple(day for day, number in chosen if number % 4 == 2 and day.weekday() >= SATURDAY)
    return Holiday(f"{month}月", f"month {month}", off, work)


def _notice(year: int, published_on: date, amends: date | None, holidays: list[Holiday]) -> Notice:
    return Notice(year, "random", "unknown", published_on, "unknown", amends, tuple(holidays))
