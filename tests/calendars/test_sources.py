"""Notices from files, feeds, iCalendar and the package: read whole, or refused by one sentence each."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from calendars.checks import check_proposal, compare, opinion_of
from calendars.core import BusinessCalendar
from calendars.faults import (
    AnnouncedDayChanged,
    DayOutsideYear,
    DayTwice,
    EmptyYear,
    MakeUpOnWeekday,
    NoticeError,
    NoticeFaults,
    SourceUnreadable,
)
from calendars.notice import Notice, notice_document
from calendars.sources import holidays_package, icalendar_file, json_feed, notice_file
from tests.calendars.invented import FILE, invented_2027

PUBLISHED = date(2026, 11, 30)
YEARS = range(2021, 2027)


def of_year(notices: Sequence[Notice], year: int) -> Notice:
    return next(notice for notice in notices if notice.year == year and notice.amends is None)


def known_before(notices: Sequence[Notice], year: int) -> list[Notice]:
    return [notice for notice in notices if notice.year < year]


# ---------------------------------------------------------------------------------------------- notice files


def test_a_notice_file_is_toml_or_json() -> None:
    document = json.dumps(notice_document(invented_2027()), ensure_ascii=False)
    assert notice_file.parse(document) == notice_file.parse(b"\xef\xbb\xbf" + document.encode()) == invented_2027()
    assert "INVENTED" in FILE.read_text(encoding="utf-8")


def test_a_notice_file_keeps_digest_and_difference() -> None:
    document = notice_document(invented_2027()) | {
        "amends": "2025-11-04",
        "text_sha256": "0" * 64,
        "formula_difference": "given away",
    }
    notice = notice_file.parse(json.dumps(document))
    assert (notice.text_sha256, notice.formula_difference) == ("0" * 64, "given away")
    assert notice_document(notice) == document


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not TOML"),
        ('{"a":' * 100_000, "not JSON"),
        ("year = ", "not TOML"),
        ("{}", "a notice lacks doc_no, holidays, published_on, title, url, year"),
        (b"\xff\xfe", "not UTF-8 text"),
        (b"#" * 1_000_001, "larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_notice_is_refused(content: str | bytes, sentence: str) -> None:
    with pytest.raises(NoticeError, match=sentence):
        notice_file.parse(content)


# ---------------------------------------------------------------------------------------------- JSON feeds


def feed(notice: Notice, **fields: Any) -> str:
    """The notice as holiday-cn would write it."""
    days = [
        {"name": holiday.zh, "date": day.isoformat(), "isOffDay": not works}
        for holiday in notice.holidays
        for day, works in holiday.days()
    ]
    return json.dumps({"$id": "x", "year": notice.year, "papers": [notice.url], "days": days} | fields)


@pytest.mark.parametrize("year", YEARS)
def test_a_feed_says_what_the_notice_says(notices: tuple[Notice, ...], year: int) -> None:
    theirs = of_year(notices, year)
    proposed = json_feed.parse(feed(theirs).encode(), theirs.published_on)
    assert dict(proposed.days()) == dict(theirs.days())
    assert (proposed.url, proposed.doc_no, proposed.amends) == (theirs.url, "unknown", None)
    assert [(holiday.zh, holiday.en) for holiday in proposed.holidays] == [
        (holiday.zh, holiday.en) for holiday in theirs.holidays
    ]
    assert check_proposal(proposed, known_before(notices, year)) == []


def test_a_feed_takes_no_confirmed_day_back(notices: tuple[Notice, ...]) -> None:
    """holiday-cn's file for 2020 went back to the plan of November on 12 February 2020; one year was emptied once."""
    with pytest.raises(
        Exception, match=r"2026 is announced by the notice of 2025-11-04; only an amendment may change it"
    ):
        check_proposal(json_feed.parse(feed(of_year(notices, 2026)), PUBLISHED), notices)
    days = json.loads(feed(invented_2027()))["days"]
    december = [{"name": "元旦", "date": f"2026-12-{day}", "isOffDay": day == 31} for day in (26, 31)]
    proposed = json_feed.parse(feed(invented_2027(), days=days + december), PUBLISHED)
    with pytest.raises(AnnouncedDayChanged, match=r"2026-12-26, 2026-12-31: announced already; .* a feed never"):
        check_proposal(proposed, notices)


