"""Notices from the package holidays, which is not asked to guess."""

from datetime import date

import pytest

from calendars.checks import check_proposal, compare, opinion_of
from calendars.core import BusinessCalendar
from calendars.faults import EmptyYear, NoticeError
from calendars.notice import Notice
from calendars.sources import holidays_package
from tests.calendars.yearly import PUBLISHED, YEARS, known_before


@pytest.mark.parametrize("year", [2019, *YEARS])
def test_the_package_proposes_what_the_notices_say(
    notices: tuple[Notice, ...], versions: list[BusinessCalendar], year: int
) -> None:
    """For 2019 the package knows the amendment too; of 2020 it must be told why its year does not add up."""
    proposed = holidays_package.propose(year, date(year - 1, 11, 1))
    assert check_proposal(proposed, known_before(notices, year)) == []
    truth = next(version for version in reversed(versions) if version.final_until.year == year)
    assert compare(truth, opinion_of(proposed), "holidays") == []


def test_the_package_names_holidays_and_whom_a_make_up_day_pays() -> None:
    proposed = holidays_package.propose(2026, date(2025, 11, 4))
    work = {holiday.zh: [f"{day:%m-%d}" for day in holiday.work] for holiday in proposed.holidays}
    assert work == {
        "元旦": ["01-04"],
        "春节": ["02-14", "02-28"],
        "清明节": [],
        "劳动节": ["05-09"],
        "端午节": [],
        "中秋节": [],
        "国庆节": ["09-20", "10-10"],
    }
    spring = next(holiday for holiday in proposed.holidays if holiday.zh == "春节")
    assert (spring.en, spring.off) == ("Spring Festival", ((date(2026, 2, 16), date(2026, 2, 23)),))


def test_the_package_is_not_asked_to_guess() -> None:
    with pytest.raises(EmptyYear, match="the package holidays knows no notice for 2027: it names no make-up day"):
        holidays_package.propose(2027, PUBLISHED)
    with pytest.raises(NoticeError, match="the year must lie between 2019 and 2040, not be 99999"):
        holidays_package.propose(99_999, PUBLISHED)
    opinion = holidays_package.opinion(date(2026, 12, 30), date(2027, 1, 2))
    assert opinion == {date(2026, 12, 30): True, date(2026, 12, 31): True}
