"""What the book says of itself, for ``/metrics``: read at most once in some seconds, however often somebody scrapes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from calendars.core import shanghai_date
from liaison.db.errors import DatabaseError
from liaison.db.figures import Figures, read_figures
from liaison.metrics import Endpoint
from liaison.policy.horizon import Urgency, horizon
from liaison.services.platform import Platform

KEPT_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 4.0
"""Less than a scraper waits."""


@dataclass(frozen=True)
class Reading:
    """The figures and, from the calendar in force, the last announced day; ``today`` is Shanghai's."""

    figures: Figures
    final_until: date
    today: date


@asynccontextmanager
async def book_shown(platform: Platform, endpoint: Endpoint | None, process: str) -> AsyncIterator[None]:
    """Show the book's figures, the clock's offset and room on the disk at ``endpoint`` for the length of the block.

    Args:
        platform: What is asked.
        endpoint: None shows nothing.
        process: ``api`` or ``worker``.
    """
    if endpoint is None:
        yield
        return
    collector = BookCollector(platform, asyncio.get_running_loop(), process)
    endpoint.add(collector)
    try:
        yield
    finally:
        endpoint.remove(collector)


class BookCollector(Collector):
    """Asked by the thread that answers scrapes; reads in the loop that owns the database's connections."""

    def __init__(self, platform: Platform, loop: asyncio.AbstractEventLoop, process: str) -> None:
        self._platform = platform
        self._loop = loop
        self._process = process
        self._reading: asyncio.Lock = asyncio.Lock()
        self._kept: Reading | None = None
        self._read_at = float("-inf")

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The book's figures; without a book only that it does not answer."""
        up = GaugeMetricFamily("liaison_process_up", "A process that can be scraped.", labels=["process"])
        up.add_metric([self._process], 1)
        yield up
        text = "Whether the book's disk has room above the floor; 1 where it is not on this machine."
        yield gauge("liaison_storage_room", text, self._platform.storage.has_room)
        reading = self._read_in_loop()
        yield gauge("liaison_book_up", "Whether the registration book answers.", reading is not None)
        if reading is not None:
            yield from _of_book(reading)
        offset = self._platform.temporal_clock.offset(self._platform.clock())
        if offset is not None:
            text = "How far this process's clock is ahead of Temporal's; absent while Temporal's is not known."
            yield gauge("liaison_clock_offset_seconds", text, offset.total_seconds())

    def _read_in_loop(self) -> Reading | None:
        asked: Future[Reading | None] = asyncio.run_coroutine_threadsafe(self._read(), self._loop)
        try:
            return asked.result(PATIENCE_SECONDS)
        except TimeoutError:
            asked.cancel()
            return None

    async def _read(self) -> Reading | None:
        async with self._reading:
            if time.monotonic() - self._read_at >= KEPT_SECONDS:
                self._kept = await self._look()
                self._read_at = time.monotonic()
        return self._kept

    async def _look(self) -> Reading | None:
        now, rulebook = self._platform.clock(), self._platform.rulebook
        try:
            async with self._platform.db.read() as session:
                calendar, policy = await rulebook.current(session)
                figures = await read_figures(session, now, policy.spread)
        except (SQLAlchemyError, DatabaseError):
            return None
        return Reading(figures, calendar.final_until, shanghai_date(now))


def gauge(name: str, text: str, value: float) -> Metric:
    """A gauge without labels."""
    return GaugeMetricFamily(name, text, value=value)


def _of_book(reading: Reading) -> Iterator[Metric]:
    figures = reading.figures
    yield gauge("liaison_open_requests", "Open requests, attached ones not counted.", figures.open_requests)
    yield gauge("liaison_pending_starts", "Open requests no workflow has claimed.", figures.pending_starts)
    yield gauge(
        "liaison_oldest_pending_start_seconds",
        "Since when the oldest of them is registered.",
        figures.oldest_pending_start.total_seconds(),
    )
    yield gauge("liaison_rungs_unfired", "Open requests past a limit with nothing recorded.", figures.unfired)
    yield gauge("liaison_inbox_waiting", "Actions that have not taken effect.", figures.waiting_actions)
    yield gauge(
        "liaison_inbox_age_seconds", "Since when the oldest of them is kept.", figures.oldest_action.total_seconds()
    )
    messages = GaugeMetricFamily(
        "liaison_messages", "Messages that wait, and those settled within a day, by state.", labels=["state"]
    )
    for state, count in figures.messages.items():
        messages.add_metric([state.value], count)
    yield messages
    yield gauge(
        "liaison_message_age_seconds",
        "For how long a message that may go out has waited.",
        figures.oldest_message.total_seconds(),
    )
    yield gauge("liaison_sends_frozen", "Whether every message is held back.", figures.sends_frozen)
    urgency = list(Urgency).index(horizon(reading.final_until, reading.today).urgency)
    text = "How urgently next year's notice should be looked for: 0 not yet, 1 note, 2 warning, 3 alarm."
    yield gauge("liaison_next_notice_missing", text, urgency)
    days = (reading.final_until - reading.today).days
    yield gauge("liaison_calendar_days_left", "Days until the last one the State Council has announced.", days)
