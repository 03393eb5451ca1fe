"""The Spring Festival of 2020 and the May Day of 2019 played again, with requests of two weeks under way (issue C40).

Played from the first day to the last rung; ``tests/faults/test_replay_2020.py`` has hundreds of them on one day.
"""

import asyncio
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any

import pytest
from sqlmodel import select

from liaison import virtual_time
from liaison.contract.names import SignalName
from liaison.db.tables import Event, Plan, RungRecord
from liaison.policy.words import EventKind
from tests.amended import MAY_DAY, SPRING_FESTIVAL, Story, days, end_of
from tests.city import City
from tests.rules import approve, forget_notices_after, notices_until, put_policy, replan_of
from tests.scale import scaled
from tests.workflows.conftest import OpenCity

A_DAY, EVERY = scaled((1, 2), (4, 1))
"""Requests registered on each of these days: six in all, and 44 under ``make prove``, which take minutes to play."""

PATIENCE_SECONDS = scaled(60, 600)
"""Hundreds of rungs fall due at one instant."""

ABOUT_DATES = (EventKind.REPLANNED, EventKind.DATES_FINAL)
AT_ONCE = {"staff": [["00:00", "24:00"]], "party": [["00:00", "24:00"]], "staff_of_court": {}}
"""Neither spread nor windows: every instant that differs has to be played."""


@pytest.fixture(autouse=True)
def long_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time waits for as many as there are."""
    monkeypatch.setattr(virtual_time, "_PATIENCE_SECONDS", PATIENCE_SECONDS)


@pytest.mark.timeout(scaled(120, 1_800))
async def test_the_spring_festival_of_2020(city_at: OpenCity) -> None:
    await _play(city_at, SPRING_FESTIVAL)


@pytest.mark.timeout(scaled(120, 1_800))
async def test_may_day_of_2019(city_at: OpenCity) -> None:
    await _play(city_at, MAY_DAY)


async def _play(city_at: OpenCity, story: Story) -> None:
    async with city_at(f"{story.receipts[0]} 09:00", replan_per_second=5_000) as city:
        number = await forget_notices_after(city, story.known)
        await put_policy(city, spread_minutes=0, windows=AT_ONCE)
        requests = await _registered(city, story)
        await city.advance_to(story.arrives)
        before = await _rows(city, Event)
        await approve(city, number + 1, notices_until(story.amended))
        # Whoever works dies half-way; whoever comes next knows nothing and goes on.
        await asyncio.sleep(0.4)
        await city.stop_worker()
        await city.start_worker()
        await city.advance(minutes=3)

        moved = {r for r, (day0, court) in requests.items() if story.moves(day0, court)}
        assert 0 < len(moved) < len(requests)
        done = await replan_of(city, number + 1)
        assert (done.moved, done.made_final, done.remaining, done.finished_at is not None) == (len(moved), 0, 0, True)
        assert done.moved + done.untouched == len(requests)
        after = await _rows(city, Event)
        for reference in requests:
            kinds = [event.kind for event in after[reference] if event.kind in ABOUT_DATES]
            assert kinds == ([EventKind.REPLANNED] if reference in moved else [])
            if reference not in moved:
                assert len(after[reference]) == len(before[reference])

        await _tell_again(city, requests, number + 1)
        assert {r: len(events) for r, events in (await _rows(city, Event)).items()} == {
            r: len(events) for r, events in after.items()
        }
        await city.advance_to(story.ends)
        await _check(city, story, requests)
        await city.replay(sorted(moved)[0])


async def _registered(city: City, story: Story) -> dict[str, tuple[date, str]]:
    """Requests of eleven days or six of them, late in the evening; by reference day 0 and court."""
    courts = cycle(("0104", "01"))
    requests: dict[str, tuple[date, str]] = {}
    for day in sorted(days(*story.receipts))[::EVERY]:
        await city.advance_to(f"{day} 23:40")
        for court in islice(courts, A_DAY):
            judge = "0104-j01" if court == "0104" else None
            requests[await city.submit(court=court, judge=judge)] = (day, court)
    return requests


async def _tell_again(city: City, references: Iterable[str], version: int) -> None:
    """The same once more, and older news after it: nothing is done twice, and nobody goes back."""
    for reference in references:
        for told in (version, version - 1):
            await city.handle(reference).signal(SignalName.CALENDAR_CHANGED, {"version": told})
    await city.advance(minutes=1)


async def _check(city: City, story: Story, requests: dict[str, tuple[date, str]]) -> None:
    plans, rungs = await _rows(city, Plan), await _rows(city, RungRecord)
    for reference, (day0, court) in requests.items():
        newest = max(plans[reference], key=lambda plan: plan.number)
        expected = story.expected(day0, court)
        assert [row["due_on"] for row in newest.rungs] == [day.isoformat() for day in expected], (day0, court)
        fired = sorted(rungs[reference], key=lambda record: record.rung)
        assert [record.due_at for record in fired] == [end_of(day) for day in expected], (day0, court)
        for record in fired:
            assert timedelta(0) <= record.recorded_at - record.due_at <= timedelta(minutes=11)


async def _rows(city: City, table: Any) -> dict[str, list[Any]]:
    """All rows of a table, by request."""
    found: dict[str, list[Any]] = {}
    async with city.tools.db.read() as session:
        for row in (await session.exec(select(table))).all():
            found.setdefault(row.reference, []).append(row)
    return found
