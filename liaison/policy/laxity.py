"""Whether a ladder is laxer than the Opinions: then it needs a document that allows it (issue line C32)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from liaison.policy.rules import Policy, RungRule
from liaison.policy.words import CourtLevel, Post

WARNED_AFTER: Final = 2
"""Business days to the warning by the practice of the Guangdong 12368 hotline; the Measures' text is not held."""

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
    """Everything in which a policy is laxer than the Opinions, or than the practice behind the warning."""
    return list(dict.fromkeys(fault for level, rungs in policy.ladders.items() for fault in _laxities(level, rungs)))


def _laxities(level: CourtLevel, rungs: tuple[RungRule, ...]) -> Iterator[Laxity]:
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
