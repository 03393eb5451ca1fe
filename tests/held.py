"""A gateway that takes nothing until it is let go: what its activity wrote is in the book, and no workflow knows it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.port import ShortMessage, Submission


class HeldOutbox(EmbeddedOutbox):
    """Somebody's message is being handed over from ``asked`` on, and taken after ``let_go``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "held.jsonl", lambda: datetime.now(UTC))
        self.asked, self.let_go = asyncio.Event(), asyncio.Event()

    def hold(self) -> None:
        """Take nothing from now on."""
        self.asked.clear()
        self.let_go.clear()

    async def submit(self, message: ShortMessage) -> Submission:
        self.asked.set()
        await self.let_go.wait()
        return await super().submit(message)
