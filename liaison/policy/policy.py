"""From the policy document to the policy: parsed, checked against the Opinions, refused with a clear sentence.

``parse_policy`` takes a parsed document (TOML or JSON); only ``packaged_policy``, for composition roots, opens a file.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

from liaison.policy.aftercare import delivery_rules, follow_up_rules
from liaison.policy.document import PolicyError, PolicyFaults, Section, clock, not_a_word
from liaison.policy.laxity import DEFAULT_CLAIMS, Laxity, laxities
from liaison.policy.rules import (
    ClaimRules,
    Hours,
    Policy,
    ReplyLimit,
    Retention,
    RungRule,
    ShortMessageRules,
    TriageRule,
)
from liaison.policy.sending_rules import DEFAULT_SENDING, parse_sending
from liaison.policy.words import AsksFor, Category, CourtLevel, Post, Procedure

__all__ = ["Policy", "PolicyError", "PolicyFaults", "packaged_policy", "parse_policy", "stored_policy"]

Word = TypeVar("Word", bound=StrEnum)

DAY = timedelta(hours=24)

LONGEST_LADDER = 250
"""Business days after which the last rung may be due at the latest: about a year."""

CALLBACK_DAYS = 7
DEFAULT_RETENTION = Retention(
    request_days=1095,
    message_days=180,
    callback_days=CALLBACK_DAYS,
    provisional=True,
    source="Civil Code art. 188 (three years); Cybersecurity Law art. 21 (six months)",
)
"""Ages of a document without ``[retention]``: documents stored before it was a rule stay what they were."""

DEFAULT_SHORT_MESSAGES = ShortMessageRules(timedelta(minutes=5), timedelta(hours=24), 4)
"""Likewise without ``[short_message]``."""


def packaged_policy() -> Policy:
    """Read the policy that ships with the program; for composition roots."""
    return parse_policy(tomllib.loads((files("liaison.policy") / "policy.toml").read_text(encoding="utf-8")))


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """Turn a parsed document into a policy that may come into force.

    Raises:
        PolicyError: a rule is missing, unknown or malformed, a ladder is longer than a year, or the policy is laxer
            than it may be and cites no document; PolicyFaults if it is laxer in several ways.
    """
    policy = stored_policy(document)
    _refuse_endless(policy)
    if policy.cited_document is None:
        _refuse_laxer(laxities(policy))
    return policy


def stored_policy(document: Mapping[str, Any]) -> Policy:
    """Turn the document of a version into a policy: one in force stays what it was, whatever is called laxer since.

    Raises:
        PolicyError: a rule is missing, unknown or malformed.
    """
    root = Section("", dict(document))
    warning, limit = _parse_warning(root.section("warning"))
    ladders, cited_document = _parse_ladders(root.section("ladder"), warning)
    windows, triage = root.section("windows"), root.section("triage")
    intake, reply, answer = root.section("intake"), root.section("reply"), root.section("answer")
    policy = Policy(
        version=root.number("version", least=1),
        cut_off=root.clock("cut_off"),
        spread=timedelta(minutes=root.number("spread_minutes", least=0)),
        reply_limit=limit,
        ladders=ladders,
        cited_document=cited_document,
        answer_business_days=answer.number("business_days", least=1),
        staff_hours=_parse_hours(windows, "staff"),
        staff_hours_of_court=_parse_court_hours(windows.section("staff_of_court")),
        party_hours=_parse_hours(windows, "party"),
        triage_of_category=_parse_triage(triage.section("category"), Category),
        triage_of_asking=_parse_triage(triage.section("asks_for"), AsksFor),
        received_ahead=timedelta(minutes=intake.number("ahead_minutes", least=0)),
        received_back=timedelta(hours=intake.number("back_hours", least=0)),
        reply_min_characters=reply.number("min_characters", least=1),
        retention=_parse_retention(root.section("retention")) if "retention" in document else DEFAULT_RETENTION,
        sending=parse_sending(root.section("messages")) if "messages" in document else DEFAULT_SENDING,
        claims=_parse_claims(root.section("claimed_reply")) if "claimed_reply" in document else DEFAULT_CLAIMS,
        short_messages=_parse_short_messages(root.section("short_message"))
        if "short_message" in document
        else DEFAULT_SHORT_MESSAGES,
        delivery=delivery_rules(root.section("delivery") if "delivery" in document else None),
        follow_up=follow_up_rules(root.section("follow_up") if "follow_up" in document else None),
    )
    for section in (windows, triage, intake, reply, answer, root):
        section.finish()
    _check(policy)
    return policy


def _parse_warning(section: Section) -> tuple[RungRule, ReplyLimit]:
    day = section.number("business_day", least=1)
    limit = ReplyLimit(day, section.flag("provisional"), section.text("source"))
    rung = RungRule(0, day, _parse_posts(section))
    section.finish()
    return rung, limit


def _parse_retention(section: Section) -> Retention:
    retention = Retention(
        request_days=section.number("request_days", least=1),
        message_days=section.number("message_days", least=1),
        callback_days=section.number("callback_days", least=1) if "callback_days" in section.names() else CALLBACK_DAYS,
        provisional=section.flag("provisional"),
        source=section.text("source"),
    )
    section.finish()
    if retention.message_days > retention.request_days:
        raise PolicyError(
            "retention.message_days 不得大于 retention.request_days，届时短信内容随诉求一并销毁",
            "retention.message_days must not exceed retention.request_days, which ends what messages said",
        )
    return retention


def _parse_claims(section: Section) -> ClaimRules:
    silence = timedelta(hours=section.number("silence_working_hours", least=1))
    lapse = timedelta(hours=section.number("lapse_working_hours", least=1))
    section.finish()
    return ClaimRules(silence, lapse)


def _parse_short_messages(section: Section) -> ShortMessageRules:
    rules = ShortMessageRules(
        ahead=timedelta(minutes=section.number("ahead_minutes", least=0)),
        back=timedelta(hours=section.number("back_hours", least=0)),
        least_code_letters=section.number("least_code_letters", least=4),
    )
    section.finish()
    return rules


def _parse_ladders(section: Section, warning: RungRule) -> tuple[Mapping[CourtLevel, tuple[RungRule, ...]], str | None]:
    ladders = {}
    for level in CourtLevel:
        rows = [Section(f"{section.at(level)}[{place}]", row) for place, row in enumerate(section.items(level))]
        ladders[level] = (warning, *(_parse_rung(row) for row in rows))
    cited_document = section.optional_text("cited_document")
    section.finish()
    return MappingProxyType(ladders), cited_document


def _parse_rung(section: Section) -> RungRule:
    rung = RungRule(section.number("rung", least=1), section.number("business_day", least=1), _parse_posts(section))
    section.finish()
    return rung


def _parse_posts(section: Section) -> tuple[Post, ...]:
    return tuple(_word(Post, section.at("informs"), item) for item in section.items("informs"))


def _parse_hours(section: Section, key: str) -> tuple[Hours, ...]:
    path, hours = section.at(key), []
    for pair in section.items(key):
        if not isinstance(pair, list) or len(pair) != 2:
            raise PolicyError(f"{path} 须为成对的起止时刻", f"{path} must hold pairs of opening and closing time")
        hours.append(Hours(clock(path, pair[0]), clock(path, pair[1])))
    marks = [mark for window in hours for mark in (window.opens, window.closes)]
    if marks != sorted(set(marks)):
        raise PolicyError(
            f"{path} 的各时段须依次排列，先起后止，且不得重叠",
            f"{path} must hold windows in order, each closing after it opens and before the next",
        )
    return tuple(hours)


def _parse_court_hours(section: Section) -> Mapping[str, tuple[Hours, ...]]:
    return MappingProxyType({court: _parse_hours(section, court) for court in section.names()})


def _parse_triage(section: Section, words: type[Word]) -> Mapping[Word, TriageRule]:
    rules = {}
    for key in section.names():
        row = section.section(key)
        procedure = _word(Procedure, row.at("procedure"), row.text("procedure"))
        rules[_word(words, section.at(key), key)] = TriageRule(procedure, row.text("reason"))
        row.finish()
    return MappingProxyType(rules)


def _word(words: type[Word], path: str, value: Any) -> Word:
    try:
        return words(value)
    except ValueError:
        raise not_a_word(path, words, value) from None


def _check(policy: Policy) -> None:
    if not timedelta(0) < policy.cut_off <= DAY:
        raise PolicyError("cut_off 须晚于 00:00", "cut_off must lie after 00:00")
    wanted = set(Category) - {Category.DISCIPLINE_REPORT}
    if policy.triage_of_category.keys() != wanted:
        raise PolicyError(
            f"triage.category 须且仅须为下列各类各设一行：{'、'.join(sorted(wanted))}",
            f"triage.category must have a row for each of {', '.join(sorted(wanted))} and no other",
        )
    for asking, rule in policy.triage_of_asking.items():
        if rule.procedure is not Procedure.ORDINARY:
            zh = f"triage.asks_for.{asking} 只能将诉求转为普通程序"
            raise PolicyError(zh, f"triage.asks_for.{asking} can only make a request ordinary")
    for level, rungs in policy.ladders.items():
        if [rule.rung for rule in rungs] != list(range(len(rungs))):
            zh = f"ladder.{level} 的层级须依次编号为 1、2、3，以此类推；0 为预警"
            raise PolicyError(zh, f"ladder.{level} must number its rungs 1, 2, 3 and so on; 0 is the warning")
        days = [rule.business_day for rule in rungs]
        if days != sorted(set(days)):
            raise PolicyError(
                f"ladder.{level} 须逐级递进：每一层级晚于前一层级，预警最早",
                f"ladder.{level} must climb: each rung later than the one before, the warning first",
            )


def _refuse_endless(policy: Policy) -> None:
    """No request could be registered whose last rung lies beyond the end of the calendar."""
    for level, rungs in policy.ladders.items():
        if rungs[-1].business_day > LONGEST_LADDER:
            raise PolicyError(
                f"ladder.{level} 最高层级不得迟于第 {LONGEST_LADDER} 个工作日",
                f"ladder.{level} must end by the {LONGEST_LADDER}th business day",
            )


def _refuse_laxer(found: Sequence[Laxity]) -> None:
    faults = [
        PolicyError(
            f"{laxity.zh}；更宽的规则须在 ladder.cited_document 中载明依据",
            f"{laxity.en}; a laxer policy needs ladder.cited_document",
        )
        for laxity in found
    ]
    if len(faults) > 1:
        raise PolicyFaults(faults)
    if faults:
        raise faults[0]
