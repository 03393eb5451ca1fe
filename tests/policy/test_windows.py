"""When messages may be sent."""

from datetime import UTC, datetime
from typing import Any

import pytest

from calendars.core import BusinessCalendar, NaiveInstant
from liaison.policy.message_words import MessageClass
from liaison.policy.policy import parse_policy
from liaison.policy.rules import Policy
from liaison.policy.windows import next_opening


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("instant", "opening"),
    [
        ("2026-09-18T00:00:00", "2026-09-18T08:30:00"),
        ("2026-09-18T08:29:59.999", "2026-09-18T08:30:00"),
        ("2026-09-18T08:30:00", "2026-09-18T08:30:00"),
        ("2026-09-18T11:59:59.999", "2026-09-18T11:59:59.999"),
        ("2026-09-18T12:00:00", "2026-09-18T14:00:00"),
        ("2026-09-18T17:29:59", "2026-09-18T17:29:59"),
        ("2026-09-18T17:30:00", "2026-09-20T08:30:00"),  # Saturday off, Sunday a make-up day
        ("2026-09-19T10:00:00", "2026-09-20T08:30:00"),
        ("2026-09-30T18:00:00", "2026-10-08T08:30:00"),
        ("2026-10-04T15:00:00", "2026-10-08T08:30:00"),
    ],
)
def test_staff_are_reached_in_working_hours_of_business_days(
    calendar: BusinessCalendar, policy: Policy, instant: str, opening: str
) -> None:
    found = next_opening(shanghai(instant), MessageClass.STAFF, "0104", calendar, policy)
    assert (found, found.tzinfo) == (shanghai(opening), UTC)


@pytest.mark.parametrize(
    ("instant", "opening"),
    [
        ("2026-10-02T07:59:59", "2026-10-02T08:00:00"),
        ("2026-10-02T08:00:00", "2026-10-02T08:00:00"),
        ("2026-10-02T20:59:59", "2026-10-02T20:59:59"),
        ("2026-10-02T21:00:00", "2026-10-03T08:00:00"),
        ("2026-12-31T23:30:00", "2027-01-01T08:00:00"),
    ],
)
def test_parties_are_reached_by_day_on_any_day(
    calendar: BusinessCalendar, policy: Policy, instant: str, opening: str
) -> None:
    assert next_opening(shanghai(instant), MessageClass.PARTY, "0104", calendar, policy) == shanghai(opening)


def test_an_emergency_goes_at_once(calendar: BusinessCalendar, policy: Policy) -> None:
    night = shanghai("2026-10-03T03:00:00")
    assert next_opening(night, MessageClass.EMERGENCY, "0104", calendar, policy) == night


def test_a_court_may_keep_hours_of_its_own(calendar: BusinessCalendar, document: dict[str, Any]) -> None:
    document["windows"]["staff_of_court"]["0192"] = [["09:00", "12:00"]]
    policy = parse_policy(document)
    early, noon = shanghai("2026-09-18T08:40:00"), shanghai("2026-09-18T12:30:00")
    assert next_opening(early, MessageClass.STAFF, "0192", calendar, policy) == shanghai("2026-09-18T09:00:00")
    assert next_opening(noon, MessageClass.STAFF, "0192", calendar, policy) == shanghai("2026-09-20T09:00:00")
    assert next_opening(early, MessageClass.STAFF, "0104", calendar, policy) == early


@pytest.mark.parametrize("message_class", MessageClass)
def test_a_naive_instant_is_refused(calendar: BusinessCalendar, policy: Policy, message_class: MessageClass) -> None:
    naive = datetime(2026, 9, 18, 10)  # noqa: DTZ001 - the fault under test
    with pytest.raises(NaiveInstant):
        next_opening(naive, message_class, "0104", calendar, policy)
