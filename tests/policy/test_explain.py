"""An explanation counts what the calendar counted, and gives every day its reason in both languages."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.closure import Closure
from calendars.core import BusinessCalendar, CalendarError, build_calendar, packaged_versions
from calendars.day import DayReason
from calendars.packaged import packaged_notices
from liaison.policy.explain import Explanation, Words, explain_answer, explain_deadline, rung_rule
from liaison.policy.explain_line import explanation_line
from liaison.policy.rules import Policy
from liaison.policy.words import CourtLevel

RULE = Words("规则", "rule")
CALENDAR = packaged_versions(packaged_notices())[-1]


def explain(calendar: BusinessCalendar, day0: str, n: int) -> Explanation:
    return explain_deadline(calendar, date.fromisoformat(day0), n, RULE)


@given(st.dates(CALENDAR.first_day, date(2036, 12, 31)), st.integers(1, 12))
@settings(deadline=None)
def test_every_day_is_there_once_and_counted_if_it_is_worked(day0: date, n: int) -> None:
    told = explain_deadline(CALENDAR, day0, n, RULE)
    assert [day.date for day in told.days] == [day0 + timedelta(days=at + 1) for at in range((told.due_on - day0).days)]
    assert [day.counted for day in told.days if day.counted] == list(range(1, n + 1))
    assert told.days[-1].counted == n
    assert all((day.counted is not None) is CALENDAR.is_business_day(day.date) for day in told.days)
    assert all(day.words_zh and day.words_en for day in told.days)
    assert told.earliest <= told.due_on <= told.latest
    assert told.provisional is CALENDAR.is_provisional(told.due_on)


def test_a_deadline_over_mid_autumn_with_a_make_up_day(calendar: BusinessCalendar) -> None:
    told = explain(calendar, "2026-09-18", 8)
    assert (told.day0, told.n, told.due_on, told.version, told.court) == (
        date(2026, 9, 18),
        8,
        date(2026, 9, 30),
        10,
        None,
    )
    assert (told.provisional, told.earliest, told.latest) == (False, told.due_on, told.due_on)
    assert [(f"{day.date:%m-%d}", day.counted, day.reason) for day in told.days][:3] == [
        ("09-19", None, DayReason.WEEKEND),
        ("09-20", 1, DayReason.MAKE_UP),
        ("09-21", 2, DayReason.WEEK),
    ]
    saturday, sunday, monday, *_, friday = told.days[:7]
    assert (saturday.words_zh, saturday.words_en) == ("星期六，休息日", "Saturday, weekend")
    assert sunday.words_zh == "星期日，国庆节调休上班（2025-11-04公布的通知）"
    assert sunday.words_en == "Sunday, worked in exchange for National Day (notice of 2025-11-04)"
    assert monday.words_zh == "星期一，工作日"
    assert friday.words_zh == "星期五，中秋节放假（2025-11-04公布的通知）"
    assert friday.words_en == "Friday, day off for Mid-Autumn Festival (notice of 2025-11-04)"
    assert (friday.notice_published_on, friday.name_en) == (date(2025, 11, 4), "Mid-Autumn Festival")
    line = explanation_line(told)
    assert line.zh == "第8个工作日：2026-09-30；9月25日至27日不计（中秋节，2025-11-04通知）；2026-09-20调休上班，计入"
    assert line.en == (
        "8th business day: 2026-09-30; skips 25-27 Sep (Mid-Autumn Festival, notice 2025-11-04); "
        "make-up 2026-09-20 counts"
    )


LINES: list[tuple[str, int, str, str]] = [
    ("2026-03-02", 3, "第3个工作日：2026-03-05", "3rd business day: 2026-03-05"),
    ("2026-03-02", 1, "第1个工作日：2026-03-03", "1st business day: 2026-03-03"),
    ("2026-03-02", 11, "第11个工作日：2026-03-17", "11th business day: 2026-03-17"),
    (
        "2026-06-18",
        2,
        "第2个工作日：2026-06-23；6月19日至21日不计（端午节，2025-11-04通知）",
        "2nd business day: 2026-06-23; skips 19-21 Jun (Dragon Boat Festival, notice 2025-11-04)",
    ),
    (
        "2022-04-29",
        1,
        "第1个工作日：2022-05-05；4月30日至5月4日不计（劳动节，2021-10-25通知）",
        "1st business day: 2022-05-05; skips 30 Apr - 4 May (Labour Day, notice 2021-10-25)",
    ),
    (
        "2026-12-30",
        2,
        "第2个工作日：2027-01-04；1月1日不计（元旦，法定）；暂定，待放假通知公布",
        "2nd business day: 2027-01-04; skips 1 Jan (New Year's Day, by law); provisional until the notice of its year",
    ),
    (
        "2027-02-03",
        2,
        "第2个工作日：2027-02-09；2月5日至8日不计（春节，法定）；暂定，最早2027-02-09，最晚2027-02-16",
        "2nd business day: 2027-02-09; skips 5-8 Feb (Spring Festival, by law); "
        "provisional, between 2027-02-09 and 2027-02-16",
    ),
]


@pytest.mark.parametrize(("day0", "n", "zh", "en"), LINES)
def test_the_short_line(calendar: BusinessCalendar, day0: str, n: int, zh: str, en: str) -> None:
    assert explanation_line(explain(calendar, day0, n)) == Words(zh, en)


def test_the_limit_to_answer_on_the_spot_counts_the_day_of_receipt(calendar: BusinessCalendar, policy: Policy) -> None:
    told = explain_answer(calendar, date(2027, 1, 30), policy)
    assert (told.day0, told.n, told.due_on, told.provisional) == (date(2027, 1, 30), 1, date(2027, 2, 1), True)
    assert (told.earliest, told.latest) == (date(2027, 1, 30), date(2027, 2, 1))
    assert [(f"{day.date:%m-%d}", day.counted) for day in told.days] == [("01-30", None), ("01-31", None), ("02-01", 1)]
    assert told.rule.en.startswith("Opinions art. 4")
    assert explanation_line(told) == Words(
        "第1个工作日：2027-02-01；暂定，最早2027-01-30，最晚2027-02-01",
        "1st business day: 2027-02-01; provisional, between 2027-01-30 and 2027-02-01",
    )
    [sunday] = explain_answer(calendar, date(2026, 9, 20), policy).days
    assert (sunday.date, sunday.counted, sunday.reason) == (date(2026, 9, 20), 1, DayReason.MAKE_UP)


def test_words_of_days_nobody_announced(calendar: BusinessCalendar) -> None:
    thursday, friday, saturday, *_ = explain(calendar, "2027-02-03", 3).days
    assert (thursday.words_zh, thursday.words_en) == (
        "星期四，工作日（通知尚未公布）",
        "Thursday, working day (not announced yet)",
    )
    assert friday.words_en == "Friday, Spring Festival by law (not announced yet)"
    assert (saturday.announced, saturday.notice_published_on) == (False, None)
    weekend = explain(calendar, "2027-03-05", 1).days[0]
    assert weekend.words_en == "Saturday, weekend (not announced yet)"


def test_a_court_that_was_closed_says_so() -> None:
    closed = build_calendar(packaged_notices(), 11, [Closure("0104", (date(2026, 9, 21), date(2026, 9, 22)))])
    told = explain(closed.of("0104"), "2026-09-18", 2)
    assert (told.due_on, told.court, told.version) == (date(2026, 9, 23), "0104", 11)
    assert [day.reason for day in told.days if day.counted is None][1:] == [DayReason.CLOSURE, DayReason.CLOSURE]
    assert told.days[2].words_zh == "星期一，停止办公，按休息日计"
    assert explanation_line(told).en.startswith("2nd business day: 2026-09-23; skips 21-22 Sep (closed); make-up")
    assert "9月21日至22日不计（停止办公）" in explanation_line(told).zh
    assert explain(closed.of("0105"), "2026-09-18", 2).due_on == date(2026, 9, 21)


def test_the_rule_behind_a_rung(policy: Policy) -> None:
    warning, *_, president, above = policy.ladders[CourtLevel.PRIMARY]
    assert rung_rule(warning, policy) == Words(
        "预警：答复期限为第2个工作日（政策第1版）",
        "warning: the limit for a reply is business day 2 (policy 1, practice of the Guangdong 12368 hotline)",
    )
    assert rung_rule(president, policy) == Words(
        "《意见》第八条：7个工作日内未答复，报院长（政策第1版）",
        "Opinions art. 8: no reply within 7 business days, the president is informed (policy 1)",
    )
    assert "中级人民法院院长" in rung_rule(above, policy).zh


def test_what_the_calendar_cannot_answer_is_not_explained(calendar: BusinessCalendar) -> None:
    for day0, n in (("2018-01-01", 3), ("2040-12-28", 8), ("2026-09-18", 0)):
        with pytest.raises(CalendarError):
            explain(calendar, day0, n)
