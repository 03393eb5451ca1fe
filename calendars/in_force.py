"""What a list of notices says together: amendments replace or add holidays, everything else must agree.

An amendment that adds one, as that of 2015-05-13 did for 3 September 2015, gives days away: it says so in
``formula_difference``. Without that, a name which the amended notice lacks is taken for a misspelt one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from calendars.day import NamedDay
from calendars.faults import AnnouncedDayChanged, NoticeError
from calendars.notice import Holiday, Notice


def holidays_in_force(notices: Sequence[Notice]) -> list[tuple[Notice, Holiday]]:
    """Give each holiday that holds, with the notice that last set it, from notices in order of publication.

    Raises:
        NoticeError: two notices of one date, or an amendment of nothing.
    """
    in_force: dict[tuple[date, str], tuple[Notice, Holiday]] = {}
    announced: set[date] = set()
    for before, after in pairwise(notices):
        if before.published_on == after.published_on:
            zh = f"有两份 {after.published_on} 发布的通知"
            raise NoticeError(zh, f"two notices of {after.published_on}")
    for notice in notices:
        base = notice.amends or notice.published_on
        if notice.amends is None:
            announced.add(base)
        may_add = base in announced and (notice.amends is None or notice.formula_difference is not None)
        for holiday in notice.holidays:
            if not may_add and (base, holiday.zh) not in in_force:
                raise _lacking(notice, holiday, base in announced)
            in_force[base, holiday.zh] = notice, holiday
    return list(in_force.values())


def added_holidays(notice: Notice, known: Iterable[Notice]) -> list[Holiday]:
    """Give the holidays that an amendment adds to what the notices before it say; none for any other notice."""
    held = {(other.amends or other.published_on, holiday.zh) for other in known for holiday in other.holidays}
    return [holiday for holiday in notice.holidays if notice.amends and (notice.amends, holiday.zh) not in held]


def named_days(notices: Sequence[Notice]) -> Mapping[date, NamedDay]:
    """Give every day the notices in force name, from notices in order of publication.

    Raises:
        AnnouncedDayChanged: two notices that contradict each other without one amending the other.
    """
    named: dict[date, NamedDay] = {}
    for notice, holiday in holidays_in_force(notices):
        for day, works in holiday.days():
            known = named.setdefault(day, NamedDay(works, holiday.zh, holiday.en, notice.published_on))
            if known.works is not works:
                raise AnnouncedDayChanged(
                    f"{day} 既为工作日又为休息日；已公布的日期仅可由修改通知变更",
                    f"{day} is both worked and off; only an amendment may change an announced day",
                )
    return named


def announced_years(notices: Iterable[Notice]) -> list[int]:
    """Give the years announced, in order and without a gap.

    Raises:
        NoticeError: no notice announces a year, or one is missing between two others.
    """
    years = sorted({notice.year for notice in notices if notice.amends is None})
    if not years:
        raise NoticeError("日历至少须有一年的通知", "a calendar needs the notice of at least one year")
    if missing := set(range(years[0], years[-1])) - set(years):
        lacking = sorted(map(str, missing))
        raise NoticeError(f"缺少 {'、'.join(lacking)} 年的通知", f"no notice for {', '.join(lacking)}")
    return years


def _lacking(notice: Notice, holiday: Holiday, base_is_known: bool) -> NoticeError:
    """An amendment of a holiday that is not there; one that adds it to a notice we know has a way to say so."""
    hint_zh = "；新增假期须附理由申报 formula_difference" if base_is_known else ""
    hint = "; an amendment that adds it must declare a formula_difference with its reason" if base_is_known else ""
    return NoticeError(
        f"{notice.published_on} 的通知修改“{holiday.zh}”，而 {notice.amends} 的通知并无此假期{hint_zh}",
        f"the notice {notice.published_on} amends a {holiday.zh} that {notice.amends} lacks{hint}",
    )
