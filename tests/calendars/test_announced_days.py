"""Every announced day against two packages that do not know each other, and against the arithmetic of the year."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from holidays import country_holidays

from calendars.checks import Disagreement, compare
from calendars.core import BusinessCalendar
from calendars.sources import holidays_package
from calendars.statutory import LAST_YEAR, statutory_days

FIRST, LAST = date(2019, 1, 1), date(2026, 12, 31)
EVERY_DAY = [FIRST + timedelta(days=offset) for offset in range((LAST - FIRST).days + 1)]


def disagreements(calendar: BusinessCalendar) -> list[Disagreement]:
    opinion = holidays_package.opinion(calendar.first_day, calendar.final_until)
    assert len(opinion) == (calendar.final_until - calendar.first_day).days + 1
    return compare(calendar, opinion, "holidays")


def test_every_day_agrees_with_the_holidays_package(calendar: BusinessCalendar) -> None:
    assert disagreements(calendar) == []


def test_every_day_agrees_with_chinesecalendar(calendar: BusinessCalendar) -> None:
    wrong = [day for day in EVERY_DAY if calendar.is_business_day(day) is not chinese_calendar.is_workday(day)]
    assert len(EVERY_DAY) == 2922
    assert wrong == []


def test_the_comparison_sees_what_an_amendment_changed(versions: list[BusinessCalendar]) -> None:
    """Without the amendment of 2019-03-22 exactly its four days differ, without that of 2020-01-27 exactly two."""
    assert [found.day for found in disagreements(versions[0])] == [
        date(2019, 4, 28),
        date(2019, 5, 2),
        date(2019, 5, 3),
        date(2019, 5, 5),
    ]
    assert disagreements(versions[2]) == [
        Disagreement(date(2020, 1, 31), ours=True, theirs=False, source="holidays"),
        Disagreement(date(2020, 2, 1), ours=True, theirs=False, source="holidays"),
    ]


@pytest.mark.parametrize(
    ("year", "statutory"),
    [(2019, 11), (2020, 13), (2021, 11), (2022, 11), (2023, 11), (2024, 11), (2025, 13), (2026, 13)],
)
def test_business_days_of_a_year(calendar: BusinessCalendar, year: int, statutory: int) -> None:
    """Days less weekends less statutory days; 2020 lost two more when the Spring Festival was extended."""
    days = [day for day in EVERY_DAY if day.year == year]
    weekends = sum(day.weekday() >= 5 for day in days)
    counted = sum(calendar.is_business_day(day) for day in days)
    assert counted == len(days) - weekends - statutory
    assert year != 2026 or counted == 248


def test_the_notice_for_2019_sets_days_in_december_2018(calendar: BusinessCalendar) -> None:
    assert calendar.first_day == date(2018, 12, 29)
    worked = [calendar.is_business_day(date(2018, 12, day)) for day in (29, 30, 31)]
    assert worked == [True, False, False]


def test_statutory_days_of_the_unannounced_years_agree_with_the_holidays_package() -> None:
    """Only the days the law names: the package's days in lieu (补假) are its own guess."""
    for year in range(2027, LAST_YEAR + 1):
        package = country_holidays("CN", years=year, expand=False, language="zh_CN")
        named = {day for day, name in package.items() if any("补假" not in part for part in name.split("; "))}
        assert statutory_days(year) == named, year


def test_statutory_days_under_the_older_order_agree_with_the_holidays_package() -> None:
    for year in range(2020, 2025):
        package = country_holidays("CN", years=year, expand=False, language="zh_CN")
        named = {
            day for day, name in package.items() if any(not set(part) & {"补", "调", "延"} for part in name.split("; "))
        }
        assert statutory_days(year) == named, year


def test_2027_is_as_order_795_says() -> None:
    days = " ".join(f"{day:%m-%d}" for day in sorted(statutory_days(2027)))
    assert days == "01-01 02-05 02-06 02-07 02-08 04-05 05-01 05-02 06-09 09-15 10-01 10-02 10-03"
