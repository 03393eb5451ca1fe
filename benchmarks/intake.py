"""H50: registering a request over HTTP against starting a bare workflow."""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from benchmarks.rounds import Round, median, percentile, run
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, open_stage
from benchmarks.table import Line
from benchmarks.twins import start_bare
from tests.faults.processes import freeze

IN_FLIGHT = (1, 16, 64)


async def measure(sizes: Sizes) -> list[Line]:
    """Rate, p50 and p99 with 1, 16 and 64 in flight. Nobody works on what is started: the starting is measured."""
    lines = []
    async with open_stage() as stage, worker_stopped(stage):
        await stage.warm_up()
        for in_flight in IN_FLIGHT:
            ours, bare = [], []
            for _ in range(sizes.rounds):
                ours.append(await _ours(stage, sizes.intakes, in_flight))
                bare.append(await run(sizes.intakes, in_flight, lambda _: start_bare(stage.client)))
            lines += _lines(ours, bare, in_flight)
    return lines


async def _ours(stage: Stage, number: int, in_flight: int) -> Round:
    async with stage.callers(in_flight) as callers:
        return await run(number, in_flight, lambda place: stage.submit(callers[place]))


def _lines(ours: list[Round], bare: list[Round], in_flight: int) -> list[Line]:
    def line(what: str, of: Callable[[Round], float], target: str = "") -> Line:
        return Line("H50", f"{what}, {in_flight} in flight", median(ours, of), median(bare, of), target)

    return [
        line("intakes a second", lambda each: each.rate, ">= 0.8"),
        line("intake, p50 ms", lambda each: 1000 * percentile(each.latencies, 0.5)),
        line("intake, p99 ms", lambda each: 1000 * percentile(each.latencies, 0.99)),
    ]


@asynccontextmanager
async def worker_stopped(stage: Stage) -> AsyncIterator[None]:
    """Hold the worker still during the block."""
    worker = stage.processes()["worker"]
    await freeze(worker.pid, stage.platform.home)
    try:
        yield
    finally:
        worker.send_signal(signal.SIGCONT)
