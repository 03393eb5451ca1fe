"""The statutory days of the years no notice has announced yet.

全国年节及纪念日放假办法, art. 2: State Council Order 644 (2013) until 2024; Order 795 (2024-11-10) since 2025-01-01,
which added New Year's Eve of the lunar calendar and 2 May. A notice adds days in lieu and make-up days to these; nobody
can know them before it, so none are guessed here. The half-day holidays of art. 3 are working days.

The lunar dates and 清明 are those of the Chinese calendar (GB/T 33661-2017), compared in the tests with the `holidays`
package. The table ends with 2040; a calendar answers no question beyond it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

ORDER_795_SINCE = 2025

# year: first day of the Spring Festival 初一, 清明节, 端午节, 中秋节, each (month, day)
_MOVABLE: dict[int, tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    2019: ((2, 5), (4, 5), (6, 7), (9, 13)),
    2020: ((1, 25), (4, 4), (6, 25), (10, 1)),
    2021: ((2, 12), (4, 4), (6, 14), (9, 21)),
    2022: ((2, 1), (4, 5), (6, 3), (9, 10)),
    2023: ((1, 22), (4, 5), (6, 22), (9, 29)),
    2024: ((2, 10), (4, 4), (6, 10), (9, 17)),
    2025: ((1, 29), (4, 4), (5, 31), (10, 6)),
    2026: ((2, 17), (4, 5), (6, 19), (9, 25)),
    2027: ((2, 6), (4, 5), (6, 9), (9, 15)),
    2028: ((1, 26), (4, 4), (5, 28), (10, 3)),
    2029: ((2, 13), (4, 4), (6, 16), (9, 22)),
    2030: ((2, 3), (4, 5), (6, 5), (9, 12)),
    2031: ((1, 23), (4, 5), (6, 24), (10, 1)),
    2032: ((2, 11), (4, 4), (6, 12), (9, 19)),
    2033: ((1, 31), (4, 4), (6, 1), (9, 8)),
    2034: ((2, 19), (4, 5), (6, 20), (9, 27)),
    2035: ((2, 8), (4, 5), (6, 10), (9, 16)),
    2036: ((1, 28), (4, 4), (5, 30), (10, 4)),
    2037: ((2, 15), (4, 4), (6, 18), (9, 24)),
    2038: ((2, 4), (4, 5), (6, 7), (9, 13)),
    2039: ((1, 24), (4, 5), (5, 27), (10, 2)),
    2040: ((2, 12), (4, 4), (6, 14), (9, 20)),
}

FIRST_YEAR, LAST_YEAR = min(_MOVABLE), max(_MOVABLE)


@dataclass(frozen=True, slots=True)
class Festival:
    """A statutory holiday of one year and its days off, weekend or not, in order."""

    zh: str
    en: str
    days: tuple[date, ...]


@cache
def festivals(year: int) -> tuple[Festival, ...]:
    """Give the statutory holidays of a year from ``FIRST_YEAR`` to ``LAST_YEAR``, in the order of the law.

    Raises:
        KeyError: the year lies outside the table.
    """
    spring, tomb, boat, moon = (date(year, month, day) for month, day in _MOVABLE[year])
    newer = year >= ORDER_795_SINCE
    eve = spring - timedelta(days=1)
    return (
        Festival("元旦", "New Year's Day", (date(year, 1, 1),)),
        Festival("春节", "Spring Festival", (*((eve,) if newer else ()), *_run(spring, 3))),
        Festival("清明节", "Tomb-Sweeping Day", (tomb,)),
        Festival("劳动节", "Labour Day", _run(date(year, 5, 1), 2 if newer else 1)),
        Festival("端午节", "Dragon Boat Festival", (boat,)),
        Festival("中秋节", "Mid-Autumn Festival", (moon,)),
        Festival("国庆节", "National Day", _run(date(year, 10, 1), 3)),
    )


def statutory_days(year: int) -> frozenset[date]:
    """Give the statutory days off of a year from ``FIRST_YEAR`` to ``LAST_YEAR``, weekend or not."""
    return frozenset(day for festival in festivals(year) for day in festival.days)


def statutory_count(year: int) -> int:
    """Tell how many days off the law gives in a year: 11, since Order 795 13."""
    return 13 if year >= ORDER_795_SINCE else 11


def _run(first: date, days: int) -> tuple[date, ...]:
    return tuple(first + timedelta(days=offset) for offset in range(days))
