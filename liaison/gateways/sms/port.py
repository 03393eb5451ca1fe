"""What we ask of a short message gateway; every adapter keeps this promise."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from liaison.policy.message_words import CallbackKind
from liaison.policy.words import Language


class Fate(StrEnum):
    """What a gateway knows of a message."""

    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The gateway keeps a log and never saw the message: it may be sent."""
    CANNOT_SAY = "cannot_say"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do.

    Attributes:
        receipts: It tells what became of a message it took.
        status_query: It can be asked what became of one (``look_up``).
        extension_codes: A code of ours is appended to the sender's number and comes back with the answer.
        templates_only: It sends approved templates with parameters, never our own text.
        variable_links: A link may be a parameter.
        parameter_limit: Characters a parameter may have; None for any number.
        rate: Messages a second it takes; None where nobody limits us.
        window: Messages it lets one sender have under way at once; None where it does not count them.
        seconds: How long it may take over one message, if that is longer than others may.
    """

    receipts: bool = False
    status_query: bool = False
    extension_codes: bool = False
    templates_only: bool = False
    variable_links: bool = True
    parameter_limit: int | None = None
    rate: float | None = None
    window: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """One message to one number. ``id`` names our row; ``key``, 32 hexadecimal digits, its reason and recipient.

    A book restored from a backup makes the same message anew under another id and the same key: the key is what lets
    the gateway tell a repetition. ``params`` are the template's, as ``text`` was made from them; ``code`` is the
    extension code that an answer to it should bear, empty for none; ``went`` between which instants it was handed over,
    if it was, for providers that are asked by the day.
    """

    id: str
    key: str
    to: str = field(repr=False)
    template: str
    language: Language
    params: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    code: str = ""
    went: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """One taking of a message by the gateway: ``provider_id`` is new for each, None where none is known."""

    provider_id: str | None
    fate: Fate


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message the provider took: ``code`` is the provider's own word for it.

    ``key`` is ours, from a provider that gives it back: the only way to a message whose answer was lost on its way.
    """

    provider_id: str
    fate: Fate
    at: datetime
    code: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A short message somebody sent us: ``provider_id`` is the provider's, the same however often it tells of it.

    ``number`` is in E.164 where it is a telephone's; ``code`` is the extension code it was sent to, empty for none.
    ``earlier_id`` is what the same message would have been called had it been told shortly before: where a provider
    names no message it gets its name from when it is told.
    """

    provider_id: str
    number: str = field(repr=False)
    text: str = field(repr=False)
    sent_at: datetime
    code: str = ""
    earlier_id: str = ""


class GatewayRefused(Exception):
    """The gateway will never send this message: wrong number, refused template. The text says why, without a number."""


class GatewayUnavailable(Exception):
    """The message was not taken; it may be tried again."""


class GatewayBusy(GatewayUnavailable):
    """Flow control: not taken, and not to be tried again before ``after`` has passed."""

    def __init__(self, says: str, after: timedelta) -> None:
        super().__init__(says)
        self.after = after


class GatewayInDoubt(Exception):
    """Whether the gateway took the message is not known: it was reset, or fell silent, after it may have been heard."""


class Unreadable(Exception):
    """What a gateway told us is not of its own shape; one sentence, without what it held."""


class CallbackDesk(Protocol):
    """Where a gateway that keeps a connection to us puts what it tells us unasked."""

    async def keep(self, kind: CallbackKind, raw: bytes) -> None:
        """Have it on disk; only then may the gateway hear that we have it.

        Raises:
            Exception: It is not kept; the gateway must be told so, and will tell us again.
        """
        ...


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What a provider wants to hear when we have kept what it told us."""

    body: bytes
    media_type: str


class CallbackShapes(Protocol):
    """How one provider writes what it tells us. Pure: no connection is needed to read what was kept."""

    def read_replies(self, raw: bytes) -> tuple[Inbound | Unreadable, ...]:
        """The short messages of one call, each for itself: what cannot be read says why in its place.

        Raises:
            Unreadable: Nothing in it is of the provider's shape.
        """
        ...

    def read_receipts(self, raw: bytes) -> tuple[Receipt | Unreadable, ...]:
        """The receipts of one call, as ``read_replies``.

        Raises:
            Unreadable: Nothing in it is of the provider's shape.
        """
        ...

    def answer(self, kept: bool) -> CallbackAnswer:
        """The provider's own words for "we have it" or "tell us again"."""
        ...


class SmsGateway(Protocol):
    """A way to send short messages."""

    name: str
    can: Capabilities

    async def submit(self, message: ShortMessage) -> Submission:
        """Hand a message over.

        Raises:
            GatewayRefused: It will never be sent.
            GatewayUnavailable: It was certainly not taken; ``GatewayBusy`` says when to try again.
            GatewayInDoubt: It may have been taken.
        """
        ...

    async def look_up(self, message: ShortMessage) -> Submission:
        """What became of a message whose submission was interrupted or forgotten, by its ``key``.

        ``provider_id`` may be None although the message was found.

        Raises:
            GatewayUnavailable: It cannot be asked now.
        """
        ...

    def listening(self, desk: CallbackDesk) -> AbstractAsyncContextManager[None]:
        """Keep a connection for the length of the block and put what comes over it on ``desk``.

        Providers that call us over HTTP have nothing to do here.
        """
        ...
