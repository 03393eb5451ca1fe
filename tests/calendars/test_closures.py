"""Days off by closure, for the city and for one court; and whatever comes in whatever order, counted day by day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calendars.closure import Closure, ClosureError
from calendars.core import BusinessCalendar, build_calendar, changed_days
from calendars.day import DayReason
from calendars.notice import Notice, notice_document
from liaison.db.rulebook import calendar_of
from liaison.db.tables import CalendarVersion
from liaison.db.tables import Closure as ClosureRow
from liaison.services.closures import next_version
from tests.calendars.random_notices import COURTS, YEARS, Announced, announced, closures

TYPHOON = date(2025, 9, 24)
NOW = datetime(2026, 9, 18, 2, tzinfo=UTC)
COUNTS = st.integers(1, 20)
RECEIPTS = st.dates(date(YEARS[0], 1, 1), date(YEARS[-1], 9, 30))
EVERYONE = st.sampled_from((None, *COURTS, "0199"))


def closed(notices: tuple[Notice, ...], *closures: Closure) -> BusinessCalendar:
    return build_calendar(notices, len(notices) + 1, closures)


@given(announced(), RECEIPTS, COUNTS, EVERYONE)
@settings(deadline=None)
def test_a_deadline_is_what_a_loop_over_days_finds(facts: Announced, day0: date, n: int, court: str | None) -> None:
    calendar = build_calendar(facts.notices, 1, facts.closures).of(court)
    day, left = day0, n
    while left:
        day += timedelta(days=1)
        left -= facts.works(day, court)
    assert calendar.nth_business_day(day0, n) == day
    assert calendar.count(day0, day) == n
    assert calendar.business_day_on_or_after(day) == day
    assert calendar.day(day).works


@given(announced(), st.data())
@settings(max_examples=50, deadline=None)
def test_the_order_in_which_notices_and_closures_arrive_does_not_matter(facts: Announced, data: st.DataObject) -> None:
    one = build_calendar(facts.notices, 1, facts.closures)
    other = build_calendar(data.draw(st.permutations(facts.notices)), 1, data.draw(st.permutations(facts.closures)))
    assert one == other
    for court in (None, *COURTS):
        assert changed_days(one, other, court) == frozenset()


def first_version(facts: Announced) -> CalendarVersion:
    """The facts as the book keeps them."""
    return CalendarVersion(
        number=1,
        notices=[notice_document(notice) for notice in facts.notices],
        closures=[
            {"id": f"earlier-{place}", "court": closure.court, "days": list(map(str, closure.days))}
            for place, closure in enumerate(facts.closures)
        ],
        final_until="",
        checksum="",
        made_at=NOW,
    )


def entered(closure_id: str, court: str | None, days: tuple[date, ...]) -> ClosureRow:
    return ClosureRow(
        id=closure_id, court=court, from_at=NOW, to_at=NOW, days_off=list(map(str, days)), decided_by="chamber",
        source="typhoon", entered_by="chamber-1", entered_at=NOW,
    )  # fmt: skip


@given(announced(), closures(), RECEIPTS, COUNTS)
@settings(max_examples=50, deadline=None)
def test_closed_and_opened_again_is_as_before(facts: Announced, closure: Closure, day0: date, n: int) -> None:
    """By the versions that entering a closure, ending it early and withdrawing it make."""
    assume(all(any(holiday.off for holiday in notice.holidays) for notice in facts.notices))
    court, early = closure.court, closure.days[:1]
    rows = [first_version(facts)]
    for each, replaced in (
        (entered("closed", court, closure.days), set()),
        (entered("shorter", court, early), {"closed"}),
        (entered("withdrawn", court, ()), {"closed", "shorter"}),
    ):
        rows.append(next_version(rows[-1], each, replaced, NOW))
    before, during, shorter, after = map(calendar_of, rows)
    assert after.checksum == before.checksum
    for whose in (None, *COURTS):
        assert after.of(whose).nth_business_day(day0, n) == before.of(whose).nth_business_day(day0, n)
    worked_then = {day for day in closure.days if before.of(court).is_business_day(day)}
    assert changed_days(before, during, court) == worked_then == changed_days(during, after, court)
    assert changed_days(before, shorter, court) == worked_then & set(early)
    assert (during.checksum != before.checksum) is bool(worked_then)


def test_the_city_closes_for_everybody(notices: tuple[Notice, ...]) -> None:
    calendar = closed(notices, Closure(None, (TYPHOON,)))
    assert calendar.of("0104") is calendar.of(None) is calendar
    assert calendar.nth_business_day(date(2025, 9, 23), 1) == date(2025, 9, 25)
    assert calendar.day(TYPHOON).reason is DayReason.CLOSURE


def test_one_court_closes_for_itself(notices: tuple[Notice, ...], calendar: BusinessCalendar) -> None:
    version = closed(notices, Closure("0104", (TYPHOON, date(2025, 9, 27))))
    court = version.of("0104")
    assert (court.court, court.number, court.checksum) == ("0104", version.number, version.checksum)
    assert court is version.of("0104") is version.of("0105").of("0104")
    assert court.of(None) is version.of("0105") is version
    assert court != version
    assert [court.is_business_day(TYPHOON), version.is_business_day(TYPHOON)] == [False, True]
    assert changed_days(calendar, version) == changed_days(calendar, version, "0105") == frozenset()
    assert changed_days(calendar, version, "0104") == {TYPHOON}
    assert court.day(date(2025, 9, 27)).reason is DayReason.WEEKEND, "a Saturday is off without a closure"


def test_a_make_up_day_may_be_closed(notices: tuple[Notice, ...]) -> None:
    make_up = date(2025, 9, 28)
    day = closed(notices, Closure(None, (make_up,))).day(make_up)
    assert (day.works, day.reason, day.notice) == (False, DayReason.CLOSURE, None)


def test_the_checksum_of_a_version_without_effective_closures_stays(
    notices: tuple[Notice, ...], calendar: BusinessCalendar
) -> None:
    """Stored checksums are compared with the packaged notices at every start."""
    assert calendar.checksum == "112fa5c08528edbdbce508c1f746372986cc6a2aa9d977dbed85d0131f111726"
    on_a_sunday = build_calendar(
        notices, 10, [Closure(None, (date(2026, 6, 7),)), Closure("0104", (date(2026, 6, 7),))]
    )
    assert on_a_sunday.checksum == calendar.checksum
    of_courts = {closed(notices, Closure(court, (TYPHOON,))).checksum for court in (None, "0104", "0105")}
    assert len(of_courts | {calendar.checksum}) == 4


def test_an_announcement_changes_every_day_it_makes_final(versions: list[BusinessCalendar]) -> None:
    year_2026 = {date(2026, 1, 1) + timedelta(days=offset) for offset in range(365)}
    assert changed_days(versions[8], versions[9]) == year_2026
    assert changed_days(versions[2], versions[3]) == {date(2020, 1, 31), date(2020, 2, 1)}
    assert changed_days(versions[0], versions[1]) == {
        date(2019, month, day) for month, day in ((4, 28), (5, 2), (5, 3), (5, 5))
    }
    assert changed_days(versions[9], replace(versions[9], number=11)) == frozenset()


def test_a_closure_that_cannot_be_is_refused(notices: tuple[Notice, ...]) -> None:
    with pytest.raises(ClosureError, match="ends on 2025-09-23, before it starts on 2025-09-24"):
        Closure.between(None, TYPHOON, date(2025, 9, 23))
    assert Closure.between("0104", TYPHOON, TYPHOON) == Closure("0104", (TYPHOON,))
    with pytest.raises(ClosureError, match="closure of 2041-01-01 lies outside the calendar, 2018-12-29 to 2040-12-31"):
        closed(notices, Closure(None, (date(2041, 1, 1),)))
