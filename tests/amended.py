"""Two notices that changed days already announced, and what each does to a deadline, counted by a loop over days.

The days are typed in from the notices; our calendar has no part in it (issue line C40).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.city import shanghai

BUSINESS_DAYS = {"0104": (2, 3, 5, 7, 8), "01": (2, 3, 5, 7)}
"""Of the warning and the rungs, in a primary court and in the Intermediate Court."""


def days(first: str, last: str) -> set[date]:
    """From the first to the last of them."""
    start = date.fromisoformat(first)
    return {start + timedelta(days=day) for day in range((date.fromisoformat(last) - start).days + 1)}


def _plus(*days: str) -> set[date]:
    return {date.fromisoformat(day) for day in days}


def end_of(day: date) -> datetime:
    """When a deadline on that day is over."""
    return shanghai(f"{day + timedelta(days=1)} 00:00")


@dataclass(frozen=True)
class Story:
    """A notice that changed days already announced.

    Attributes:
        known: the day of the last notice that the book knows at first.
        amended: the day of the notice that changes it.
        arrives: when that one is approved, in Shanghai.
        receipts: the first and the last day on which requests were received.
        ends: after the last rung of all, in Shanghai.
        off: days off from Monday to Friday, or none, by the older and by the newer notice.
        work: working days at weekends, likewise.
    """

    known: str
    amended: str
    arrives: str
    receipts: tuple[str, str]
    ends: str
    off: tuple[set[date], set[date]]
    work: tuple[set[date], set[date]]

    def due(self, day0: date, business_days: int, version: int) -> date:
        """The n-th business day after day 0 under the first (0) or the second (1) notice."""
        day = day0
        while business_days:
            day += timedelta(days=1)
            works = day in self.work[version] or (day.weekday() < 5 and day not in self.off[version])
            business_days -= works
        return day

    def expected(self, day0: date, court: str) -> list[date]:
        """When each rung falls due: those whose day ended before the notice came stay."""
        came = shanghai(self.arrives)
        return [
            before if end_of(before) <= came else self.due(day0, business_days, 1)
            for business_days, before in zip(BUSINESS_DAYS[court], self.planned(day0, court), strict=True)
        ]

    def planned(self, day0: date, court: str) -> list[date]:
        """When each rung was to fall due before the notice came."""
        return [self.due(day0, business_days, 0) for business_days in BUSINESS_DAYS[court]]

    def moves(self, day0: date, court: str) -> bool:
        """Whether the notice changes any date."""
        return self.planned(day0, court) != self.expected(day0, court)


SPRING_FESTIVAL = Story(
    known="2019-11-21",
    amended="2020-01-27",
    arrives="2020-01-27 07:53",
    receipts=("2020-01-13", "2020-01-23"),
    ends="2020-02-14 12:00",
    off=(days("2020-01-24", "2020-01-30"), days("2020-01-24", "2020-02-02")),
    work=(_plus("2020-01-19", "2020-02-01"), _plus("2020-01-19")),
)

MAY_DAY = Story(
    known="2018-12-06",
    amended="2019-03-22",
    arrives="2019-04-26 10:00",
    receipts=("2019-04-15", "2019-04-25"),
    ends="2019-05-14 12:00",
    off=(_plus("2019-05-01", "2019-04-05"), days("2019-05-01", "2019-05-04") | _plus("2019-04-05")),
    work=(set(), _plus("2019-04-28", "2019-05-05")),
)
"""The notice came on 22 March; for requests that it touches to be open, this book learns of it only in April."""
