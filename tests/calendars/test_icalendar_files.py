"""Notices from iCalendar files: whole days only, and everything else refused by one sentence each."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from calendars.checks import check_proposal
from calendars.faults import EmptyYear, NoticeFaults, SourceUnreadable
from calendars.notice import Notice
from calendars.sources import icalendar_file
from tests.calendars.ics import as_holiday_cn, ics, span
from tests.calendars.yearly import PUBLISHED, YEARS, known_before, of_year
from tests.chinese import is_chinese


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
        with pytest.raises(SourceUnreadable, match=sentence) as refused:
            icalendar_file.parse(ics(span("春节假期", date(2027, 2, 5), date(2027, 2, 12)), faulty), 2027, PUBLISHED)
        assert is_chinese(refused.value.zh), refused.value.zh


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