DAY = {"name": "元旦", "date": "2027-01-01", "isOffDay": True}


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        ('{"year": 2027, "papers": [], "days": []}', EmptyYear, "no day of 2027 is listed, so it is not announced"),
        (b" " * 50_000_000, SourceUnreadable, "the feed is larger than 1 MB"),
        ("[]", SourceUnreadable, "not a JSON object"),
        ("{", SourceUnreadable, "not JSON"),
        ('{"days": []}', SourceUnreadable, "must hold year"),
        ('{"year": true, "days": []}', SourceUnreadable, "must hold year"),
        (
            json.dumps({"year": 2027, "days": [DAY | {"isOffDay": 1}]}),
            SourceUnreadable,
            "must hold name, date and isOff",
        ),
        (json.dumps({"year": 2027, "days": ["2027-01-01"]}), SourceUnreadable, "must hold name, date and isOffDay"),
        (json.dumps({"year": 2027, "days": [DAY | {"date": "2027-02-30"}]}), SourceUnreadable, "not exist: 2027-02-30"),
        (json.dumps({"year": 2027, "days": [DAY, DAY]}), DayTwice, "names 2027-01-01 2 times"),
        (json.dumps({"year": 2027, "days": [DAY, DAY | {"isOffDay": False}]}), NoticeFaults, "2027-01-01 2 times"),
        (
            json.dumps({"year": 2027, "days": [DAY, DAY | {"date": "2027-05-12", "isOffDay": False}]}),
            MakeUpOnWeekday,
            "2027-05-12 is no weekend day",
        ),
        (json.dumps({"year": 2027, "days": [DAY | {"date": "2026-11-30"}]}), DayOutsideYear, "2026-11-30 lies outside"),
    ],
)
def test_a_faulty_feed_is_refused(content: str | bytes, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        json_feed.parse(content, PUBLISHED)


# ---------------------------------------------------------------------------------------------- iCalendar


def ics(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.strip().splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def span(summary: str, first: date, last: date, more: str = "") -> str:
    after = last + timedelta(days=1)
    return (
        f"SUMMARY:{summary}\nDTSTART;VALUE=DATE:{first:%Y%m%d}\nDTEND;VALUE=DATE:{after:%Y%m%d}\n"
        f"UID:{first}/{after}/test\n{more}"
    )


def as_holiday_cn(notice: Notice) -> Iterator[str]:
    for holiday in notice.holidays:
        yield from (span(f"{holiday.zh}假期", first, last) for first, last in holiday.off)
        yield from (span(f"上班(补{holiday.zh}假期)", day, day) for day in holiday.work)


def as_apple(notice: Notice) -> Iterator[str]:
    for holiday in notice.holidays:
        for first, last in holiday.off:
            yield span(f"{holiday.zh}（休）", first, last, "X-APPLE-SPECIAL-DAY:WORK-HOLIDAY")
        for day in holiday.work:
            yield span(f"{holiday.zh}（班）", day, day, "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY")
    yield span("妇女节", date(notice.year, 3, 8), date(notice.year, 3, 8))


@pytest.mark.parametrize("render", [as_holiday_cn, as_apple])
def test_an_icalendar_file_of_several_years_says_what_the_notices_say(notices: tuple[Notice, ...], render: Any) -> None:
    content = ics(*(event for year in YEARS for event in render(of_year(notices, year))))
    for year in YEARS:
        theirs = of_year(notices, year)
        proposed = icalendar_file.parse(content, year, theirs.published_on)
        assert dict(proposed.days()) == dict(theirs.days())
        assert {holiday.zh for holiday in proposed.holidays} == {holiday.zh for holiday in theirs.holidays}
        assert check_proposal(proposed, known_before(notices, year)) == []


NEW_YEAR = "SUMMARY:元旦假期\nUID:a\nDTSTART;VALUE=DATE:20270101\n"


def days_of(*events: str) -> dict[str, bool]:
    return {str(day)[5:]: works for day, works in icalendar_file.parse(ics(*events), 2027, PUBLISHED).days()}


def test_ends_durations_cancellations_and_newer_versions_of_an_event() -> None:
    assert days_of(NEW_YEAR) == {"01-01": False}
    assert days_of(NEW_YEAR + "DTEND;VALUE=DATE:20270103") == {"01-01": False, "01-02": False}
    assert days_of(NEW_YEAR + "DURATION:P2D") == {"01-01": False, "01-02": False}
    other = "SUMMARY:劳动节假期\nUID:b\nDTSTART;VALUE=DATE:20270501\n"
    assert days_of(NEW_YEAR, other + "STATUS:CANCELLED") == {"01-01": False}
    newer = NEW_YEAR.replace("0101", "0102") + "SEQUENCE:2"
    assert days_of(newer, NEW_YEAR + "SEQUENCE:1") == days_of(NEW_YEAR, newer) == {"01-02": False}
    assert days_of(NEW_YEAR, other, other + "SEQUENCE:1\nSTATUS:CANCELLED") == {"01-01": False}
    assert days_of(NEW_YEAR, NEW_YEAR) == {"01-01": False}
    assert days_of(NEW_YEAR, "SUMMARY:上班(补元旦)\nDTSTART;VALUE=DATE:20270109") == {"01-01": False, "01-09": True}


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (NEW_YEAR + "RRULE:FREQ=YEARLY", r"the event 元旦假期 recurs \(RRULE\); only single events are read"),
        (NEW_YEAR + "RDATE;VALUE=DATE:20280101", r"recurs \(RDATE\)"),
        ("UID:a\nDTSTART:20261231T160000Z", r"the event a has a time of day \(DTSTART\); only whole days are read"),
        (NEW_YEAR + "DTEND:20270102T000000Z", r"time of day \(DTEND\)"),
        (NEW_YEAR + "DURATION:PT36H", r"does not last whole days \(DURATION\)"),
        (NEW_YEAR + "DURATION:P1D\nDTEND;VALUE=DATE:20270102", "both DTEND and DURATION"),
        (NEW_YEAR + "DTEND;VALUE=DATE:20270101", "of 2027-01-01 does not end after it starts"),
        (NEW_YEAR + "DTEND;VALUE=DATE:20280101", "of 2027-01-01 lasts more than 31 days"),
        (NEW_YEAR.replace("0101", "0231"), "DTSTART cannot be read"),
        (NEW_YEAR + "SEQUENCE:x", "SEQUENCE cannot be read"),
        (NEW_YEAR + "DTSTART;VALUE=DATE:20270102", "more than one DTSTART"),
        ("SUMMARY:元旦\nUID:a", "lacks DTSTART"),
    ],
)
def test_an_event_that_is_no_span_of_whole_days_is_refused(event: str, sentence: str) -> None:
    """Even if it is cancelled: everything is looked at before anything is used."""
    for faulty in (event, event + "\nSTATUS:CANCELLED"):
        with pytest.raises(SourceUnreadable, match=sentence):
            icalendar_file.parse(ics(span("春节假期", date(2027, 2, 5), date(2027, 2, 12)), faulty), 2027, PUBLISHED)


