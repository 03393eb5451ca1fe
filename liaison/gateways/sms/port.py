"""What we ask of a short message gateway; every adapter keeps this promise."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Fate(StrEnum):
    """What a gateway knows of a message."""

    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"
    """The gateway keeps a log and never saw the message: it may be sent."""
    CANNOT_SAY = "cannot_say"


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """One message to one number. ``id`` names our row; ``key``, 32 hexadecimal digits, its reason and recipient.

    A book restored from a backup makes the same message anew under another id and the same key: the key is what lets
    the gateway tell a repetition.
    """

    id: str
    key: str
    to: str = field(repr=False)
    template: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Submission:
    """One taking of a message by the gateway: ``provider_id`` is new for each, None where none is known."""

    provider_id: str | None
    fate: Fate


class GatewayRefused(Exception):
    """The gateway will never send this message: wrong number, refused template."""


class GatewayUnavailable(Exception):
    """The message was not taken; it may be tried again."""


class SmsGateway(Protocol):
    """A way to send short messages."""

    name: str

    async def submit(self, message: ShortMessage) -> Submission:
        """Hand a message over.

        Raises:
            GatewayRefused: It will never be sent.
            GatewayUnavailable: It was certainly not taken.
        """
        ...

    async def look_up(self, key: str) -> Submission:
        """What became of the message of this key, whose submission was interrupted or forgotten."""
        ...
