"""A running plan under a new version: what moves, what stays, and what never happens for the past."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.closure import Closure
from calendars.core import BusinessCalendar, build_calendar, changed_days, packaged_versions
from calendars.notice import Notice
from calendars.packaged import packaged_notices
from liaison.policy.ladder import Ladder, PlannedRung, plan_ladder
from liaison.policy.policy import packaged_policy, parse_policy
from liaison.policy.replan import Replan, can_move, planned_rung, replan
from liaison.policy.rules import Policy
from liaison.policy.words import CourtLevel
from tests.calendars.invented import invented_2027
from tests.calendars.random_notices import YEARS, Announced, announced
from tests.calendars.vectors import read_vectors

COURT = "0104"
NOTICES = packaged_notices()
VERSIONS = packaged_versions(NOTICES)
POLICY = packaged_policy()


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def plan(received_at: str | datetime, calendar: BusinessCalendar, policy: Policy = POLICY) -> Ladder:
    return plan_ladder(
        received_at=received_at if isinstance(received_at, datetime) else shanghai(received_at),
        court_level=CourtLevel.PRIMARY,
        reference="7K3M-9QXF-2T4W-Z",
        court=COURT,
        calendar=calendar.of(COURT),
        policy=policy,
    )


def stored(ladder: Ladder) -> list[dict[str, Any]]:
    """As the registration book keeps the rungs of a plan."""
    return [
        {
            "rung": rung.rung,
            "business_day": rung.business_day,
            "due_on": rung.due_on.isoformat(),
            "due_at": rung.due_at.isoformat(),
            "act_at": rung.act_at.isoformat(),
            "notify_at": rung.notify_at.isoformat(),
            "provisional": rung.provisional,
        }
        for rung in ladder.rungs
    ]


def brought(
    old: Ladder,
    new: Ladder,
    calendar: BusinessCalendar,
    now: str,
    recorded: Collection[int] = (),
    policy: Policy = POLICY,
) -> Replan:
    return replan(stored(old), new, recorded, shanghai(now), court=COURT, calendar=calendar.of(COURT), policy=policy)


def days(rungs: tuple[PlannedRung, ...]) -> list[str]:
    return [f"{rung.due_on:%m-%d}" for rung in rungs]


def test_a_stored_rung_is_the_planned_one() -> None:
    ladder = plan("2026-09-18T10:00:00", VERSIONS[-1])
    assert tuple(map(planned_rung, stored(ladder))) == ladder.rungs


def test_the_spring_festival_of_2020_moves_what_is_not_recorded() -> None:
    """Received on 21 January; the warning fired on the 23rd, then the notice of the 27th came."""
    before, after = VERSIONS[2:4]
    old, new = plan("2020-01-21T10:00:00", before), plan("2020-01-21T10:00:00", after)
    assert days(old.rungs) == ["01-23", "01-31", "02-03", "02-05", "02-06"]
    result = brought(old, new, after, "2020-01-27T09:00:00", recorded={0})
    assert days(result.ladder.rungs) == ["01-23", "02-03", "02-05", "02-07", "02-10"]
    assert [change.recorded for change in result.changes] == [True, False, False, False, False]
    assert [change.days_moved for change in result.changes] == [0, 1, 2, 2, 2]
    assert [change.moved for change in result.changes] == [False, True, True, True, True]
    assert (result.moved, result.became_final, result.untouched) == (True, False, False)
    assert result.ladder.calendar_version == 4
    assert result.ladder.rungs[1:] == new.rungs[1:]
    assert not any(change.clamped for change in result.changes)


def test_a_recorded_rung_was_right_under_its_version() -> None:
    before, after = VERSIONS[2:4]
    old, new = plan("2020-01-21T10:00:00", before), plan("2020-01-21T10:00:00", after)
    result = brought(old, new, after, "2020-02-03T09:00:00", recorded=range(5))
    assert result.ladder.rungs == old.rungs
    assert result.untouched


@pytest.mark.parametrize("row", read_vectors("amendment_vectors.csv"), ids=lambda row: row["case_id"])
def test_what_the_vectors_say_moves_can_move(row: dict[str, str]) -> None:
    before, after = VERSIONS[2:4]
    received = datetime.fromisoformat(row["received_at"])
    n = int(row["n_business_days"])
    changed = changed_days(before, after)
    assert can_move(received.date(), date.fromisoformat(row["deadline_before"]), changed)
    assert before.nth_business_day(received.date(), n).isoformat() == row["deadline_before"]
    assert after.nth_business_day(received.date(), n).isoformat() == row["deadline_after"]


@pytest.mark.parametrize(("place", "expected"), [(1, (337, 868)), (3, (820, 820))])
def test_only_days_that_are_counted_can_move_a_date(place: int, expected: tuple[int, int]) -> None:
    """Both amendments, every receipt of the weeks around: whatever moves is selected, day 0 and later days are not."""
    before, after = VERSIONS[place - 1], VERSIONS[place]
    changed = changed_days(before, after)
    moved = selected = 0
    for offset in range(-40, 20):
        day0 = min(changed) + timedelta(days=offset)
        for n in range(1, 31):
            old = before.nth_business_day(day0, n)
            moves = old != after.nth_business_day(day0, n)
            moved, selected = moved + moves, selected + can_move(day0, old, changed)
            assert can_move(day0, old, changed) or not moves
    assert (moved, selected) == expected
    assert not can_move(max(changed), date(2021, 1, 1), changed)
    assert not can_move(date(2018, 12, 31), min(changed) - timedelta(days=1), changed)


def reopened(*days_off: str) -> tuple[BusinessCalendar, BusinessCalendar]:
    """Closed on these days, then not."""
    closed = build_calendar(NOTICES, 11, [Closure(COURT, tuple(map(date.fromisoformat, days_off)))])
    return closed, build_calendar(NOTICES, 12)


def test_a_date_that_moves_earlier_never_escalates_for_the_past() -> None:
    closed, again = reopened("2026-03-03", "2026-03-04", "2026-03-05")
    old, new = plan("2026-03-02T10:00:00", closed), plan("2026-03-02T10:00:00", again)
    assert days(old.rungs) == ["03-09", "03-10", "03-12", "03-16", "03-17"]
    assert days(new.rungs) == ["03-04", "03-05", "03-09", "03-11", "03-12"]
    result = brought(old, new, again, "2026-03-06T11:00:00")
    assert days(result.ladder.rungs) == ["03-06", "03-06", "03-09", "03-11", "03-12"]
    assert [change.clamped for change in result.changes] == [True, True, False, False, False]
    assert [change.days_moved for change in result.changes] == [-1, -2, -3, -3, -3]
    warning = result.ladder.rungs[0]
    assert warning.due_at == shanghai("2026-03-07T00:00:00")
    assert warning.act_at - warning.due_at == new.rungs[0].act_at - new.rungs[0].due_at
    assert warning.notify_at == shanghai("2026-03-09T08:30:00")


def test_on_a_day_off_the_limit_ends_with_the_next_business_day() -> None:
    """Civil Code art. 203: a limit never ends on a day off."""
    closed, again = reopened("2026-03-03", "2026-03-04", "2026-03-05")
    old, new = plan("2026-03-02T10:00:00", closed), plan("2026-03-02T10:00:00", again)
    result = brought(old, new, again, "2026-03-07T11:00:00")
    assert days(result.ladder.rungs[:2]) == ["03-09", "03-09"]
    assert result.changes[0].moved is False, "its old date is as early"


def test_a_clamp_gives_no_more_time_than_there_was() -> None:
    """Nothing fired while workers were down: what was late under the old plan is late under the new one."""
    closed, again = reopened("2026-03-03")
    old, new = plan("2026-03-02T10:00:00", closed), plan("2026-03-02T10:00:00", again)
    result = brought(old, new, again, "2026-03-20T11:00:00")
    assert result.ladder.rungs == old.rungs
    assert result.untouched


def test_what_is_late_and_does_not_move_stays_late() -> None:
    before, after = VERSIONS[2:4]
    old, new = plan("2020-01-13T10:00:00", before), plan("2020-01-13T10:00:00", after)
    assert old.rungs == new.rungs
    result = brought(old, new, after, "2020-02-20T10:00:00")
    assert (result.ladder.rungs, result.untouched) == (old.rungs, True)
    moved_later = brought(
        plan("2020-01-21T10:00:00", before), plan("2020-01-21T10:00:00", after), after, "2020-02-20T10:00:00"
    )
    assert days(moved_later.ladder.rungs)[1:] == ["02-03", "02-05", "02-07", "02-10"]


def test_an_announcement_makes_dates_final() -> None:
    after = build_calendar([*NOTICES, invented_2027()], 11)
    received = "2026-12-25T10:00:00"
    result = brought(plan(received, VERSIONS[-1]), plan(received, after), after, "2026-12-26T10:00:00")
    assert (result.moved, result.became_final, result.untouched) == (False, True, False)
    assert [change.became_final for change in result.changes] == [False, False, True, True, True]
    nothing = brought(plan(received, after), plan(received, after), after, "2026-12-26T10:00:00")
    assert nothing.untouched


def test_rungs_that_a_policy_adds_or_drops(document: dict[str, Any]) -> None:
    calendar, received = VERSIONS[-1], "2026-03-02T10:00:00"
    document["ladder"]["primary"].pop()
    fewer = parse_policy(document | {"ladder": document["ladder"] | {"cited_document": "穗中法〔2027〕1号"}})
    old, new = plan(received, calendar), plan(received, calendar, fewer)
    dropped = brought(old, new, calendar, "2026-03-03T10:00:00", policy=fewer)
    assert (days(dropped.ladder.rungs), dropped.changes[-1].after) == (days(old.rungs)[:-1], None)
    assert dropped.moved
    kept = brought(old, new, calendar, "2026-03-20T10:00:00", recorded=range(5), policy=fewer)
    assert (kept.ladder.rungs, kept.untouched) == (old.rungs, True)
    added = brought(new, old, calendar, "2026-03-20T10:00:00", recorded=range(4))
    assert days(added.ladder.rungs)[-1] == "03-20", "a rung that is new does not fall due in the past"
    assert (added.changes[-1].before, added.changes[-1].clamped, added.changes[-1].days_moved) == (None, True, 0)


def test_a_cut_off_that_has_passed_leaves_until_the_next(document: dict[str, Any]) -> None:
    closed, again = reopened("2026-03-03", "2026-03-04", "2026-03-05")
    early = parse_policy(document | {"cut_off": "17:30"})
    old, new = plan("2026-03-02T10:00:00", closed, early), plan("2026-03-02T10:00:00", again, early)
    by_day = brought(old, new, again, "2026-03-05T17:29:59", policy=early)
    by_night = brought(old, new, again, "2026-03-05T17:30:00", policy=early)
    assert (days(by_day.ladder.rungs)[:2], days(by_night.ladder.rungs)[:2]) == (["03-05", "03-05"], ["03-06", "03-06"])


@given(announced(), st.dates(date(YEARS[0], 1, 4), date(YEARS[-1], 9, 1)), st.data())
@settings(deadline=None, max_examples=40)
def test_the_order_of_amendments_and_closures_does_not_matter(
    facts: Announced, day0: date, data: st.DataObject
) -> None:
    """Whichever way the versions came, a plan of which nothing fired ends on the dates of all facts together."""
    received = shanghai(f"{day0}T00:00:01")
    base = [notice for notice in facts.notices if notice.amends is None]
    first = plan(received, build_calendar(base, 1))
    facts_to_come = [*(notice for notice in facts.notices if notice.amends), *facts.closures]
    rungs = stored(first)
    known: list[Notice] = list(base)
    closures: list[Closure] = []
    for number, fact in enumerate(data.draw(st.permutations(facts_to_come)), start=2):
        if isinstance(fact, Notice):
            known.append(fact)
        else:
            closures.append(fact)
        calendar = build_calendar(known, number, closures)
        ladder = plan(received, calendar)
        result = replan(rungs, ladder, (), received, court=COURT, calendar=calendar.of(COURT), policy=POLICY)
        assert not any(change.clamped for change in result.changes)
        rungs = stored(result.ladder)
    final = plan(received, build_calendar(facts.notices, 99, facts.closures))
    assert tuple(map(planned_rung, rungs)) == final.rungs
