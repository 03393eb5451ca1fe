"""Messages to invented people, and a desk that remembers what was laid on it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from liaison.gateways.sms.port import ShortMessage
from liaison.policy.message_words import CallbackKind
from liaison.policy.words import Language

KEY = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)


def message(
    text: str = "【广州法院】领导催办诉求。",
    *,
    key: str = KEY,
    to: str = "+8613900001001",
    code: str = "",
    **params: str,
) -> ShortMessage:
    """An urge to an invented judge."""
    return ShortMessage(
        "01K5E7S0000000000000000000", key, to, "urge", Language.ZH_CN, params or {"reference": "R"}, text, code
    )


@dataclass
class Desk:
    """Keeps what it is given, unless ``mood`` raises."""

    mood: Callable[[], None] = lambda: None
    kept: list[tuple[CallbackKind, bytes]] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, kind: CallbackKind, raw: bytes) -> None:
        """Keep it, or not."""
        self.mood()
        self.kept.append((kind, raw))
        self._came.set()

    async def holds(self, number: int, *, seconds: float = 10) -> list[tuple[CallbackKind, bytes]]:
        """What is kept as soon as it is that many."""
        async with asyncio.timeout(seconds):
            while len(self.kept) < number:
                self._came.clear()
                await self._came.wait()
        return self.kept
