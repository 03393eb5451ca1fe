"""C42: of many open requests some move, because a hall is closed, against as many bare workflows that hear as much.

The pace is let go, for it is the platform that is measured; in production it is a setting.
"""

import time
from datetime import datetime, timedelta

import psutil

from benchmarks.rounds import cpu_of, run
from benchmarks.sizes import Sizes
from benchmarks.stage import Stage, open_stage
from benchmarks.table import Line
from benchmarks.twins import Progress, bare_worker, start_bare, tell_bare
from benchmarks.waiting import until
from calendars.core import SHANGHAI, build_calendar
from calendars.packaged import packaged_notices
from liaison.contract.names import replan_id

IN_FLIGHT = 16
TOLD_AT_ONCE = 8
"""Signals under way at one time: as many as a re-plan has."""

CLOSED, OPEN = "0105", "0104"
"""The court whose hall is closed, and the one whose requests stay as they are."""

Used = tuple[float, dict[str, float]]
"""Seconds, and CPU seconds by process."""


async def measure(sizes: Sizes) -> list[Line]:
    """How long until the last date has moved, what it costs, and how many signals it takes."""
    total, moving = sizes.replanned
    async with open_stage(LIAISON_REPLAN_PER_SECOND="10000") as stage:
        async with bare_worker(stage) as progress:
            bare = await _bare(stage, progress, moving)
        await _register(stage, total, moving)
        ours, signals = await _ours(stage, moving)
    of = f"{moving} of {total}"
    return [
        Line("C42", f"seconds until the last date has moved; {of}", ours[0], bare[0], "<= 1.5"),
        Line("C42", f"signals sent; {of}", signals, moving, "<= 1.5"),
        *(
            Line("C42", f"CPU ms a request moved, {name}", _each(ours, name, moving), _each(bare, name, moving))
            for name in ("worker", "server")
        ),
        Line("C42", "CPU ms a request moved, api", _each(ours, "api", moving)),
    ]


def _each(used: Used, name: str, number: int) -> float:
    return 1000 * used[1][name] / number


async def _bare(stage: Stage, progress: Progress, number: int) -> Used:
    references: list[str] = []

    async def begin(_: int) -> None:
        references.append(await start_bare(stage.client))

    await run(number, IN_FLIGHT, begin)
    await until(lambda: progress.count["dispatched"] == number)
    waiting, used = iter(references), dict[str, float]()
    with cpu_of({"server": stage.processes()["server"], "worker": psutil.Process(progress.pid)}, used):
        began = time.time()
        await run(number, TOLD_AT_ONCE, lambda _: tell_bare(stage.client, next(waiting)))
        await until(lambda: progress.count["planned"] == number)
    return progress.last["planned"] - began, used


async def _register(stage: Stage, total: int, moving: int) -> None:
    async with stage.callers(IN_FLIGHT) as callers:
        for number, court in ((total - moving, OPEN), (moving, CLOSED)):
            await run(number, IN_FLIGHT, lambda at, court=court: stage.submit(callers[at], court=court))  # type: ignore[misc]
    await until(lambda: len(stage.dispatched()) == total)


async def _ours(stage: Stage, moving: int) -> tuple[Used, int]:
    calendar = build_calendar(packaged_notices(), number=1)
    tomorrow = calendar.business_day_on_or_after(datetime.now(SHANGHAI).date() + timedelta(days=1))
    used: dict[str, float] = {}
    with cpu_of(stage.processes(), used):
        began = time.time()
        async with stage.callers(1) as (caller,):
            version = await stage.close_hall(caller, CLOSED, [tomorrow.isoformat()])
        await until(lambda: stage.sql("SELECT count(*) FROM request WHERE plan = 2") == [(moving,)])
    [(last,)] = stage.sql("SELECT max(made_at) FROM plan WHERE number = 2")
    seconds = datetime.fromisoformat(f"{last}+00:00").timestamp() - began
    return (seconds, used), await _signals(stage, version)


async def _signals(stage: Stage, version: int) -> int:
    """How many signals the re-plan sent, by its own history."""
    history = await stage.client.get_workflow_handle(replan_id(version, None)).fetch_history()
    sent = 0
    for event in history.events:
        if event.activity_task_completed_event_attributes.result.payloads:
            [payload] = await stage.client.data_converter.decode(
                event.activity_task_completed_event_attributes.result.payloads
            )
            sent += payload.get("told", 0) if isinstance(payload, dict) else 0
    return sent
