"""What a notice must pass before a person may approve it, and a second opinion on what came of it.

The arithmetic of the year: every weekday a notice takes off beyond the statutory days is paid for with a weekend day
worked, so a year has its days less its Saturdays and Sundays less the statutory days (11, since Order 795 13) to work.
It holds for every yearly notice since 2008 and catches most typing errors. Days a notice sets in the December before
its year belong to the same sum. Where the State Council gives days away for good, as it did for the Spring Festival of
2020, the amendment says so in ``formula_difference``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendars.core import BusinessCalendar, build_calendar, changed_days
from calendars.faults import AnnouncedDayChanged, NoticeError, StatutoryDayWorked, YearFormula, raise_all
from calendars.in_force import added_holidays, holidays_in_force
from calendars.notice import SATURDAY, UNKNOWN, Notice, day_faults
from calendars.statutory import FIRST_YEAR, LAST_YEAR, festivals, statutory_count


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the approver should know, though it is no fault; ``step`` is the step that found it."""

    step: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A day on which a second source says otherwise: whether we, and whether they, hold it a business day."""

    day: date
    ours: bool
    theirs: bool
    source: str


def check_proposal(notice: Notice, known: Sequence[Notice]) -> list[Finding]:
    """Check a notice against the law and against the notices already in force.

    Args:
        notice: the proposal.
        known: the notices of the newest version, in any order.

    Returns:
        What the approver should see, in the order of the steps.

    Raises:
        NoticeError: a fault, of the class of its step; NoticeFaults if there are several, a sentence each.
    """
    raise_all(list(day_faults(notice)))
    if any(other.published_on == notice.published_on for other in known):
        raise NoticeError(
            f"已有一份 {notice.published_on} 发布的通知，而通知以发布日期相区别",
            f"two notices of {notice.published_on}, and the date is what tells them apart",
        )
    in_order = sorted(known, key=lambda other: other.published_on)
    named = _named_in_year(notice, in_order)
    difference = _formula_difference(notice, named)
    faults = [*_formula_faults(notice, difference), *_statutory_faults(notice, named)]
    changed: list[date] = []
    try:
        changed = _announced_days_changed(notice, in_order)
    except NoticeError as fault:
        faults.append(fault)
    raise_all(faults)
    return [
        *_new_holiday_findings(notice, known),
        *_formula_findings(notice, difference),
        *_change_findings(notice, changed),
    ]


def compare(calendar: BusinessCalendar, second: Mapping[date, bool], source: str) -> list[Disagreement]:
    """Give every day on which a second source says otherwise, in order.

    Args:
        calendar: ours.
        second: whether each day is a business day by the second source; days outside the calendar are passed over.
        source: how the second source is called.
    """
    return [
        Disagreement(day, not theirs, theirs, source)
        for day, theirs in sorted(second.items())
        if calendar.first_day <= day <= calendar.last_day and calendar.is_business_day(day) is not theirs
    ]


def opinion_of(notice: Notice) -> Mapping[date, bool]:
    """Give what a notice by itself says of every day of its year, and of the days it names in the December before."""
    return {day: day.weekday() < SATURDAY for day in _days_of(notice.year)} | dict(notice.days())


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=offset) for offset in range((date(year + 1, 1, 1) - first).days)]


def _named_in_year(notice: Notice, known: Sequence[Notice]) -> Mapping[date, bool]:
    """Days named for the year once the proposal is in force: its own, or those of what it amends, as amended."""
    if not FIRST_YEAR <= notice.year <= LAST_YEAR:
        raise NoticeError(
            f"{notice.year} 年的法定节假日未知，仅知 {FIRST_YEAR} 年至 {LAST_YEAR} 年",
            f"the statutory days of {notice.year} are not known, only those of {FIRST_YEAR}-{LAST_YEAR}",
        )
    base = notice.amends or notice.published_on
    of_year = [other for other in known if base in (other.published_on, other.amends)]
    if any(other.year != notice.year for other in of_year):
        raise NoticeError(
            f"{notice.published_on} 的通知为 {notice.year} 年，所修改的却是 {of_year[0].year} 年的通知",
            f"the notice {notice.published_on} for {notice.year} amends one for {of_year[0].year}",
        )
    in_order = sorted([*of_year, notice], key=lambda other: other.published_on)
    return {day: works for _, holiday in holidays_in_force(in_order) for day, works in holiday.days()}


def _new_holiday_findings(notice: Notice, known: Sequence[Notice]) -> Iterator[Finding]:
    for holiday in added_holidays(notice, known):
        yield Finding(
            NoticeError.step,
            f"“{holiday.zh}”为新增假期，{notice.amends}的通知并无此假期",
            f"{holiday.en} {holiday.zh} is new: the notice of {notice.amends} has no such holiday",
        )


def _formula_difference(notice: Notice, named: Mapping[date, bool]) -> int:
    weekdays_off = sum(not works and day.weekday() < SATURDAY for day, works in named.items())
    return sum(named.values()) - weekdays_off + statutory_count(notice.year)


def _formula_faults(notice: Notice, difference: int) -> Iterator[NoticeError]:
    if difference and notice.formula_difference is None:
        statutory = statutory_count(notice.year)
        expected = sum(day.weekday() < SATURDAY for day in _days_of(notice.year)) - statutory
        hint_zh = "；修改通知可附理由申报 formula_difference" if notice.amends else ""
        hint = "; an amendment may declare a formula_difference with its reason" if notice.amends else ""
        yield YearFormula(
            f"按此通知，{notice.year} 年有 {expected + difference} 个工作日；全年减去周末和 {statutory} 天"
            f"法定节假日应为 {expected} 个{hint_zh}",
            f"the notice gives {notice.year} {expected + difference} business days; its days less weekends less "
            f"{statutory} statutory days are {expected}{hint}",
        )


def _formula_findings(notice: Notice, difference: int) -> Iterator[Finding]:
    reason = notice.formula_difference
    if reason and difference:
        more_zh, more_en = ("多", "more") if difference > 0 else ("少", "fewer")
        yield Finding(
            YearFormula.step,
            f"{notice.year}年工作日比年度算式{more_zh}{abs(difference)}天，申报理由：{reason}",
            f"{notice.year} has {abs(difference)} business days {more_en} than the arithmetic of the year; "
            f"declared reason: {reason}",
        )
    elif reason:
        yield Finding(
            YearFormula.step,
            f"申报与年度算式不符，但算式成立；申报理由：{reason}",
            f"a difference from the arithmetic of the year is declared, yet it holds; declared reason: {reason}",
        )


def _statutory_faults(notice: Notice, named: Mapping[date, bool]) -> Iterator[NoticeError]:
    for festival in festivals(notice.year):
        for day in festival.days:
            if named.get(day, day.weekday() < SATURDAY):
                yield StatutoryDayWorked(
                    f"{day} 为法定节假日（{festival.zh}），却将成为工作日",
                    f"{day} is a day off by law ({festival.en}) and would be worked",
                )


def _announced_days_changed(notice: Notice, known: Sequence[Notice]) -> list[date]:
    """Give the announced days that the notice changes; only a cited amendment, or December by the next year, may."""
    announced = next((other for other in known if other.year == notice.year and not other.amends), None)
    if announced and not notice.amends:
        raise AnnouncedDayChanged(
            f"{notice.year} 年已由 {announced.published_on} 的通知公布，仅可由修改通知变更",
            f"{notice.year} is announced by the notice of {announced.published_on}; only an amendment may change it",
        )
    after = build_calendar([*known, notice], number=0)
    before = build_calendar(known, number=0) if known else after
    changed = sorted(day for day in changed_days(before, after) if not before.is_provisional(day))
    if changed and UNKNOWN in (notice.doc_no, notice.url):
        raise AnnouncedDayChanged(
            f"{'、'.join(map(str, changed))} 已公布；仅载明文号和网址的通知可变更，数据源不可",
            f"{', '.join(map(str, changed))}: announced already; only a notice that cites the number and the address "
            "of its document may change that, a feed never",
        )
    return changed


def _change_findings(notice: Notice, changed: Sequence[date]) -> Iterator[Finding]:
    works = dict(notice.days())
    for day in changed:
        becomes = works.get(day, day.weekday() < SATURDAY)
        yield Finding(
            AnnouncedDayChanged.step,
            f"{day}已公布为{'休息日' if becomes else '工作日'}，将改为{'工作日' if becomes else '休息日'}",
            f"{day}, announced as a {_kind(not becomes)}, becomes a {_kind(becomes)}",
        )


def _kind(works: bool) -> str:
    return "working day" if works else "day off"
