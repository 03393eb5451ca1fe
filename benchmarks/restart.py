"""H54: a worker is killed while judges reply; how long each of them waits, by the sticky patience of the worker."""

import signal
import sys
from datetime import UTC, datetime

from benchmarks.rounds import percentile, run
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, open_stage
from benchmarks.table import Line
from benchmarks.waiting import until

PATIENCES = (1, 2, 5, 10)
"""Seconds; ``worker.STICKY`` is one of them."""
IN_FLIGHT = 16


async def measure(sizes: Sizes) -> list[Line]:
    """From the kill to the first reply that took effect, and p99 of receipt to effect, for each patience."""
    lines = []
    for seconds in PATIENCES:
        async with open_stage((sys.executable, "-m", "benchmarks.up", str(seconds))) as stage:
            first, waits = await _restart(stage, sizes.open)
        about = f"{sizes.open} open, sticky {seconds} s"
        lines += [
            Line("H54", f"first reply after a kill, s; {about}", first),
            Line("H54", f"replies after a kill, p99 s; {about}", percentile(waits, 0.99)),
        ]
    return lines


async def _restart(stage: Stage, number: int) -> tuple[float, list[float]]:
    async with stage.callers(IN_FLIGHT) as callers:
        await run(number, IN_FLIGHT, lambda at: stage.submit(callers[at]))
        await until(lambda: len(stage.dispatched()) == number)
        waiting = stage.dispatched()
        killed_at = datetime.now(UTC)
        stage.processes()["worker"].send_signal(signal.SIGKILL)
        await run(number, IN_FLIGHT, lambda at: stage.reply(callers[at], waiting.pop()))
    await until(lambda: not stage.dispatched())
    times = [
        (datetime.fromisoformat(received), datetime.fromisoformat(settled))
        for received, settled in stage.sql("SELECT received_at, settled_at FROM action WHERE settled_at IS NOT NULL")
    ]
    first = min(settled for _, settled in times).replace(tzinfo=UTC) - killed_at
    return first.total_seconds(), [(settled - received).total_seconds() for received, settled in times]
