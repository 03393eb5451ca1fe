"""H52: deadlines that all fall at one instant, against bare timers; and replies while they are spread.

A policy whose day ends in some minutes and whose channels may state a receipt of days ago makes them: each request is
received two business days back over HTTP, so that its warning is due when today's day ends.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from benchmarks.rounds import Round, percentile, run
from benchmarks.sizes import Sizes
from benchmarks.stage import NIGHT, Stage, notices_with_a_working_weekend, open_stage, packaged_policy
from benchmarks.table import Line
from benchmarks.twins import Progress, bare_worker, start_bare
from benchmarks.waiting import until
from calendars.core import SHANGHAI, BusinessCalendar, build_calendar

IN_FLIGHT = 16
REPLYING = 2
STARTING_SECONDS = 0.25
"""How long one request, or one bare workflow, is given to be registered and dispatched before the instant."""


async def measure(sizes: Sizes) -> list[Line]:
    """How long after the instant the last rung is recorded; then the replies of other parties' judges meanwhile."""
    number, calendar = sizes.deadlines, build_calendar(notices_with_a_working_weekend(), number=1)
    if not calendar.is_business_day(datetime.now(SHANGHAI).date()):
        raise SystemExit("H52 needs a business day: deadlines fall at the end of one.")
    async with open_stage() as stage:
        async with bare_worker(stage) as progress:
            bare = await _bare(stage, progress, number)
        ours = await _ours(stage, calendar, number)
        replies = await _replies_meanwhile(stage, calendar, number)
    return [
        Line("H52", f"seconds until the last of {number} rungs at one instant", ours, bare, "<= 1.3"),
        Line("H52", "replies while rungs are spread, p99 s", percentile(replies.latencies, 0.99), target="<= 2"),
    ]


async def _bare(stage: Stage, progress: Progress, number: int) -> float:
    due = _next_minute(number)
    await run(number, IN_FLIGHT, lambda _: start_bare(stage.client, due=int(due.timestamp())))
    await until(lambda: progress.count["closed"] >= number)
    return progress.last["closed"] - due.timestamp()


async def _ours(stage: Stage, calendar: BusinessCalendar, number: int) -> float:
    due = await _due_soon(stage, number, spread_minutes=0)
    await _submit(stage, calendar, number)
    await until(lambda: len(_recorded(stage)) == number)
    return max(_recorded(stage)) - due.timestamp()


async def _replies_meanwhile(stage: Stage, calendar: BusinessCalendar, number: int) -> Round:
    """Replies to requests that are not due, while the rungs of the others come over one minute."""
    async with stage.callers(1) as (caller,), stage.watching_dispatch() as dispatched:
        waiting = [await stage.submit(caller) for _ in range(number // 4)]
        for reference in waiting:
            await dispatched[reference].wait()
    due = await _due_soon(stage, number, spread_minutes=1)
    await _submit(stage, calendar, number)
    await asyncio.sleep(max(0.0, due.timestamp() - time.time()))
    async with stage.callers(REPLYING) as callers:
        return await run(len(waiting), REPLYING, lambda at: stage.reply(callers[at], waiting.pop()))


async def _due_soon(stage: Stage, number: int, spread_minutes: int) -> datetime:
    """Put a policy in force whose day ends when ``number`` requests can have been registered and dispatched."""
    due = _next_minute(number)
    intake = packaged_policy()["intake"] | {"back_hours": 24 * 14}
    await stage.set_policy(NIGHT, cut_off=f"{due:%H:%M}", spread_minutes=spread_minutes, intake=intake)
    return due


def _next_minute(number: int) -> datetime:
    """The first full minute by which so many things can have been started, in Shanghai."""
    ready = datetime.now(SHANGHAI) + timedelta(seconds=number * STARTING_SECONDS)
    return ready.replace(second=0, microsecond=0) + timedelta(minutes=1)


async def _submit(stage: Stage, calendar: BusinessCalendar, number: int) -> None:
    received = datetime.now(SHANGHAI)
    business_days = packaged_policy()["warning"]["business_day"]
    while business_days:
        business_days -= calendar.is_business_day(received.date())
        received -= timedelta(days=1)
    async with stage.callers(IN_FLIGHT) as callers:
        await run(number, IN_FLIGHT, lambda at: stage.submit(callers[at], received_at=received.isoformat()))


def _recorded(stage: Stage) -> list[float]:
    """When each warning was recorded, in seconds after the epoch."""
    rows = stage.sql("SELECT recorded_at FROM rung_record WHERE rung = 0")
    return [datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for (at,) in rows]
