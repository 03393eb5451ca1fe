"""C40: hundreds of requests under way when a notice changes days already announced; worker and server die meanwhile.

The book's clock stands in 2020, or 2019, by a constant shift; everything else is real. What is expected is counted in
``tests/amended.py``. A few requests are played to their last rung in ``tests/workflows/test_replan_2020.py``.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice, product
from pathlib import Path

import pytest
from sqlmodel import col, func, select
from temporalio.client import Client

from liaison.codec import data_converter
from liaison.contract import search
from liaison.contract.names import SignalName
from liaison.db.tables import Event, Plan, PolicyVersion, Request
from liaison.keys import read_key_ring
from liaison.policy.words import EventKind
from liaison.settings import Settings
from liaison.supervisor.programs import temporal_spec
from liaison.temporal import set_up_namespace, wait_until_serving
from tests.amended import MAY_DAY, SPRING_FESTIVAL, Story, days
from tests.city import TEMPORAL, prepare_template, shanghai
from tests.ports import free_ports
from tests.production.installation import Process
from tests.rules import approve, forget_notices_after, notices_until, put_policy, replan_of
from tests.scale import scaled
from tests.ui.live import LiveCity, city_in

STORIES = scaled([SPRING_FESTIVAL], [SPRING_FESTIVAL, MAY_DAY])
REQUESTS = scaled(200, 2_000)
IN_FLIGHT = 4
BEGINS = "05:00"
"""The book's clock at the start: nothing is sent before eight, whatever the machine."""

REST_SECONDS = 2.0
PATIENCE_SECONDS = scaled(120, 1_200)
ABOUT_DATES = (EventKind.REPLANNED, EventKind.DATES_FINAL)


@dataclass
class Then:
    """A city of those days, with a server and a worker that may be killed."""

    city: LiveCity
    server: Process
    worker: Process

    async def kill_worker(self) -> None:
        """kill -9 in the midst of what it does, and another one."""
        self.worker.kill()
        self.worker.start()

    async def kill_server(self) -> None:
        """kill -9 of Temporal, and again on the file it left."""
        self.server.kill()
        self.server.start()
        await wait_until_serving(self.city.client, timedelta(seconds=PATIENCE_SECONDS))


@asynccontextmanager
async def _then(folder: Path, day: str) -> AsyncIterator[Then]:
    home = folder / "home"
    await prepare_template(home)
    port, ui = free_ports(2)
    settings = Settings(home=home, temporal_port=port, temporal_ui_port=ui)
    spec = temporal_spec(settings, Path(TEMPORAL))
    environment = dict(spec.environment)
    server = Process(spec.command, environment, folder / "temporal.log")
    server.start()
    behind = datetime.now(UTC) - shanghai(f"{day} {BEGINS}")
    command = (sys.executable, "-m", "tests.faults.worker_of_then", str(home), f"127.0.0.1:{port}")
    worker = Process((*command, str(behind.total_seconds())), environment, folder / "worker.log")
    converter = data_converter(read_key_ring(home / "key-ring.json"))
    client = await Client.connect(f"127.0.0.1:{port}", data_converter=converter, lazy=True)
    try:
        await wait_until_serving(client, timedelta(seconds=PATIENCE_SECONDS))
        await set_up_namespace(client, attributes=search.ALL)
        worker.start()
        async with city_in(home, client) as city:
            yield Then(city.moved_by(behind), server, worker)
    finally:
        for process in (worker, server):
            process.running.kill()
            process.running.wait()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.amended))
