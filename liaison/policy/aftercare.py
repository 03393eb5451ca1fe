"""The rules of what a closed request still waits for: that its answer is made, and what the party thinks of it."""

from dataclasses import dataclass
from datetime import timedelta

from liaison.policy.document import PolicyError, Section, not_a_word
from liaison.policy.words import Post


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """When an answer counts as not made to its party.

    Attributes:
        informs: the post of the rung by whose instant the answer must be made, where a ladder has it (art. 8).
        unsure: how long nothing but doubt may be known of the answer's message.
        look_after: when it is first looked after; look_again: how often while it is not made.
    """

    informs: Post
    unsure: timedelta
    look_after: timedelta
    look_again: timedelta


@dataclass(frozen=True, slots=True)
class FollowUpRules:
    """When a party is asked what it thinks of the answer 回访.

    Attributes:
        at: hour of Shanghai, as time since midnight.
        after_days: so many days after closure; days_between: from one try to the next.
        tries: at most.
        quiet_days: one number is asked about one request in so many days.
        off_in_courts: codes of courts that ask nobody.
        no_answer: what says that there was no answer, in small letters.
    """

    at: timedelta
    after_days: int
    days_between: int
    tries: int
    quiet_days: int
    off_in_courts: frozenset[str]
    no_answer: tuple[str, ...]


_DELIVERY = DeliveryRules(
    informs=Post.INTERMEDIATE_PRESIDENT,
    unsure=timedelta(hours=24),
    look_after=timedelta(minutes=10),
    look_again=timedelta(hours=24),
)
_FOLLOW_UP = FollowUpRules(
    at=timedelta(hours=10),
    after_days=1,
    days_between=1,
    tries=3,
    quiet_days=30,
    off_in_courts=frozenset(),
    no_answer=(
        *("4", "这不是答复", "未答复", "没有答复", "没答复", "没有回复", "没人联系", "不是答复"),
        *("no answer", "not answered"),
    ),
)


def delivery_rules(section: Section | None) -> DeliveryRules:
    """Read ``[delivery]``; a document stored before it was a rule has the first ones.

    Raises:
        PolicyError: a rule is missing, unknown or malformed.
    """
    if section is None:
        return _DELIVERY
    rules = DeliveryRules(
        informs=_post(section),
        unsure=timedelta(hours=section.number("unsure_hours", least=1)),
        look_after=timedelta(minutes=section.number("look_after_minutes", least=1)),
        look_again=timedelta(hours=section.number("look_again_hours", least=1)),
    )
    section.finish()
    return rules


def follow_up_rules(section: Section | None) -> FollowUpRules:
    """Read ``[follow_up]``; a document stored before it was a rule has the first ones.

    Raises:
        PolicyError: a rule is missing, unknown or malformed.
    """
    if section is None:
        return _FOLLOW_UP
    rules = FollowUpRules(
        at=section.clock("at"),
        after_days=section.number("after_days", least=1),
        days_between=section.number("days_between", least=1),
        tries=section.number("tries", least=1),
        quiet_days=section.number("quiet_days", least=0),
        off_in_courts=frozenset(_texts(section, "off_in_courts")),
        no_answer=tuple(text.casefold() for text in _texts(section, "no_answer")),
    )
    section.finish()
    return rules


def _post(section: Section) -> Post:
    named = section.text("informs")
    try:
        return Post(named)
    except ValueError:
        raise not_a_word(section.at("informs"), Post, named) from None


def _texts(section: Section, key: str) -> list[str]:
    found = section.value(key)
    if not isinstance(found, list) or not all(isinstance(text, str) and text.strip() for text in found):
        raise PolicyError(f"{section.at(key)} 须为文本列表", f"{section.at(key)} must be a list of texts")
    return found
