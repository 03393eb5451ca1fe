"""Gateways that misbehave: each keeps the promise of ``SmsGateway`` in its own unpleasant way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from liaison.gateways.sms.port import (
    CallbackDesk,
    Capabilities,
    Fate,
    GatewayBusy,
    GatewayInDoubt,
    GatewayRefused,
    GatewayUnavailable,
    ShortMessage,
    Submission,
)

ASKABLE, MUTE = Capabilities(receipts=True, status_query=True), Capabilities(receipts=True)


@dataclass
class Moody:
    """A gateway that does what ``mood`` says to each message; ``taken`` is its own log.

    ``lost`` keeps what it took without our hearing so; ``silent`` says nothing to anything.
    """

    mood: Callable[[ShortMessage], None] = lambda message: None
    name: str = "moody"
    silent: bool = False
    can: Capabilities = ASKABLE
    taken: list[ShortMessage] = field(default_factory=list)
    asked: int = 0

    async def submit(self, message: ShortMessage) -> Submission:
        """Take the message, unless the mood is against it."""
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        try:
            self.mood(message)
        except GatewayInDoubt as doubt:
            if doubt.args == ("after",):
                self.taken.append(message)
            raise
        self.taken.append(message)
        return Submission(f"{self.name}-{len(self.taken)}", Fate.SUBMITTED)

    async def look_up(self, message: ShortMessage) -> Submission:
        """Look into the log, if it can be looked into."""
        if self.silent:
            await asyncio.Event().wait()
        numbers = (number for number, taken in enumerate(self.taken, 1) if taken.key == message.key)
        number = next(numbers, None)
        found = None if number is None else f"{self.name}-{number}"
        return Submission(found, Fate.UNKNOWN if found is None else Fate.SUBMITTED)

    @asynccontextmanager
    async def listening(self, desk: CallbackDesk) -> AsyncIterator[None]:
        """It tells nothing unasked."""
        yield


def refuse(message: ShortMessage) -> None:
    """A wrong number, for ever."""
    raise GatewayRefused(f"no such subscriber for template {message.template}")


def be_away(message: ShortMessage) -> None:
    """Not now."""
    raise GatewayUnavailable(message.id)


def be_busy(message: ShortMessage) -> None:
    """Not for two minutes."""
    raise GatewayBusy("flow control", timedelta(minutes=2))


def reset_before(message: ShortMessage) -> None:
    """The connection broke, and the message is not there."""
    raise GatewayInDoubt("before")


def reset_after(message: ShortMessage) -> None:
    """The connection broke after it was taken."""
    raise GatewayInDoubt("after")


def break_down(message: ShortMessage) -> None:
    """What no adapter may do, and one day one will."""
    raise RuntimeError(message.id)


def deliver(message: ShortMessage) -> None:
    """As it should be."""
