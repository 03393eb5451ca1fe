"""C42: of many open requests some move, because a hall is closed, against as many bare workflows that hear as much.

The pace is let go, for it is the platform that is measured; in production it is a setting.
"""

import statistics
import time
from datetime import datetime, timedelta

import psutil

from benchmarks.rounds import Round, cpu_of, median, run
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

CLOSED, OPEN = ("0103", "0105", "0106", "0111", "0112"), "0104"
"""The courts whose halls are closed, one a round, and the one whose requests stay as they are."""


async def measure(sizes: Sizes) -> list[Line]:
    """How long until the last date has moved, what it costs, and how many signals it takes: medians of the rounds."""
    total, moving = sizes.replanned
    ours, bare, signals = list[Round](), list[Round](), list[int]()
    async with open_stage(LIAISON_REPLAN_PER_SECOND="10000") as stage, bare_worker(stage) as progress:
        courts = CLOSED[: sizes.rounds]
        await _register(stage, total - moving * len(courts), OPEN)
        for court in courts:
            await _register(stage, moving, court)
        for court in courts:
            bare.append(await _bare(stage, progress, moving))
            done, sent = await _ours(stage, court, moving)
            ours.append(done)
            signals.append(sent)
    of = f"{moving} of {total}"
    return [
        Line("C42", f"seconds until the last date has moved; {of}", _middle(ours), _middle(bare), "<= 1.5"),
        Line("C42", f"signals sent; {of}", statistics.median(signals), moving, "<= 1.5"),
        *(
            Line("C42", f"CPU ms a request moved, {name}", _cpu(ours, name, moving), _cpu(bare, name, moving))
            for name in ("worker", "server")
        ),
        Line("C42", "CPU ms a request moved, api", _cpu(ours, "api", moving)),
    ]


def _middle(rounds: list[Round]) -> float:
    return median(rounds, lambda done: done.seconds)


def _cpu(rounds: list[Round], name: str, number: int) -> float:
    return median(rounds, lambda done: 1000 * done.cpu[name] / number)


async def _bare(stage: Stage, progress: Progress, number: int) -> Round:
    references: list[str] = []

    async def begin(_: int) -> None:
        references.append(await start_bare(stage.client))

    dispatched, planned = progress.count["dispatched"] + number, progress.count["planned"] + number
    await run(number, IN_FLIGHT, begin)
    await until(lambda: progress.count["dispatched"] == dispatched)
    waiting, done = iter(references), Round()
    with cpu_of({"server": stage.processes()["server"], "worker": psutil.Process(progress.pid)}, done.cpu):
        began = time.time()
        await run(number, TOLD_AT_ONCE, lambda _: tell_bare(stage.client, next(waiting)))
        await until(lambda: progress.count["planned"] == planned)
    done.seconds = progress.last["planned"] - began
    return done


async def _register(stage: Stage, number: int, court: str) -> None:
    before = len(stage.dispatched())
    async with stage.callers(IN_FLIGHT) as callers:
        await run(number, IN_FLIGHT, lambda at: stage.submit(callers[at], court=court))
    await until(lambda: len(stage.dispatched()) == before + number)


async def _ours(stage: Stage, court: str, moving: int) -> tuple[Round, int]:
    calendar = build_calendar(packaged_notices(), number=1)
    tomorrow = calendar.business_day_on_or_after(datetime.now(SHANGHAI).date() + timedelta(days=1))
    done, moved = Round(), _moved(stage) + moving
    with cpu_of(stage.processes(), done.cpu):
        began = time.time()
        async with stage.callers(1) as (caller,):
            version = await stage.close_hall(caller, court, [tomorrow.isoformat()])
        await until(lambda: _moved(stage) == moved)
    [(last,)] = stage.sql("SELECT max(made_at) FROM plan WHERE number = 2")
    done.seconds = datetime.fromisoformat(f"{last}+00:00").timestamp() - began
    return done, await _signals(stage, version)


def _moved(stage: Stage) -> int:
    [(number,)] = stage.sql("SELECT count(*) FROM request WHERE plan = 2")
    return int(number)


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
