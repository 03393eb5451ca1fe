"""The shapes of the policy: frozen values with the units in their names or types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from liaison.policy.aftercare import DeliveryRules, FollowUpRules
from liaison.policy.sending_rules import SendingRules
from liaison.policy.words import AsksFor, Category, CourtLevel, Post, Procedure


@dataclass(frozen=True, slots=True)
class RungRule:
    """A rung of the ladder: after how many business days from receipt, and which posts are informed."""

    rung: int
    business_day: int
    informs: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class ReplyLimit:
    """Where the limit of rung 0 comes from; provisional while its own document is not held."""

    business_day: int
    provisional: bool
    source: str


@dataclass(frozen=True, slots=True)
class Hours:
    """A window of the day as times since midnight in Shanghai: open at the first, shut at the second."""

    opens: timedelta
    closes: timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """How long personal data are kept, in days; provisional while no document of the court sets the ages.

    Attributes:
        request_days: from closure to the destruction of the data key, and with it of what the party and others wrote,
            and of the party's contact.
        message_days: from the end of a message to the emptying of what it said.
        callback_days: from the arrival of what a gateway told us to its deletion.
        provisional: whether a document of the court is still to set these ages.
        source: where they come from meanwhile.
    """

    request_days: int
    message_days: int
    callback_days: int
    provisional: bool
    source: str


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """How a reply that anybody could have sent comes to count, in working time of the court that holds the request.

    Attributes:
        silence: after the judge was told of it, this much without a word confirms it.
        lapse: if he cannot be told within this, it is set aside.
    """

    silence: timedelta
    lapse: timedelta


@dataclass(frozen=True, slots=True)
class ShortMessageRules:
    """How short messages that people send us are dated and matched.

    Attributes:
        ahead: how far a provider's send time may lie ahead of our clock; ``back`` how far before the arrival.
        least_code_letters: letters of a reference that name a request.
    """

    ahead: timedelta
    back: timedelta
    least_code_letters: int


@dataclass(frozen=True, slots=True)
class TriageRule:
    """A procedure and, in both languages, why."""

    procedure: Procedure
    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the rules; ``policy.toml`` explains each and names its article.

    Attributes:
        version: number of this version, from 1.
        cut_off: when the last business day of a limit ends, as time since its midnight.
        spread: window over which the work of one instant is spread.
        reply_limit: the limit behind rung 0.
        ladders: per court level all rungs, the warning first, in order.
        cited_document: the document that allows a policy laxer than the Opinions.
        answer_business_days: end of which business day, on or after receipt, is the limit of the summary procedure.
        staff_hours: working hours, in order; ``staff_hours_of_court`` where a court has others.
        party_hours: hours in which parties get messages, any day.
        triage_of_category: rule per category; triage_of_asking: rule per whom the party asks for.
        received_ahead: how far ahead of our clock a stated time of receipt may lie; received_back: how far back.
        reply_min_characters: length below which a text is no reply.
        retention: how long personal data are kept.
        sending: how often and how late messages are sent.
        claims: how a claimed reply comes to count; short_messages: how those that people send us are read.
        delivery: when an answer counts as not made to its party.
        follow_up: when a party is asked what it thinks of the answer.
    """

    version: int
    cut_off: timedelta
    spread: timedelta
    reply_limit: ReplyLimit
    ladders: Mapping[CourtLevel, tuple[RungRule, ...]]
    cited_document: str | None
    answer_business_days: int
    staff_hours: tuple[Hours, ...]
    staff_hours_of_court: Mapping[str, tuple[Hours, ...]]
    party_hours: tuple[Hours, ...]
    triage_of_category: Mapping[Category, TriageRule]
    triage_of_asking: Mapping[AsksFor, TriageRule]
    received_ahead: timedelta
    received_back: timedelta
    reply_min_characters: int
    retention: Retention
    sending: SendingRules
    claims: ClaimRules
    short_messages: ShortMessageRules
    delivery: DeliveryRules
    follow_up: FollowUpRules

    def working_hours(self, court: str) -> tuple[Hours, ...]:
        """Give the working hours of a court by its code."""
        return self.staff_hours_of_court.get(court, self.staff_hours)
