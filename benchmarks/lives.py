"""H51: whole lives, replied to on time, against bare workflows of the same shape, and the CPU a life costs."""

import psutil

from benchmarks.rounds import Round, cpu_of, median, run
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, open_stage
from benchmarks.table import Line
from benchmarks.twins import Progress, bare_worker, reply_bare, start_bare

IN_FLIGHT = 16


async def measure(sizes: Sizes) -> list[Line]:
    """Lives per second from submission to closure, and CPU per life by process."""
    ours, bare = [], []
    async with open_stage() as stage, bare_worker(stage) as progress:
        await our_lives(stage, IN_FLIGHT)
        await bare_lives(stage, progress, IN_FLIGHT)
        for _ in range(sizes.rounds):
            ours.append(await our_lives(stage, sizes.lives))
            bare.append(await bare_lives(stage, progress, sizes.lives))
    rate = Line("H51", "lives a second", median(ours, lambda r: r.rate), median(bare, lambda r: r.rate), ">= 0.7")
    return [rate, *(_cpu(name, ours, bare) for name in ("worker", "server", "api"))]


def _cpu(name: str, ours: list[Round], bare: list[Round]) -> Line:
    of_bare = None if name == "api" else median(bare, lambda each: each.cpu_each(name))
    target = "<= 1.5" if name == "worker" else ""
    return Line("H51", f"CPU ms a life, {name}", median(ours, lambda each: each.cpu_each(name)), of_bare, target)


async def our_lives(stage: Stage, number: int) -> Round:
    """Submit over HTTP, wait for the dispatch, reply over HTTP; the reply's 201 says that the request is closed."""
    async with stage.callers(IN_FLIGHT) as callers, stage.watching_dispatch() as dispatched:

        async def life(place: int) -> None:
            reference = await stage.submit(callers[place])
            await dispatched[reference].wait()
            await stage.reply(callers[place], reference)

        used: dict[str, float] = {}
        with cpu_of(stage.processes(), used):
            done = await run(number, IN_FLIGHT, life)
        done.cpu = used
        return done


async def bare_lives(stage: Stage, progress: Progress, number: int) -> Round:
    """Start, wait for the second activity, update, wait for the third."""

    async def life(_: int) -> None:
        reference = await start_bare(stage.client)
        await progress.wait("dispatched", reference)
        await reply_bare(stage.client, reference)
        await progress.wait("closed", reference)

    used: dict[str, float] = {}
    with cpu_of({"server": stage.processes()["server"], "worker": psutil.Process(progress.pid)}, used):
        done = await run(number, IN_FLIGHT, life)
    done.cpu = used
    return done
