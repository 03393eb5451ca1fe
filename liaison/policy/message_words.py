"""The words of messages: what becomes of those we send, and of those that people send us."""

from enum import StrEnum


class MessageState(StrEnum):
    """Life of one message (issue line M10)."""

    RESERVED = "reserved"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"
    SUPERSEDED = "superseded"
    GATHERED = "gathered"
    """Told by another message to the same leader: one digest instead of many bells."""
    EXPIRED = "expired"
    """Not sent before it was no longer useful."""
    TO_CALL = "to_call"
    """News for a party that no message reaches, or none reached: a clerk tells it."""


class MessageClass(StrEnum):
    """Decides the window a message may be sent in, and whether it may be sent again after doubt."""

    STAFF = "staff"
    PARTY = "party"
    EMERGENCY = "emergency"
    CODE = "code"
    """A one-time code: at once, or never; never twice."""


class CallbackKind(StrEnum):
    """What a gateway tells us unasked: what people sent, or what became of what we sent."""

    REPLIES = "replies"
    RECEIPTS = "receipts"


class InboundState(StrEnum):
    """What became of a short message that somebody sent us."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    ASSIGNED = "assigned"
    DISMISSED = "dismissed"


class Mismatch(StrEnum):
    """Why a short message could not be matched to a request; it is never guessed."""

    UNKNOWN_NUMBER = "unknown_number"
    NO_CODE = "no_code"
    UNKNOWN_CODE = "unknown_code"
    AMBIGUOUS = "ambiguous"
    CLOSED = "closed"
    NO_REPLY = "no_reply"
    """It names its request, but is blank, too short or a copy of the question."""


class DeliveryState(StrEnum):
    """How far an answer has come to its party (design section 3.8)."""

    UNDER_WAY = "under_way"
    MADE = "made"
    TO_CALL = "to_call"
    """It cannot be delivered by message: a clerk calls, or hands it over."""


class DeliveryMeans(StrEnum):
    """How an answer was made to its party."""

    MESSAGE = "message"
    CALL = "call"
    HAND_OVER = "hand_over"


class FollowUpState(StrEnum):
    """Follow-up 回访 of a closed request; unreachable and unrated are kept apart."""

    ASKING = "asking"
    RATED = "rated"
    NOT_ANSWERED = "not_answered"
    """The party said that what it got was no answer; a redo is offered."""
    UNRATED = "unrated"
    UNREACHABLE = "unreachable"
