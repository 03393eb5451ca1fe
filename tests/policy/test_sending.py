"""How often and how late messages are sent, and when everybody may be reached in a whole year (M11, M20, M42)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from calendars.core import SHANGHAI, BusinessCalendar
from calendars.packaged import packaged_notices
from liaison.policy.document import PolicyError
from liaison.policy.message_words import MessageClass
from liaison.policy.policy import parse_policy
from liaison.policy.rules import Policy
from liaison.policy.sending import is_courtesy, may_repeat, pause_before_try, useful_until
from liaison.policy.sending_rules import DEFAULT_SENDING
from liaison.policy.windows import next_opening

START = datetime(2026, 1, 1, tzinfo=SHANGHAI)
MOMENTS = some.integers(0, 365 * 24 * 60 - 1).map(lambda minutes: START + timedelta(minutes=minutes))
MINUTE = timedelta(minutes=1)
ANNOUNCED = {day: works for notice in packaged_notices() if notice.year == START.year for day, works in notice.days()}


def works(moment: datetime) -> bool:
    """Whether staff may be reached, from the notice of the year itself and the hours as people read them."""
    day, clock = moment.date(), moment.strftime("%H:%M")
    at_work = ANNOUNCED.get(day, day.weekday() < 5)
    return at_work and ("08:30" <= clock < "12:00" or "14:00" <= clock < "17:30")


@settings(max_examples=1_000, deadline=None)
@given(moment=MOMENTS)
def test_staff_are_told_at_the_first_working_minute_of_the_year_from_then_on(
    calendar: BusinessCalendar, policy: Policy, moment: datetime
) -> None:
    opening = next_opening(moment, MessageClass.STAFF, "0104", calendar, policy).astimezone(SHANGHAI)
    assert opening >= moment
    if opening.year == moment.year:
        assert works(opening)
        # Nothing that was open lies between: a window opens on a whole minute.
        assert opening == moment or not works(opening - MINUTE) or opening - MINUTE < moment
        assert opening == moment or not works(moment)


@settings(max_examples=500, deadline=None)
@given(moment=MOMENTS)
def test_parties_are_never_told_at_night_and_never_wait_longer_than_one(
    calendar: BusinessCalendar, policy: Policy, moment: datetime
) -> None:
    opening = next_opening(moment, MessageClass.PARTY, "0104", calendar, policy).astimezone(SHANGHAI)
    assert "08:00" <= opening.strftime("%H:%M") < "21:00"
    assert timedelta(0) <= opening - moment <= timedelta(hours=11)


@pytest.mark.parametrize("at_once", [MessageClass.EMERGENCY, MessageClass.CODE])
@settings(max_examples=100, deadline=None)
@given(moment=MOMENTS)
def test_emergencies_and_codes_go_at_any_time(
    calendar: BusinessCalendar, policy: Policy, at_once: MessageClass, moment: datetime
) -> None:
    assert next_opening(moment, at_once, "0104", calendar, policy) == moment


def test_tries_are_fast_first_and_slow_then(policy: Policy) -> None:
    pauses = [pause_before_try(tries, policy.sending).total_seconds() for tries in range(1, 13)]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]


def test_a_message_is_useful_for_a_time(calendar: BusinessCalendar, policy: Policy) -> None:
    def until(message_class: MessageClass) -> datetime:
        return useful_until(sent, message_class, "0104", calendar, policy.sending)

    sent = datetime(2026, 9, 18, 10, tzinfo=SHANGHAI)
    assert until(MessageClass.PARTY) - sent == timedelta(hours=72)
    assert until(MessageClass.EMERGENCY) - sent == timedelta(hours=24)
    assert until(MessageClass.CODE) - sent == timedelta(minutes=5)
    # Ten business days: 20 (worked), 21-24, 28-30 September, 8 and 9 October.
    assert until(MessageClass.STAFF) == datetime(2026, 10, 10, tzinfo=SHANGHAI)


def test_a_code_is_never_sent_twice_and_nothing_thrice() -> None:
    assert not may_repeat(MessageClass.CODE, 0)
    assert may_repeat(MessageClass.STAFF, 0) and not may_repeat(MessageClass.STAFF, 1)


def test_what_is_not_named_is_statutory(policy: Policy) -> None:
    assert is_courtesy("received", policy.sending)
    assert not any(is_courtesy(template, policy.sending) for template in ("work_order", "warning", "answer", "new"))


def test_documents_from_before_the_rules_keep_what_they_meant(document: dict[str, Any]) -> None:
    assert parse_policy(document).sending == DEFAULT_SENDING
    del document["messages"]["kept_from_courtesy"], document["messages"]["digest"]["gathers_too"]
    del document["messages"]["on_the_spot_minutes"]
    assert parse_policy(document).sending == DEFAULT_SENDING
    del document["messages"]
    assert parse_policy(document).sending == DEFAULT_SENDING


@pytest.mark.parametrize(
    "spoilt",
    [
        {"slow_minutes": 0},
        {"courtesy": [7]},
        {"daily_to_one_number": "many"},
        {"kept_from_courtesy": -1},
        {"on_the_spot_minutes": "soon"},
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_its_place(document: dict[str, Any], spoilt: dict[str, Any]) -> None:
    document["messages"] |= spoilt
    with pytest.raises(PolicyError, match=f"messages.{next(iter(spoilt))}"):
        parse_policy(document)
