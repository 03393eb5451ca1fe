"""Whether an answer is made to its party (Opinions art. 8, "made to the parties"; design section 5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liaison.policy.aftercare import DeliveryRules
from liaison.policy.message_words import MessageState
from liaison.policy.rules import Policy
from liaison.policy.words import CourtLevel

NOTHING_SAID = "no receipt says that the message arrived 未收到送达回执"
LANDLINE = "no short message can reach the number 号码无法接收短信"
UNDELIVERED = "the message could not be delivered 短信未能送达"
CUT = "the message holds only the beginning of the answer 短信仅含答复开头"
_DOUBTFUL = frozenset({MessageState.SUBMITTING, MessageState.SUBMITTED, MessageState.AMBIGUOUS})
_FAILED: Mapping[MessageState, str] = {
    MessageState.FAILED: UNDELIVERED,
    MessageState.EXPIRED: "the message could not be sent in time 短信未能及时发出",
    MessageState.SUPERSEDED: "the message was not sent 短信未发出",
}


@dataclass(frozen=True, slots=True)
class AnswerMessage:
    """What the book knows of the message that brings an answer."""

    state: MessageState
    send_after: datetime
    went_at: datetime
    """When it was handed over, or should have been."""
    settled_at: datetime | None

    @property
    def waits(self) -> bool:
        """For its window, as one reserved at night does."""
        return self.state is MessageState.RESERVED


def rung_to_make(policy: Policy, level: CourtLevel) -> int | None:
    """The rung by whose instant an answer must be made to the party; None in a court whose ladder has none."""
    return next((rule.rung for rule in policy.ladders[level] if policy.delivery.informs in rule.informs), None)


def due_to_make(policy: Policy, level: CourtLevel, rungs: list[dict[str, Any]]) -> datetime | None:
    """That rung's instant in a plan, exclusive."""
    rung = rung_to_make(policy, level)
    return next((datetime.fromisoformat(row["due_at"]) for row in rungs if row["rung"] == rung), None)


def is_missed(due_at: datetime | None, made_at: datetime | None, now: datetime) -> bool:
    """Whether the answer was not made before the instant."""
    return due_at is not None and (made_at or now) >= due_at


def why_call(message: AnswerMessage | None, rules: DeliveryRules, now: datetime) -> str | None:
    """Why a clerk must call, in both languages; None while the message may still arrive, or has arrived."""
    if message is None:
        return LANDLINE
    if message.state in _FAILED:
        return _FAILED[message.state]
    unsure = message.state in _DOUBTFUL and now >= message.went_at + rules.unsure
    return NOTHING_SAID if unsure else None


def why_call_with_news(failure: str | None) -> str:
    """The same of news: what became of its message, or that there could be none."""
    return LANDLINE if failure is None else UNDELIVERED


def next_look(message: AnswerMessage | None, act_at: datetime | None, rules: DeliveryRules, now: datetime) -> datetime:
    """When an answer that is not made is looked after again, unless somebody says sooner what became of it.

    Args:
        message: What brings it; None where no message can.
        act_at: When the rung that waits for it acts; None if none does, or it did.
        rules: Of the policy.
        now: The present.
    """
    looks = [now + rules.look_again] + ([act_at] if act_at is not None else [])
    if message is not None and message.waits:
        looks.append(max(message.send_after, now) + rules.look_after)
    if message is not None and message.state in _DOUBTFUL:
        looks.append(message.went_at + rules.unsure)
    # What was due by now is what this very look was for.
    return min(look for look in looks if look > now)
