"""The packaged policy says what the Opinions say; a spoilt one is refused with a sentence naming the place."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from liaison.policy.laxity import ANSWERED_WITHIN, DEFAULT_CLAIMS, laxities
from liaison.policy.policy import PolicyError, PolicyFaults, parse_policy, stored_policy
from liaison.policy.rules import Policy
from liaison.policy.words import CourtLevel, Post
from tests.chinese import is_chinese

Document = dict[str, Any]


def test_the_packaged_policy_is_that_of_the_opinions(policy: Policy) -> None:
    warning = (0, 2, (Post.HOLDER, Post.DEPARTMENT_DESK, Post.LIAISON_OFFICER))
    city = [
        warning,
        (1, 3, (Post.DEPARTMENT_LEADER,)),
        (2, 5, (Post.DEPUTY_PRESIDENT,)),
        (3, 7, (Post.PRESIDENT,)),
    ]
    ladders = {
        level: [(rule.rung, rule.business_day, rule.informs) for rule in rungs]
        for level, rungs in policy.ladders.items()
    }
    assert ladders == {
        CourtLevel.PRIMARY: [*city, (4, 8, (Post.INTERMEDIATE_PRESIDENT,))],
        CourtLevel.INTERMEDIATE: city,
    }
    assert (policy.version, policy.cited_document) == (1, None)
    assert policy.reply_limit.provisional
    assert (policy.cut_off, policy.spread) == (timedelta(hours=24), timedelta(minutes=10))
    assert (policy.received_ahead, policy.received_back) == (timedelta(minutes=5), timedelta(hours=72))
    assert policy.reply_min_characters == 6


def laxer_department_leader(document: Document) -> None:
    document["ladder"]["primary"][0]["business_day"] = 4


def no_intermediate_president(document: Document) -> None:
    del document["ladder"]["primary"][3]


def president_skipped(document: Document) -> None:
    document["ladder"]["intermediate"][2]["informs"] = ["deputy_president"]


@pytest.mark.parametrize(
    ("spoil", "who"),
    [
        (laxer_department_leader, r"ladder\.primary .* department_leader must be informed after 3"),
        (no_intermediate_president, r"ladder\.primary .* intermediate_president must be informed after 8"),
        (president_skipped, r"ladder\.intermediate .* president must be informed after 7"),
    ],
)
def test_a_laxer_ladder_needs_a_document(document: Document, spoil: Callable[[Document], None], who: str) -> None:
    spoil(document)
    with pytest.raises(PolicyError, match=who):
        parse_policy(document)
    document["ladder"]["cited_document"] = "穗中法〔2030〕1号"
    assert parse_policy(document).cited_document == "穗中法〔2030〕1号"


LAXER: list[tuple[tuple[str, ...], int, str]] = [
    (("answer", "business_days"), 2, r"answer\.business_days is laxer than art\. 4"),
    (("spread_minutes",), 61, r"spread_minutes is laxer than art\. 8"),
    (("claimed_reply", "silence_working_hours"), 2, r"silence_working_hours is longer than 1 working hours"),
    (("claimed_reply", "lapse_working_hours"), 5, r"lapse_working_hours is longer than 4 working hours"),
]


@pytest.mark.parametrize(("path", "value", "says"), LAXER)
def test_what_puts_the_ladder_off_needs_a_document_too(
    document: Document, path: tuple[str, ...], value: int, says: str
) -> None:
    put(document, path, value)
    with pytest.raises(PolicyError, match=says):
        parse_policy(document)
    document["ladder"]["cited_document"] = "穗中法〔2030〕1号"
    [laxity] = laxities(parse_policy(document))
    assert path[-1] in laxity.zh and path[-1] in laxity.en


def test_everything_laxer_is_told_at_once(document: Document) -> None:
    for path, value, _ in LAXER:
        put(document, path, value)
    laxer_department_leader(document)
    with pytest.raises(PolicyFaults) as refused:
        parse_policy(document)
    assert [fault.en.split()[0] for fault in refused.value.faults] == [
        "ladder.primary", *(".".join(path) for path, _, _ in LAXER)
    ]  # fmt: skip
    # A version in force stays what it was, though a later release calls it laxer.
    assert stored_policy(document).answer_business_days == 2


def test_the_packaged_policy_is_as_lax_as_it_may_be(document: Document, policy: Policy) -> None:
    assert (policy.answer_business_days, policy.claims) == (ANSWERED_WITHIN, DEFAULT_CLAIMS)
    document["spread_minutes"] = 60
    assert laxities(parse_policy(document)) == []


def test_a_stricter_ladder_needs_none(document: Document) -> None:
    document["warning"]["business_day"] = 1
    document["ladder"]["primary"][0]["business_day"] = 2
    assert parse_policy(document).ladders[CourtLevel.PRIMARY][1].business_day == 2


FAULTS: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("version",), 0, "version must be a whole number, 1 or more"),
    (("version",), True, "version must be a whole number"),
    (("cut_off",), "25:00", "cut_off must be a time of day"),
    (("cut_off",), "00:00", "cut_off must lie after 00:00"),
    (("spread_minutes",), "10", "spread_minutes must be a whole number, 0 or more"),
    (("warning",), [], "warning must be a table"),
    (("warning", "provisional"), "yes", r"warning\.provisional must be true or false"),
    (("warning", "source"), " ", r"warning\.source must be a text"),
    (("warning", "business_day"), 3, r"ladder\.primary must climb"),
    (("ladder", "primary"), [], r"ladder\.primary must be a list with at least one item"),
    (("ladder", "primary", 1, "rung"), 3, r"ladder\.primary must number its rungs"),
    (("ladder", "intermediate", 2, "business_day"), 251, r"ladder\.intermediate must end by the 250th business day"),
    (("ladder", "primary", 1, "days"), 3, r"unknown: ladder\.primary\[1\]\.days"),
    (("ladder", "primary", 0, "informs"), ["king"], r"ladder\.primary\[0\]\.informs must be one of .*, not 'king'"),
    (("ladder", "cited_document"), "", r"ladder\.cited_document must be a text"),
    (("windows", "staff"), [["12:00", "08:30"]], r"windows\.staff must hold windows in order"),
    (("windows", "staff"), [["08:30", "12:00"], ["11:00", "17:30"]], r"windows\.staff must hold windows in order"),
    (("windows", "party"), [["08:00"]], r"windows\.party must hold pairs"),
    (("windows", "party"), [["8:00", "21:00"]], r"windows\.party must be a time of day"),
    (("windows", "staff_of_court", "0192"), [], r"windows\.staff_of_court\.0192 must be a list"),
    (("windows", "stuff"), [], r"unknown: windows\.stuff"),
    (("triage", "category", "opinion"), {"procedure": "slow", "reason": "x"}, "opinion.procedure must be one of"),
    (("triage", "category", "gossip"), {"procedure": "summary", "reason": "x"}, "gossip must be one of"),
    (("triage", "category", "discipline_report"), {"procedure": "summary", "reason": "x"}, "and no other"),
    (("triage", "asks_for", "judge"), {"procedure": "summary", "reason": "x"}, "can only make a request ordinary"),
    (("intake", "back_hours"), -1, r"intake\.back_hours must be a whole number, 0 or more"),
    (("reply", "min_characters"), 0, r"reply\.min_characters must be a whole number, 1 or more"),
    (("answer", "business_days"), 0, r"answer\.business_days must be a whole number, 1 or more"),
    (("claimed_reply", "lapse_working_hours"), 10**15, r"lapse_working_hours must not exceed 1000000"),
    (("grace_days",), 9, "unknown: grace_days"),
    (("retention", "request_days"), 0, r"retention\.request_days must be a whole number, 1 or more"),
    (("retention", "message_days"), 1096, r"retention\.message_days must not exceed retention\.request_days"),
    (("retention", "letter_days"), 9, r"unknown: retention\.letter_days"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), FAULTS)
def test_a_fault_is_named(document: Document, path: tuple[str | int, ...], value: Any, sentence: str) -> None:
    put(document, path, value)
    with pytest.raises(PolicyError, match=sentence) as refused:
        parse_policy(document)
    assert is_chinese(refused.value.zh), refused.value.zh


def put(document: Document, path: tuple[str | int, ...], value: Any) -> None:
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value


@pytest.mark.parametrize("rule", ["version", "cut_off", "spread_minutes", "warning", "ladder", "windows", "triage"])
def test_no_rule_may_be_missing(document: Document, rule: str) -> None:
    del document[rule]
    with pytest.raises(PolicyError, match=f"^{rule} is missing"):
        parse_policy(document)


def test_every_category_has_a_procedure(document: Document) -> None:
    del document["triage"]["category"]["opinion"]
    with pytest.raises(PolicyError, match=r"triage\.category must have a row for each of .*opinion"):
        parse_policy(document)


def test_a_document_without_ages_keeps_the_packaged_ones(document: Document, policy: Policy) -> None:
    del document["retention"]
    assert parse_policy(document) == policy
    assert (policy.retention.request_days, policy.retention.message_days) == (1095, 180)
    assert policy.retention.provisional


def test_a_document_older_than_the_rules_of_short_messages_stays_what_it_was(document: dict[str, Any]) -> None:
    """What a stored version leaves out means what the program ships with: it has never meant anything else."""
    packaged = parse_policy(document)
    older = {name: value for name, value in document.items() if name not in ("claimed_reply", "short_message")}
    older["retention"] = {name: value for name, value in document["retention"].items() if name != "callback_days"}
    assert parse_policy(older) == packaged


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("claimed_reply", "silence_working_hours", 0),
        ("claimed_reply", "lapse_working_hours", "4"),
        ("claimed_reply", "unheard_of", 1),
        ("short_message", "least_code_letters", 3),
        ("short_message", "back_hours", -1),
        ("retention", "callback_days", 0),
    ],
)
def test_a_spoilt_rule_of_short_messages_is_named(
    document: dict[str, Any], section: str, key: str, value: object
) -> None:
    document[section][key] = value
    with pytest.raises(PolicyError, match=key):
        parse_policy(document)
