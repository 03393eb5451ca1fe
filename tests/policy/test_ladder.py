"""Plans against the vector files and against examples worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from calendars.core import BeforeFirstDay, BusinessCalendar, NaiveInstant
from liaison.policy.ladder import Ladder, plan_ladder
from liaison.policy.policy import parse_policy
from liaison.policy.rules import Policy
from liaison.policy.words import CourtLevel
from tests.calendars.vectors import read_vectors

REFERENCE = "7K3M-9QXF-2T4W-Z"


def plan(
    received_at: str,
    calendar: BusinessCalendar,
    policy: Policy,
    *,
    court_level: CourtLevel = CourtLevel.PRIMARY,
    reference: str = REFERENCE,
) -> Ladder:
    return plan_ladder(
        received_at=datetime.fromisoformat(received_at),
        court_level=court_level,
        reference=reference,
        court="0104",
        calendar=calendar,
        policy=policy,
    )


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize("row", read_vectors("ladder_vectors.csv"), ids=lambda row: row["case_id"])
def test_every_ladder(calendar: BusinessCalendar, policy: Policy, row: dict[str, str]) -> None:
    level = CourtLevel(row["court_level"])
    ladder = plan(row["received_at"], calendar, policy, court_level=level)
    expected = [row[column] for column in ("t1_date", "t2_date", "t3_date", "t4_date") if row[column]]
    assert [rung.due_on.isoformat() for rung in ladder.rungs[1:]] == expected
    assert [rung.business_day for rung in ladder.rungs] == [2, 3, 5, 7, 8][: len(expected) + 1]
    assert not any(rung.provisional for rung in ladder.rungs)


@pytest.mark.parametrize(
    ("received_at", "days"),
    [
        ("2025-12-31T10:00:00+08:00", "01-05 01-06 01-08 01-12 01-13"),
        ("2026-02-13T10:00:00+08:00", "02-24 02-25 02-27 03-02 03-03"),
        ("2026-02-17T10:00:00+08:00", "02-25 02-26 02-28 03-03 03-04"),
        ("2026-04-30T10:00:00+08:00", "05-07 05-08 05-11 05-13 05-14"),
        ("2026-06-18T10:00:00+08:00", "06-23 06-24 06-26 06-30 07-01"),
        ("2026-09-18T10:00:00+08:00", "09-21 09-22 09-24 09-29 09-30"),
        ("2026-09-24T10:00:00+08:00", "09-29 09-30 10-09 10-12 10-13"),
        ("2026-09-30T10:00:00+08:00", "10-09 10-10 10-13 10-15 10-16"),
        ("2026-09-29T16:00:00+00:00", "10-09 10-10 10-13 10-15 10-16"),
        ("2026-09-20T23:59:59+08:00", "09-22 09-23 09-28 09-30 10-08"),
    ],
)
def test_the_examples_worked_out_by_hand(
    calendar: BusinessCalendar, policy: Policy, received_at: str, days: str
) -> None:
    ladder = plan(received_at, calendar, policy)
    assert " ".join(f"{rung.due_on:%m-%d}" for rung in ladder.rungs) == days


def test_a_rung_is_due_at_midnight_acts_within_the_spread_and_rings_in_working_hours(
    calendar: BusinessCalendar, policy: Policy
) -> None:
    ladder = plan("2026-09-18T23:59:59+08:00", calendar, policy)
    assert [rung.rung for rung in ladder.rungs] == [0, 1, 2, 3, 4]
    assert (ladder.day0, ladder.calendar_version, ladder.policy_version) == (date(2026, 9, 18), 10, 1)
    for rung in ladder.rungs:
        assert rung.due_at == shanghai(f"{rung.due_on + timedelta(days=1)}T00:00:00")
        assert rung.due_at.tzinfo is rung.act_at.tzinfo is rung.notify_at.tzinfo is UTC
        assert timedelta(0) <= rung.act_at - rung.due_at < timedelta(minutes=10)
    bells = [rung.notify_at for rung in ladder.rungs]
    mornings = ("2026-09-22", "2026-09-23", "2026-09-28", "2026-09-30", "2026-10-08")
    assert bells == [shanghai(f"{day}T08:30:00") for day in mornings]


@pytest.mark.parametrize(
    ("received_at", "answer_by"),
    [
        ("2026-09-18T09:00:00+08:00", "2026-09-19"),
        ("2026-09-18T23:59:59+08:00", "2026-09-19"),
        ("2026-09-19T00:00:00+08:00", "2026-09-21"),
        ("2026-09-20T10:00:00+08:00", "2026-09-21"),
        ("2026-10-01T10:00:00+08:00", "2026-10-09"),
    ],
)
def test_a_summary_request_is_answered_by_the_end_of_its_first_business_day(
    calendar: BusinessCalendar, policy: Policy, received_at: str, answer_by: str
) -> None:
    ladder = plan(received_at, calendar, policy)
    assert ladder.answer_by == shanghai(f"{answer_by}T00:00:00")
    assert ladder.answer_act_at - ladder.answer_by == ladder.rungs[0].act_at - ladder.rungs[0].due_at


def test_the_spread_is_steady_for_a_reference_and_even_over_many(calendar: BusinessCalendar, policy: Policy) -> None:
    def offset(reference: str) -> timedelta:
        rung = plan("2026-09-18T10:00:00+08:00", calendar, policy, reference=reference).rungs[0]
        return rung.act_at - rung.due_at

    # Fixed for good: a plan made again after an upgrade must land on the same instant.
    assert offset(REFERENCE) == timedelta(minutes=4, seconds=58, milliseconds=938)
    minutes = [offset(f"REFERENCE-{number}") // timedelta(minutes=1) for number in range(1000)]
    assert all(60 <= minutes.count(minute) <= 140 for minute in range(10))


def test_dates_past_the_announced_days_are_provisional(calendar: BusinessCalendar, policy: Policy) -> None:
    ladder = plan("2026-12-25T10:00:00+08:00", calendar, policy)
    assert [(str(rung.due_on), rung.provisional) for rung in ladder.rungs] == [
        ("2026-12-29", False),
        ("2026-12-30", False),
        ("2027-01-04", True),
        ("2027-01-06", True),
        ("2027-01-07", True),
    ]


def test_cut_off_and_answer_limit_are_policy(calendar: BusinessCalendar, document: dict[str, Any]) -> None:
    document["cut_off"] = "17:30"
    document["answer"]["business_days"] = 2
    document["ladder"]["cited_document"] = "穗中法〔2030〕1号"
    document["spread_minutes"] = 0
    ladder = plan("2026-09-18T10:00:00+08:00", calendar, parse_policy(document))
    assert ladder.rungs[1].due_at == ladder.rungs[1].act_at == shanghai("2026-09-22T17:30:00")
    assert ladder.rungs[1].notify_at == shanghai("2026-09-23T08:30:00")
    assert ladder.answer_by == shanghai("2026-09-20T17:30:00")


def test_a_time_nobody_can_place_is_refused(calendar: BusinessCalendar, policy: Policy) -> None:
    with pytest.raises(NaiveInstant):
        plan("2026-09-18T10:00:00", calendar, policy)
    with pytest.raises(BeforeFirstDay):
        plan("2018-06-01T10:00:00+08:00", calendar, policy)
