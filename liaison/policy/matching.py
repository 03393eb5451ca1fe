"""Which request a short message speaks of: told by its sender and its code, never guessed (design section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from liaison.policy.message_words import Mismatch
from liaison.policy.rules import ShortMessageRules


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open request that a sender may act on, and the id under which he does."""

    staff: str
    reference: str


def receive_time(sent_at: datetime, arrived_at: datetime, rules: ShortMessageRules) -> datetime:
    """When a short message counts as received: when its provider says it was sent, if that can be true.

    Args:
        sent_at: the provider's word, aware.
        arrived_at: when it reached us, aware.
        rules: how far the two may lie apart.
    """
    can_be_true = arrived_at - rules.back <= sent_at <= arrived_at + rules.ahead
    return sent_at if can_be_true else arrived_at


def match(named: Sequence[Candidate], *, known: bool, coded: bool, closed: bool, astray: bool) -> Candidate | Mismatch:
    """Decide which request is meant.

    Args:
        named: the open requests of the sender that the code names.
        known: whether the number is of anybody in the directory.
        coded: whether the message bears a code at all.
        closed: whether the code names a request of his that is closed.
        astray: whether, of two codes, one names only what is not his, or no longer: the other may not be what he means.
    """
    if not known:
        return Mismatch.UNKNOWN_NUMBER
    if not coded:
        return Mismatch.NO_CODE
    if len(named) > 1 or (named and (closed or astray)):
        return Mismatch.AMBIGUOUS
    if named:
        return named[0]
    return Mismatch.CLOSED if closed else Mismatch.UNKNOWN_CODE