def test_a_file_that_is_no_calendar_is_refused() -> None:
    for content in (b"", b"hello", b"BEGIN:VCALENDAR\r\n", ics() + ics(), b"BEGIN:VEVENT\r\nEND:VEVENT\r\n"):
        with pytest.raises(SourceUnreadable, match="not an iCalendar file"):
            icalendar_file.parse(content, 2027, PUBLISHED)
    with pytest.raises(SourceUnreadable, match="the iCalendar file is larger than 1 MB"):
        icalendar_file.parse(b"\r\n" * 600_000, 2027, PUBLISHED)
    with pytest.raises(EmptyYear, match="no day of 2027 is listed"):
        icalendar_file.parse(ics(), 2027, PUBLISHED)
    with pytest.raises(SourceUnreadable, match="two events have the UID a and the same SEQUENCE"):
        days_of(NEW_YEAR, NEW_YEAR.replace("0101", "0102"))
    with pytest.raises(NoticeFaults) as refused:
        days_of(NEW_YEAR + "RRULE:FREQ=YEARLY", "UID:b\nDTSTART:20261231T160000Z")
    assert len(refused.value.faults) == 2


# ---------------------------------------------------------------------------------------------- the package holidays


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
    opinion = holidays_package.opinion(date(2026, 12, 30), date(2027, 1, 2))
    assert opinion == {date(2026, 12, 30): True, date(2026, 12, 31): True}
