"""The statutory days of the years no notice has announced yet.

全国年节及纪念日放假办法, art. 2: State Council Order 644 (2013) until 2024; Order 795 (2024-11-10) since 2025-01-01,
which added New Year's Eve of the lunar calendar and 2 May. A notice adds days in lieu and make-up days to these; nobody
can know them before it, so none are guessed here. The half-day holidays of art. 3 are working days.

The lunar dates and 清明 are those of the Chinese calendar (GB/T 33661-2017), compared in the tests with the `holidays`
package. The table ends with 2040; a calendar answers no question beyond it.
"""

from datetime import date, timedelta

ORDER_795_SINCE = 2025

# year: first day of the Spring Festival 初一, 清明节, 端午节, 中秋节, each (month, day)
_MOVABLE: dict[int, tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]] = {
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

LAST_YEAR = max(_MOVABLE)


def statutory_days(year: int) -> frozenset[date]:
    """Give the statutory days off of a year from 2020 to ``LAST_YEAR``, weekend or not."""
    spring, *festivals = (date(year, month, day) for month, day in _MOVABLE[year])
    days = {date(year, 1, 1), date(year, 5, 1), *festivals}
    days.update(date(year, 10, day) for day in (1, 2, 3))
    days.update(spring + timedelta(days=offset) for offset in range(3))
    if year >= ORDER_795_SINCE:
        days.update((spring - timedelta(days=1), date(year, 5, 2)))
    return frozenset(days)
