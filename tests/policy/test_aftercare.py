"""What a party's short message says, when an answer counts as made, and how these rules are written (M12, M33)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liaison.policy.delivery import AnswerMessage, is_missed, next_look, rung_to_make, why_call
from liaison.policy.follow_up import first_try, next_try, verdict_of
from liaison.policy.message_words import MessageState
from liaison.policy.policy import PolicyError, parse_policy
from liaison.policy.rules import Policy
from liaison.policy.words import CourtLevel

NOON = datetime(2026, 9, 18, 4, tzinfo=UTC)
NOBODY_SAYS = object()


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("1", 1), (" 2 ", 2), ("３", 3), ("1。", 1), ("3，根本没解决", 3), ("2 还行", 2), ("1\n谢谢", 1),
        ("4", None), ("未答复", None), ("没有答复，法官没来电", None), ("No answer at all", None),
        ("1月3日开庭吗", NOBODY_SAYS), ("12", NOBODY_SAYS), ("5", NOBODY_SAYS), ("", NOBODY_SAYS),
        ("4号开庭", NOBODY_SAYS),
        ("请问案件进展", NOBODY_SAYS), ("0", NOBODY_SAYS), ("7K3M 已联系", NOBODY_SAYS),
    ],
)  # fmt: skip
def test_a_number_rates_a_word_says_no_answer_and_the_rest_is_not_guessed(
    text: str, rating: object, policy: Policy
) -> None:
    verdict = verdict_of(text, policy.follow_up)
    assert (NOBODY_SAYS if verdict is None else verdict.rating) == rating


def test_tries_are_at_ten_on_following_days(policy: Policy) -> None:
    late_evening = datetime(2026, 9, 18, 15, 59, tzinfo=UTC)
    assert first_try(late_evening, policy.follow_up) == datetime(2026, 9, 19, 2, tzinfo=UTC)
    assert next_try(datetime(2026, 9, 19, 2, 0, 5, tzinfo=UTC), policy.follow_up) == datetime(
        2026, 9, 20, 2, tzinfo=UTC
    )


def test_only_a_primary_court_has_a_rung_that_waits_for_delivery(policy: Policy) -> None:
    assert [rung_to_make(policy, level) for level in (CourtLevel.PRIMARY, CourtLevel.INTERMEDIATE)] == [4, None]


def test_made_before_the_instant_is_in_time_and_at_it_is_not() -> None:
    moment = timedelta(microseconds=1)
    assert not is_missed(NOON, NOON - moment, NOON + timedelta(days=1))
    assert is_missed(NOON, NOON, NOON)
    assert not is_missed(NOON, None, NOON - moment)
    assert is_missed(NOON, None, NOON)
    assert not is_missed(None, None, NOON)


@pytest.mark.parametrize("state", list(MessageState))
def test_a_clerk_calls_for_what_failed_at_once_and_for_doubt_after_a_day(state: MessageState, policy: Policy) -> None:
    message = AnswerMessage(state, NOON, NOON, None)
    day = policy.delivery.unsure
    now, later = (why_call(message, policy.delivery, NOON + after) for after in (day - timedelta(seconds=1), day))
    match state:
        case MessageState.FAILED | MessageState.EXPIRED | MessageState.SUPERSEDED:
            assert now and later
        case MessageState.SUBMITTING | MessageState.SUBMITTED | MessageState.AMBIGUOUS:
            assert (now, bool(later)) == (None, True)
        case _:
            assert (now, later) == (None, None)


@pytest.mark.parametrize("state", list(MessageState))
def test_the_next_look_is_never_now(state: MessageState, policy: Policy) -> None:
    for age in (timedelta(0), timedelta(minutes=10), timedelta(hours=24), timedelta(days=9)):
        for act_at in (None, NOON, NOON + age):
            look = next_look(AnswerMessage(state, NOON, NOON, None), act_at, policy.delivery, NOON + age)
            assert NOON + age < look <= NOON + age + policy.delivery.look_again


@pytest.mark.parametrize(
    ("section", "key", "value", "fault"),
    [
        ("delivery", "informs", "usher", r"delivery\.informs must be one of"),
        ("delivery", "unsure_hours", 0, r"delivery\.unsure_hours must be a whole number, 1 or more"),
        ("follow_up", "at", "25:00", r"follow_up\.at must be a time of day"),
        ("follow_up", "no_answer", [3], r"follow_up\.no_answer must be a list of texts"),
        ("follow_up", "often", 3, r"unknown: follow_up\.often"),
    ],
)
def test_a_spoilt_rule_is_refused_by_name(
    document: dict[str, Any], section: str, key: str, value: object, fault: str
) -> None:
    document[section][key] = value
    with pytest.raises(PolicyError, match=fault):
        parse_policy(document)


def test_a_document_from_before_these_rules_has_the_first_ones(document: dict[str, Any], policy: Policy) -> None:
    """A book that was started with it must not find that its version has changed."""
    del document["delivery"], document["follow_up"]
    assert parse_policy(document) == policy
