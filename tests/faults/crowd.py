"""Many requests at once through a platform whose parts die and come back."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx2
from temporalio.client import Client
from temporalio.service import RetryConfig, RPCError

from liaison.contract.names import request_workflow_id
from tests.e2e.platform import Running
from tests.faults.ledger import Ledger, read_ledger
from tests.pauses import Pauses
from tests.production.traffic import JUDGE, Traffic
from tests.scale import scaled

PATIENCE_SECONDS = scaled(120, 900)

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class Crowd(Traffic):
    """Parties, a judge and an operator who ask again until they are heard.

    Attributes:
        client: An operator's way to Temporal, without codec.
        url: The book's.
        outbox: The outbox's own log.
        at_once: How many ask at the same time.
        done: How many steps of the phase under way are finished.
    """

    client: Client = field(kw_only=True)
    url: str = field(kw_only=True)
    outbox: Path = field(kw_only=True)
    at_once: int = field(default=4, kw_only=True)
    done: int = field(default=0, init=False)

    async def each(self, do: Callable[[Item], Awaitable[Result]], items: Sequence[Item]) -> list[Result]:
        """Do it for every item, some at a time; results in the order of the items."""
        turn = asyncio.Semaphore(self.at_once)
        self.done = 0

        async def one(item: Item) -> Result:
            async with turn:
                result = await do(item)
                self.done += 1
                return result

        return list(await asyncio.gather(*(one(item) for item in items)))

    async def ask(self, number: int) -> str:
        """Register a request; its reference when the judge has the work order."""
        reference = await self.submit(number)
        await self.until(reference, stage="awaiting_reply")
        return reference

    async def escalate(self, reference: str) -> None:
        """Rungs 1 and 2 by an operator's plain signals; the same words twice lift one rung."""
        for reason in ("the party is at the counter", "the party came again"):
            await self.lift(reference, reason)
        until, pauses = time.monotonic() + PATIENCE_SECONDS, Pauses()
        while await self._rung(reference) != 2:
            assert time.monotonic() < until, reference
            await pauses.pause()

    async def lift(self, reference: str, reason: str) -> None:
        """The operator's signal for one rung."""
        await self._patiently(lambda: self._signal(reference, reason))

    async def answer(self, reference: str) -> None:
        """Reply as the judge; return when the request is closed and its workflow has ended."""
        await self.reply(reference)
        await self.until(reference, stage="closed", outcome="replied")
        await self._patiently(lambda: self._end(reference))

    async def settled(self) -> Ledger:
        """The book when no message is still on its way."""
        until = time.monotonic() + PATIENCE_SECONDS
        while left := (ledger := await read_ledger(self.url)).unsettled():
            assert time.monotonic() < until, left
            await asyncio.sleep(0.5)
        return ledger

    async def _rung(self, reference: str) -> int | None:
        supervision = (await self.call("GET", f"/v1/requests/{reference}", "clerk"))["supervision"]
        return supervision["rung"] if supervision else None

    async def _signal(self, reference: str, reason: str) -> None:
        handle = self.client.get_workflow_handle(request_workflow_id(reference))
        await handle.signal("escalate", {"by": "operator-1", "reason": reason})

    async def _end(self, reference: str) -> None:
        """By long poll, for the result is encrypted."""
        handle = self.client.get_workflow_handle(request_workflow_id(reference))
        async for _ in handle.fetch_history_events(wait_new_event=True):
            pass

    async def _patiently(self, call: Callable[[], Awaitable[None]]) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await call()
            except RPCError:
                assert time.monotonic() < until
                await asyncio.sleep(0.2)


async def crowd_at(platform: Running, http: httpx2.AsyncClient, *, at_once: int = 4) -> Crowd:
    """A crowd before the doors of a platform."""
    given = platform.credentials
    keys = {"channel": given["channel_key"], "clerk": given["clerk_key"], "judge": given["judge_keys"][JUDGE]}
    return Crowd(
        [given["api_url"]],
        keys,
        http,
        client=await Client.connect(given["temporal_address"], retry_config=RetryConfig(max_elapsed_time_millis=1)),
        url=f"sqlite+aiosqlite:///{platform.home / 'liaison.db'}",
        outbox=platform.home / "outbox.jsonl",
        at_once=at_once,
    )
