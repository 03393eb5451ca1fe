"""Notices from files and JSON feeds: read whole, or refused by one sentence each."""

import json
from typing import Any

import pytest

from calendars.checks import check_proposal
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
from calendars.sources import json_feed, notice_file
from tests.calendars.invented import FILE, invented_2027
from tests.calendars.yearly import PUBLISHED, YEARS, known_before, of_year
from tests.chinese import is_chinese


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
    with pytest.raises(NoticeError, match=sentence) as refused:
        notice_file.parse(content)
    assert is_chinese(refused.value.zh), refused.value.zh


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
def test_a_faulty_feed_is_refused(content: str | bytes, error: type[NoticeError], sentence: str) -> None:
    with pytest.raises(error, match=sentence) as refused:
        json_feed.parse(content, PUBLISHED)
    assert is_chinese(refused.value.zh), refused.value.zh
