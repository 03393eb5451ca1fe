"""Gateways that misbehave: each keeps the promise of ``SmsGateway`` in its own unpleasant way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from liaison.gateways.sms.port import (
    CallbackDesk,
    Capabilities,
    Fate,
    GatewayRefused,
    GatewayUnavailable,
    ShortMessage,
    Submission,
)


@dataclass
class Moody:
    """A gateway that does what ``mood`` says to each message; ``taken`` is its own log."""

    mood: Callable[[ShortMessage], None] = lambda message: None
    name: str = "moody"
    can: Capabilities = field(default_factory=lambda: Capabilities(status_query=True))
    silent: bool = False
    taken: list[ShortMessage] = field(default_factory=list)
    asked: int = 0

    async def submit(self, message: ShortMessage) -> Submission:
        """Take the message, unless the mood is against it."""
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        self.mood(message)
        self.taken.append(message)
        return Submission(f"moody-{len(self.taken)}", Fate.SUBMITTED)

    @asynccontextmanager
    async def listening(self, desk: CallbackDesk) -> AsyncIterator[None]:
        """It never says anything unasked."""
        yield

    async def look_up(self, asked: ShortMessage) -> Submission:
        """Look into the log, if it can be looked into."""
        if self.silent:
            await asyncio.Event().wait()
        numbers = (number for number, message in enumerate(self.taken, 1) if message.key == asked.key)
        number = next(numbers, None)
        return Submission(None, Fate.UNKNOWN) if number is None else Submission(f"moody-{number}", Fate.SUBMITTED)


def refuse(message: ShortMessage) -> None:
    """A wrong number, for ever."""
    raise GatewayRefused(f"no such subscriber for template {message.template}")


def be_away(message: ShortMessage) -> None:
    """Not now."""
    raise GatewayUnavailable(message.id)


def break_down(message: ShortMessage) -> None:
    """What no adapter may do, and one day one will."""
    raise RuntimeError(message.id)


def deliver(message: ShortMessage) -> None:
    """As it should be."""
