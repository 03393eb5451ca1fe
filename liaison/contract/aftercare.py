"""What the workflows of a closed request and their activities say to one another: no text, no number, no name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WatchDelivery:
    """Watch the answer of a request until it is made to its party."""

    reference: str


@dataclass(frozen=True)
class DeliverySeen:
    """How far an answer has come.

    ``state`` is empty where nothing is to be delivered any more; ``look_at``, on the workflow's clock, is empty when
    there is nothing left to watch. ``reason`` says in both languages why a clerk must call, ``due_on`` by which day,
    and whether that is provisional, the answer must be made, ``told`` which post heard that it was not.
    """

    state: str = ""
    look_at: str = ""
    reason: str = ""
    due_on: str = ""
    told: str = ""


@dataclass(frozen=True)
class FollowUpStart:
    """Ask the party of a closed request what it thinks of the answer."""

    reference: str


@dataclass(frozen=True)
class AskParty:
    """A follow-up's ``number``-th try, from 1; one after the last gives up."""

    reference: str
    number: int


@dataclass(frozen=True)
class Asked:
    """Where a follow-up stands; ``next_at``, on the workflow's clock, is empty when it is over."""

    state: str = ""
    next_at: str = ""