@pytest.mark.timeout(scaled(300, 3_600))
async def test_every_date_is_right_whoever_dies(tmp_path: Path, story: Story) -> None:
    day = story.arrives.partition(" ")[0]
    story = replace(story, arrives=f"{day} {BEGINS}")
    async with _then(tmp_path, day) as then:
        city = then.city
        number = await forget_notices_after(city, story.known)
        async with city.tools.db.read() as session:
            [policy] = await session.exec(select(PolicyVersion.policy))
        await put_policy(city, intake=policy["intake"] | {"back_hours": 24 * 30})
        requests = await _registered(city, story)
        await _rest(city)
        before = await _events(city)
        moving = {r for r, (day0, court) in requests.items() if story.moves(day0, court)}
        assert 0 < len(moving) < len(requests)

        await approve(city, number + 1, notices_until(story.amended))
        await _until(lambda: _has_moved(city, len(moving) // 4))
        await then.kill_worker()
        await _until(lambda: _has_moved(city, len(moving) // 2))
        await then.kill_server()
        assert await _moved(city) < len(moving), "it was over before anybody was killed"
        await _until(lambda: _is_done(city, number + 1))

        done = await replan_of(city, number + 1)
        assert (done.moved, done.made_final, done.remaining) == (len(moving), 0, 0)
        assert done.moved + done.untouched == len(requests)
        assert await _dates(city) == {
            r: [day.isoformat() for day in story.expected(day0, court)] for r, (day0, court) in requests.items()
        }
        after = await _events(city)
        assert {r: n for (r, kind), n in after.items() if kind in ABOUT_DATES} == dict.fromkeys(moving, 1)
        assert _of_others(after, moving) == _of_others(before, moving)

        for told in (number + 1, number):
            await asyncio.gather(*(_tell(city, reference, told) for reference in requests))
        await _rest(city)
        assert await _events(city) == after


async def _registered(city: LiveCity, story: Story) -> dict[str, tuple[date, str]]:
    """Requests received on every one of the days, some at a time; by reference day 0 and court."""
    of = list(islice(cycle(product(sorted(days(*story.receipts)), ("0104", "01"))), REQUESTS))
    turn = asyncio.Semaphore(IN_FLIGHT)

    async def one(day: date, court: str) -> str:
        async with turn:
            judge = "0104-j01" if court == "0104" else None
            return await city.submit(court=court, judge=judge, received_at=shanghai(f"{day} 23:40"))

    references = await asyncio.gather(*(one(day, court) for day, court in of))
    await _until(lambda: _all_run(city), REST_SECONDS)
    return dict(zip(references, of, strict=True))


async def _all_run(city: LiveCity) -> bool:
    """Whether every request has its workflow; the relay starts those that Temporal was too busy to take at once."""
    await city.relay()
    async with city.tools.db.read() as session:
        waiting = select(func.count()).where(col(Request.run_id).is_(None), col(Request.attached_to).is_(None))
        return (await session.exec(waiting)).one() == 0


async def _tell(city: LiveCity, reference: str, version: int) -> None:
    """The news once more, or older news after it."""
    await city.handle(reference).signal(SignalName.CALENDAR_CHANGED, {"version": version})


async def _until(true: Callable[[], Awaitable[bool]], look_after: float = 0.05) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await true():  # noqa: ASYNC110 (what is waited for is done by other processes)
            await asyncio.sleep(look_after)


async def _rest(city: LiveCity) -> None:
    """Until nothing was written for a while."""
    seen: list[Counter[tuple[str, EventKind]]] = [Counter()]

    async def unchanged() -> bool:
        seen.append(await _events(city))
        return seen[-1] == seen[-2]

    await _until(unchanged, REST_SECONDS)


async def _events(city: LiveCity) -> Counter[tuple[str, EventKind]]:
    """How often each request had what happen to it."""
    async with city.tools.db.read() as session:
        return Counter((await session.exec(select(Event.reference, Event.kind))).all())


async def _moved(city: LiveCity) -> int:
    async with city.tools.db.read() as session:
        return (await session.exec(select(func.count()).where(Plan.number == 2))).one()


def _of_others(events: Counter[tuple[str, EventKind]], moving: set[str]) -> dict[tuple[str, EventKind], int]:
    return {(reference, kind): n for (reference, kind), n in events.items() if reference not in moving}


async def _has_moved(city: LiveCity, number: int) -> bool:
    return await _moved(city) >= number


async def _is_done(city: LiveCity, version: int) -> bool:
    return (await replan_of(city, version)).finished_at is not None


async def _dates(city: LiveCity) -> dict[str, list[str]]:
    """The dates in force of every request."""
    async with city.tools.db.read() as session:
        plans = (await session.exec(select(Plan).order_by(col(Plan.number)))).all()
    return {plan.reference: [row["due_on"] for row in plan.rungs] for plan in plans}
