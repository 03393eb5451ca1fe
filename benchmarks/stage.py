"""Where everything is measured: a whole platform as ``liaison up`` runs it, and bare workflows on the same server."""

import asyncio
import os
import sqlite3
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from temporalio.client import Client

from benchmarks.http import Connection
from calendars.core import shanghai_date
from calendars.notice import SATURDAY, Notice
from calendars.packaged import packaged_notices
from liaison.codec import data_converter
from liaison.db.engine import Database
from liaison.db.seeding import seed_rules
from liaison.keys import read_key_ring
from liaison.policy.words import Stage as RequestStage
from tests.e2e.platform import EXAMPLE, UP, Running, environment_in, start

JUDGE = "0104-j01"
"""Holder of the example's case."""

WARM_UP = 20
LOOK_SECONDS = 0.02

ALWAYS, NIGHT = [["00:00", "24:00"]], [["00:00", "00:01"]]
"""When messages may go out: at once at whatever hour it is measured, or later, as after a deadline at midnight."""


@dataclass
class Stage:
    """A running platform with a folder of its own, and a client of its Temporal server with its codec."""

    platform: Running
    client: Client
    _policy: int = 1
    _called: int = 0
    _parties: Iterator[int] = field(default_factory=lambda: iter(range(10_000_000, 100_000_000)))

    @property
    def home(self) -> Path:
        return self.platform.home

    def connection(self) -> Connection:
        """One caller's connection to the API."""
        address = urlsplit(self.platform.credentials["api_url"])
        return Connection(address.hostname or "", address.port or 0)

    def processes(self) -> dict[str, psutil.Process]:
        """Server, worker and API by name."""
        children = {child: " ".join(child.cmdline()) for child in psutil.Process(self.platform.process.pid).children()}
        names = {"server": "server start-dev", "worker": "worker", "api": "api.app"}
        return {name: next(c for c, line in children.items() if part in line) for name, part in names.items()}

    def body(self, **changes: Any) -> dict[str, Any]:
        """A request of a party who has not asked before, so that it opens a matter of its own."""
        body: dict[str, Any] = EXAMPLE | {"party": EXAMPLE["party"] | {"phone": f"139{next(self._parties)}"}} | changes
        return body

    async def submit(self, caller: Connection, **changes: Any) -> str:
        """Register one request over HTTP; its reference."""
        status, answer = await caller.call(
            "POST", "/v1/requests", self.platform.credentials["channel_key"], self.body(**changes), self._once()
        )
        assert status == 201, answer
        reference: str = answer["reference"]
        return reference

    async def close_hall(self, caller: Connection, court: str, days_off: Sequence[str]) -> int:
        """Let days of one court count as days off; the calendar version this makes."""
        body = {
            "court": court,
            "from": f"{days_off[0]}T00:00:00+08:00",
            "to": f"{days_off[-1]}T23:59:00+08:00",
            "days_off": list(days_off),
            "decided_by": "a benchmark",
            "source": "a benchmark",
        }
        key = next(iter(self.platform.credentials["chamber_keys"].values()))
        status, answer = await caller.call("POST", "/v1/calendar/closures", key, body, self._once())
        assert status == 201, answer
        version: int = answer["made_version"]
        return version

    async def reply(self, caller: Connection, reference: str) -> None:
        """Reply over HTTP as the judge; 201 says that the reply has taken effect."""
        said = {"kind": "text", "text": "您的案件定于12月8日上午9时开庭。"}
        key = self.platform.credentials["judge_keys"][JUDGE]
        status, answer = await caller.call("POST", f"/v1/requests/{reference}/replies", key, said, self._once())
        assert status in (201, 202), answer

    @asynccontextmanager
    async def callers(self, number: int) -> AsyncIterator[list[Connection]]:
        """So many connections, for the length of the block."""
        callers = [self.connection() for _ in range(number)]
        try:
            yield callers
        finally:
            for caller in callers:
                await caller.close()

    @asynccontextmanager
    async def watching_dispatch(self) -> AsyncIterator[dict[str, asyncio.Event]]:
        """An event for every request, set when the book says that its work order is out.

        One look at the book for all of them: callers who ask the API again and again would be measured, too.
        """
        dispatched: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        watching = asyncio.create_task(self._watch_dispatch(dispatched))
        try:
            yield dispatched
        finally:
            watching.cancel()

    async def _watch_dispatch(self, dispatched: dict[str, asyncio.Event]) -> None:
        while True:
            for reference in self.dispatched():
                dispatched[reference].set()
            await asyncio.sleep(LOOK_SECONDS)

    def dispatched(self) -> list[str]:
        """References of all requests that wait for a reply."""
        rows = self.sql("SELECT reference FROM request WHERE stage = ?", RequestStage.AWAITING_REPLY)
        return [reference for (reference,) in rows]

    async def warm_up(self) -> None:
        """The first calls of a process pay for what is built once."""
        async with self.callers(1) as (caller,):
            for _ in range(WARM_UP):
                await self.submit(caller)

    def _once(self) -> str:
        self._called += 1
        return f"benchmark-{os.getpid()}-{self._called}"

    @property
    def book(self) -> Path:
        """The registration book's file."""
        return self.home / "liaison.db"

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the registration book beside the platform."""
        with closing(sqlite3.connect(f"file:{self.book}?mode=ro", uri=True)) as book:
            return book.execute(statement, values).fetchall()

    async def set_policy(self, hours: list[list[str]] = ALWAYS, **changes: Any) -> None:
        """Make a policy version in force from now on; policy is data."""
        self._policy += 1
        policy = packaged_policy() | {"version": self._policy, **changes}
        policy["windows"] = policy["windows"] | {"staff": hours, "party": ALWAYS}
        # One judge holds everything that is measured.
        policy["messages"] = policy["messages"] | {"daily_to_one_number": 1_000_000}
        db = Database(f"sqlite+aiosqlite:///{self.book}", readers=1)
        try:
            async with db.write() as session:
                await seed_rules(session, notices_with_a_working_weekend(), policy, "bench", datetime.now(UTC))
        finally:
            await db.close()


@asynccontextmanager
async def open_stage(command: Sequence[str] = UP, **settings: str) -> AsyncIterator[Stage]:
    """A platform in a folder of its own, for the length of the block; ``settings`` by their variables."""
    with tempfile.TemporaryDirectory(prefix="liaison-bench-") as folder:
        home = Path(folder) / "home"
        platform = await asyncio.to_thread(start, home, environment_in(home) | settings, command)
        try:
            converter = data_converter(read_key_ring(home / "key-ring.json"))
            address = platform.credentials["temporal_address"]
            stage = Stage(platform, await Client.connect(address, data_converter=converter))
            await stage.set_policy()
            yield stage
        finally:
            platform.stop()


def notices_with_a_working_weekend() -> list[Notice]:
    """The packaged notices, and an invented one by which the weekend at hand is worked: measured on a Saturday, too,
    staff are reached at once, for a message that waits has a workflow of its own, which the bare twin has not."""
    notices = packaged_notices()
    newest, today = max(notices, key=lambda notice: notice.published_on), shanghai_date(datetime.now(UTC))
    if newest.year != today.year:
        return notices
    near = (today + timedelta(days=offset) for offset in range(-1, 3))
    weekend = tuple(day for day in near if day.weekday() >= SATURDAY and day.year == newest.year)
    holiday = newest.holidays[-1]
    invented = replace(
        newest,
        title="invented for a benchmark",
        amends=newest.published_on,
        published_on=newest.published_on + timedelta(days=1),
        holidays=(replace(holiday, work=tuple(sorted({*holiday.work, *weekend}))),),
    )
    return [*notices, invented]


def packaged_policy() -> dict[str, Any]:
    """The policy document that ships with the program."""
    document: dict[str, Any] = tomllib.loads((files("liaison.policy") / "policy.toml").read_text(encoding="utf-8"))
    return document
