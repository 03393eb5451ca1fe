"""Every step a proposal must pass, each refused by its own error with a sentence of its own."""

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from calendars.checks import Disagreement, Finding, check_proposal, compare, opinion_of
from calendars.core import BusinessCalendar, build_calendar, changed_days
from calendars.faults import (
    AnnouncedDayChanged,
    DayTwice,
    EmptyYear,
    MakeUpOnWeekday,
    NoticeError,
    NoticeFaults,
    StatutoryDayWorked,
    YearFormula,
)
from calendars.notice import Notice, notice_document, parse_notice
from tests.calendars.invented import invented_2027
from tests.chinese import is_chinese

MAY_DAY = {"zh": "劳动节", "en": "Labour Day", "off": ["2027-05-01/2027-05-05"], "work": ["2027-05-08"]}
SPRING = {"zh": "春节", "en": "Spring Festival", "off": ["2027-02-05/2027-02-12"], "work": ["2027-01-31", "2027-02-20"]}


def changed(*replaced: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The invented notice with some holidays replaced by name."""
    document = notice_document(invented_2027())
    by_name = {holiday["zh"]: holiday for holiday in document["holidays"]} | {each["zh"]: each for each in replaced}
    return deepcopy(document | {"holidays": list(by_name.values())} | fields)


def amendment(*holidays: dict[str, Any], **fields: Any) -> Notice:
    document = {
        "year": 2027,
        "title": "an amendment invented for this test",
        "doc_no": "虚构〔2027〕1号",
        "published_on": "2027-01-20",
        "url": "https://example.invalid/amendment",
        "amends": "2026-11-30",
        "holidays": list(holidays),
    }
    return parse_notice(document | fields)


def test_every_packaged_notice_passes_in_its_turn(notices: tuple[Notice, ...]) -> None:
    found = {str(notice.published_on): check_proposal(notice, notices[:place]) for place, notice in enumerate(notices)}
    assert {published_on: len(findings) for published_on, findings in found.items() if findings} == {
        "2019-03-22": 4,
        "2020-01-27": 3,
    }
    formula, *days = found["2020-01-27"]
    assert formula.step == "year_formula"
    assert formula.en.startswith(
        "2020 has 2 business days fewer than the arithmetic of the year; declared reason: 国务院"
    )
    assert "少2天" in formula.zh
    assert days == [
        Finding(
            "announced_days",
            f"2020-{day}已公布为工作日，将改为休息日",
            f"2020-{day}, announced as a working day, becomes a day off",
        )
        for day in ("01-31", "02-01")
    ]


def test_the_invented_notice_passes(notices: tuple[Notice, ...]) -> None:
    assert check_proposal(invented_2027(), notices) == []


@pytest.mark.parametrize(
    ("document", "error", "step", "sentence"),
    [
        (changed(holidays=[]), EmptyYear, "empty_year", "for 2027 names no day off"),
        (changed(MAY_DAY | {"work": ["2027-05-08", "2027-05-08"]}), DayTwice, "days", "names 2027-05-08 2 times"),
        (changed(MAY_DAY | {"off": ["2027-05-01/2027-05-08"]}), DayTwice, "days", "names 2027-05-08 2 times"),
        (changed(MAY_DAY | {"work": ["2027-05-12"]}), MakeUpOnWeekday, "make_up_days", "2027-05-12 is no weekend day"),
        (
            changed(MAY_DAY | {"work": []}),
            YearFormula,
            "year_formula",
            "gives 2027 247 business days; its days less weekends less 13 statutory days are 248",
        ),
        (
            changed(SPRING | {"off": ["2027-02-06/2027-02-15"], "work": ["2027-01-31", "2027-02-20"]}),
            StatutoryDayWorked,
            "statutory_days",
            r"2027-02-05 is a day off by law \(Spring Festival\) and would be worked",
        ),
        (
            changed(published_on="2026-12-01", year=2026, holidays=[{**MAY_DAY, "off": ["2026-05-01"], "work": []}]),
            NoticeFaults,
            "notice",
            "2026 is announced by the notice of 2025-11-04; only an amendment may change it",
        ),
        (changed(published_on="2025-11-04"), NoticeError, "notice", "two notices of 2025-11-04"),
        (changed(year=2041, holidays=[{**MAY_DAY, "off": ["2041-05-01"], "work": []}]), NoticeError, "notice", "2041"),
    ],
)
def test_each_step_refuses_by_its_own_error(
    notices: tuple[Notice, ...], document: dict[str, Any], error: type[NoticeError], step: str, sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as refused:
        check_proposal(parse_notice(document), notices)
    assert (type(refused.value), refused.value.step) == (error, step)
    assert is_chinese(refused.value.zh), refused.value.zh


def test_a_year_may_not_be_skipped(notices: tuple[Notice, ...]) -> None:
    with pytest.raises(NoticeError, match="no notice for 2026"):
        check_proposal(invented_2027(), notices[:-1])


def test_all_faults_are_told_at_once(notices: tuple[Notice, ...]) -> None:
    document = changed(SPRING | {"off": ["2027-02-06/2027-02-15"], "work": ["2027-01-31"]})
    with pytest.raises(NoticeFaults) as refused:
        check_proposal(parse_notice(document), notices)
    assert [fault.step for fault in refused.value.faults] == ["year_formula", "statutory_days"]
    with pytest.raises(NoticeFaults) as refused:
        parse_notice(changed(MAY_DAY | {"work": ["2027-05-12", "2027-05-13", "2028-01-01"]}))
    assert [fault.step for fault in refused.value.faults] == ["make_up_days", "make_up_days", "days"]


def test_an_amendment_may_declare_that_the_arithmetic_fails(notices: tuple[Notice, ...]) -> None:
    known = [*notices, invented_2027()]
    longer = SPRING | {"off": ["2027-02-05/2027-02-15"]}
    with pytest.raises(YearFormula, match=r"247 business days.* an amendment may declare a formula_difference"):
        check_proposal(amendment(longer), known)
    formula, day = check_proposal(amendment(longer, formula_difference="a day given away"), known)
    assert formula.en == (
        "2027 has 1 business days fewer than the arithmetic of the year; declared reason: a day given away"
    )
    assert day.en == "2027-02-15, announced as a working day, becomes a day off"
    moved = SPRING | {"work": ["2027-01-31", "2027-02-21"]}
    declared, *days = check_proposal(amendment(moved, formula_difference="none"), known)
    assert declared.en.endswith("yet it holds; declared reason: none")
    assert [each.en[:10] for each in days] == ["2027-02-20", "2027-02-21"]


def test_an_amendment_without_its_document_takes_nothing_back(notices: tuple[Notice, ...]) -> None:
    known = [*notices, invented_2027()]
    moved = SPRING | {"work": ["2027-01-31", "2027-02-21"]}
    for fields in ({"doc_no": "unknown"}, {"url": "unknown"}):
        with pytest.raises(AnnouncedDayChanged, match=r"2027-02-20, 2027-02-21: announced already; .* a feed never"):
            check_proposal(amendment(moved, **fields), known)
    with pytest.raises(
        NoticeError, match="amends a 重阳节 that 2026-11-30 lacks; an amendment that adds it must declare"
    ):
        check_proposal(amendment(moved | {"zh": "重阳节"}), known)
    with pytest.raises(NoticeError, match=r"amends a 春节 that 2026-12-01 lacks$"):
        check_proposal(amendment(moved, amends="2026-12-01", formula_difference="none"), known)
    with pytest.raises(NoticeError, match="for 2027 amends one for 2026"):
        check_proposal(amendment(moved, amends="2025-11-04"), known)


VICTORY = {
    "zh": "抗战胜利纪念日",
    "en": "Victory Day",
    "off": ["2027-09-03/2027-09-05"],
    "work": [],
}
"""What the notice of 2015-05-13 did for 3 September 2015."""


def test_an_amendment_may_add_a_holiday_that_is_given_away(notices: tuple[Notice, ...]) -> None:
    known = [*notices, invented_2027()]
    with pytest.raises(
        NoticeError, match=r"amends a 抗战胜利纪念日 that 2026-11-30 lacks; .* formula_difference"
    ) as refused:
        check_proposal(amendment(VICTORY), known)
    assert is_chinese(refused.value.zh)
    added = amendment(VICTORY, formula_difference="70 years, invented")
    new, formula, day = check_proposal(added, known)
    assert (new.step, new.en) == (
        "notice",
        "Victory Day 抗战胜利纪念日 is new: the notice of 2026-11-30 has no such holiday",
    )
    assert "新增假期" in new.zh
    assert formula.en.startswith("2027 has 1 business days fewer than the arithmetic of the year")
    assert day.en == "2027-09-03, announced as a working day, becomes a day off"
    before, after = build_calendar(known, 11), build_calendar([*known, added], 12)
    assert changed_days(before, after) == {date(2027, 9, 3)}
    assert after.day(date(2027, 9, 3)).name_en == "Victory Day"

    longer = VICTORY | {"off": ["2027-09-03/2027-09-06"]}
    amends = {"published_on": "2027-02-20", "formula_difference": "one more, invented"}
    found = check_proposal(amendment(longer, **amends), [*known, added])
    assert [each.step for each in found] == ["year_formula", "announced_days"], "it is new no more"


def test_what_is_added_may_not_contradict_what_stands(notices: tuple[Notice, ...]) -> None:
    """A misspelt name adds a holiday beside the one that was meant; the approver is told, or the days contradict."""
    known = [*notices, invented_2027()]
    misspelt = MAY_DAY | {"zh": "五一劳动节", "off": ["2027-05-01/2027-05-08"], "work": []}
    with pytest.raises(AnnouncedDayChanged, match="2027-05-08 is both worked and off"):
        check_proposal(amendment(misspelt, formula_difference="invented"), known)


def test_december_before_may_be_set_by_a_cited_notice(notices: tuple[Notice, ...]) -> None:
    """The notices for 2006, 2007, 2012 and 2019 did so."""
    december = {
        "zh": "元旦",
        "en": "New Year's Day",
        "off": ["2026-12-31/2027-01-03"],
        "work": ["2026-12-26"],
    }
    found = check_proposal(parse_notice(changed(december)), notices)
    assert [each.en for each in found] == [
        "2026-12-26, announced as a day off, becomes a working day",
        "2026-12-31, announced as a working day, becomes a day off",
    ]
    with pytest.raises(AnnouncedDayChanged, match="2026-12-26, 2026-12-31: announced already"):
        check_proposal(parse_notice(changed(december, doc_no="unknown")), notices)


def test_every_disagreement_is_told_by_date(calendar: BusinessCalendar, notices: tuple[Notice, ...]) -> None:
    opinion = dict(opinion_of(notices[-1]))
    assert len(opinion) == 365
    assert compare(calendar, opinion, "feed") == []
    day, make_up = sorted(day for day, works in notices[-1].days() if works)[:2]
    opinion[make_up], opinion[day] = False, False
    opinion[calendar.last_day.replace(year=2041)] = True
    assert compare(calendar, opinion, "feed") == [
        Disagreement(day, ours=True, theirs=False, source="feed"),
        Disagreement(make_up, ours=True, theirs=False, source="feed"),
    ]
