"""M43b: how long a provider waits until it hears that its call is on disk, while requests are registered beside it."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Final

from benchmarks.http import Connection
from benchmarks.rounds import Round, median, percentile, run
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, open_stage
from benchmarks.table import Line
from liaison.db.engine import Database
from liaison.services.callback_tokens import new_token

IN_FLIGHT: Final = (1, 16)
GATEWAY: Final = "outbox"
PATIENCE_MS: Final = 700
"""How long Aliyun waits before it counts a call as lost."""

_numbers = count(1)


async def measure(sizes: Sizes) -> list[Line]:
    """p50 and p99 of calls of one short message each, with 1 and 16 in flight."""
    lines = []
    async with open_stage() as stage:
        await stage.warm_up()
        path = await _address(stage)
        for in_flight in IN_FLIGHT:
            rounds = [await _round(stage, path, sizes.callbacks, in_flight) for _ in range(sizes.rounds)]
            lines += _lines(rounds, in_flight)
    return lines


async def _round(stage: Stage, path: str, number: int, in_flight: int) -> Round:
    async with stage.callers(in_flight) as callers, stage.callers(1) as (channel,):
        beside = asyncio.create_task(_register_on(stage, channel))
        try:
            return await run(number, in_flight, lambda place: _tell(callers[place], path))
        finally:
            beside.cancel()
            with suppress(asyncio.CancelledError):
                await beside


async def _register_on(stage: Stage, channel: Connection) -> None:
    while True:
        await stage.submit(channel)


async def _tell(caller: Connection, path: str) -> None:
    number = next(_numbers)
    said = {"id": f"bench-{number}", "from": f"1380013{number % 10_000:04}", "text": "0000 已联系当事人。"}
    body = {"messages": [said | {"sent_at": datetime.now(UTC).isoformat()}]}
    status, _ = await caller.post_raw(path, json.dumps(body).encode())
    assert status == 200, status


async def _address(stage: Stage) -> str:
    handed: list[str] = []
    db = Database(f"sqlite+aiosqlite:///{stage.book}", readers=1)
    try:
        await new_token(db, GATEWAY, datetime.now(UTC), handed.append)
    finally:
        await db.close()
    return f"/callbacks/{GATEWAY}/{handed[0]}/replies"


def _lines(rounds: Sequence[Round], in_flight: int) -> list[Line]:
    def milliseconds(share: float) -> float:
        return median(rounds, lambda each: 1000 * percentile(each.latencies, share))

    return [
        Line("M43b", f"callback, p50 ms, {in_flight} in flight", milliseconds(0.5)),
        Line("M43b", f"callback, p99 ms, {in_flight} in flight", milliseconds(0.99), target=f"<= {PATIENCE_MS}"),
    ]
