"""Whether a policy is laxer than the Opinions: then it needs a document that allows it (issue line C32)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from liaison.policy.rules import ClaimRules, Policy, RungRule
from liaison.policy.words import CourtLevel, Post

WARNED_AFTER: Final = 2
"""Business days to the warning by the practice of the Guangdong 12368 hotline; the Measures' text is not held."""

ANSWERED_WITHIN: Final = 1
"""Business days until a summary request becomes ordinary: art. 4 has it answered immediately."""

WIDEST_SPREAD: Final = timedelta(minutes=60)
"""Art. 8 counts days: work that is spread over more than an hour no longer happens when its day has ended."""

DEFAULT_CLAIMS: Final = ClaimRules(silence=timedelta(hours=1), lapse=timedelta(hours=4))
"""Of the packaged policy, and of documents stored before there was ``[claimed_reply]``: so long nobody climbs on."""

_CITY_LADDER: Final = {Post.DEPARTMENT_LEADER: 3, Post.DEPUTY_PRESIDENT: 5, Post.PRESIDENT: 7}
OPINIONS_LADDER: Final[Mapping[CourtLevel, Mapping[Post, int]]] = {
    CourtLevel.PRIMARY: {**_CITY_LADDER, Post.INTERMEDIATE_PRESIDENT: 8},
    CourtLevel.INTERMEDIATE: _CITY_LADDER,
}
"""Opinions art. 8: who must have been informed after how many business days."""


@dataclass(frozen=True, slots=True)
class Laxity:
    """One way in which a policy is laxer than it may be without a document, in both languages, no full stop."""

    zh: str
    en: str


def laxities(policy: Policy) -> list[Laxity]:
    """Everything in which a policy is laxer than the Opinions, or than practice where they are silent."""
    of_ladders = dict.fromkeys(each for level, rungs in policy.ladders.items() for each in _of_ladder(level, rungs))
    return [*of_ladders, *_of_answer(policy), *_of_spread(policy), *_of_claims(policy.claims)]


def _of_ladder(level: CourtLevel, rungs: tuple[RungRule, ...]) -> Iterator[Laxity]:
    informed: dict[Post, int] = {}
    for rule in rungs:
        for post in rule.informs:
            informed.setdefault(post, rule.business_day)
    for post, latest in OPINIONS_LADDER[level].items():
        if informed.get(post, latest + 1) > latest:
            yield Laxity(
                f"ladder.{level} 宽于《意见》第八条：{post} 应在 {latest} 个工作日内获报",
                f"ladder.{level} is laxer than art. 8 of the Opinions: {post} must be informed after {latest} "
                "business days or earlier",
            )
    if rungs[0].business_day > WARNED_AFTER:
        yield Laxity(
            f"warning.business_day 晚于 {WARNED_AFTER} 个工作日",
            f"warning.business_day is slower than {WARNED_AFTER} business days",
        )


def _of_answer(policy: Policy) -> Iterator[Laxity]:
    if policy.answer_business_days > ANSWERED_WITHIN:
        yield Laxity(
            f"answer.business_days 宽于《意见》第四条：简易诉求应在 {ANSWERED_WITHIN} 个工作日内答复",
            f"answer.business_days is laxer than art. 4 of the Opinions: a summary request must be answered within "
            f"{ANSWERED_WITHIN} business day",
        )


def _of_spread(policy: Policy) -> Iterator[Laxity]:
    if policy.spread > WIDEST_SPREAD:
        minutes = WIDEST_SPREAD // timedelta(minutes=1)
        yield Laxity(
            f"spread_minutes 宽于《意见》第八条：督办应在期限届满后 {minutes} 分钟内完成",
            f"spread_minutes is laxer than art. 8 of the Opinions: rungs must fire within {minutes} minutes after "
            "their time",
        )


def _of_claims(claims: ClaimRules) -> Iterator[Laxity]:
    for key, ours, most in (
        ("silence_working_hours", claims.silence, DEFAULT_CLAIMS.silence),
        ("lapse_working_hours", claims.lapse, DEFAULT_CLAIMS.lapse),
    ):
        if ours > most:
            hours = most // timedelta(hours=1)
            yield Laxity(
                f"claimed_reply.{key} 长于 {hours} 个工作小时，其间《意见》第八条的督办停止",
                f"claimed_reply.{key} is longer than {hours} working hours, in which the ladder of art. 8 stands still",
            )
