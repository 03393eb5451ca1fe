"""C40, C21: worker, Temporal's server, and then both at once, killed -9 while a re-plan is under way: the same dates.

What is expected comes from another package's days.
"""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest

from calendars.core import SHANGHAI
from liaison.policy.words import EventKind
from tests.e2e.platform import Running, environment_in, start
from tests.faults.processes import kill
from tests.scale import FULL

CLOSED, OPEN = "0105", "0104"
MOVING, STAYING = 40, 20
A_SECOND = 8
"""Slow enough to be killed in the midst."""

BUSINESS_DAYS = (2, 3, 5, 7, 8)

pytestmark = [
    pytest.mark.skipif(not FULL, reason="minutes of real processes: make prove ONLY=C40b"),
    pytest.mark.timeout(600),
]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Running]:
    home = tmp_path / "home"
    settings = {"LIAISON_LOG_FORMAT": "json", "LIAISON_REPLAN_PER_SECOND": str(A_SECOND)}
    running = start(home, environment_in(home) | settings)
    yield running
    running.stop()


@pytest.mark.parametrize("victims", [("worker",), ("temporal",), ("worker", "temporal")], ids="+".join)
async def test_whoever_is_killed_the_dates_are_the_same(platform: Running, victims: tuple[str, ...]) -> None:
    courts = [CLOSED] * MOVING + [OPEN] * STAYING
    references = {
        str(platform.submit(f"kills-{at}", court=court, case_number=None)["reference"]): court
        for at, court in enumerate(courts)
    }
    day0 = datetime.now(SHANGHAI).date()
    off = _business_days(day0, ())[0]
    replan = _close_hall(platform, off)
    while not 0 < _moved(platform) < MOVING:  # noqa: ASYNC110 (the re-plan is elsewhere)
        await asyncio.sleep(0.05)
    for victim in victims:
        await kill(platform, victim)
    assert _moved(platform) < MOVING, "it was over before anybody was killed"
    watched = platform.liaison("calendar", "replan", replan, "--watch", "--json")
    assert watched.returncode == 0, watched.stderr
    done = json.loads(watched.stdout.splitlines()[-1])
    assert (done["moved"], done["untouched"], done["remaining"]) == (MOVING, STAYING, 0)

    days = {CLOSED: _business_days(day0, (off,)), OPEN: _business_days(day0, ())}
    for reference, court in references.items():
        shown = platform.show(reference)
        assert [due["due_on"] for due in shown["deadlines"]] == [days[court][n - 1].isoformat() for n in BUSINESS_DAYS]
    replanned = Counter(
        row[0] for row in _sql(platform, "SELECT reference FROM event WHERE kind = ?", EventKind.REPLANNED)
    )
    assert replanned == Counter(dict.fromkeys((r for r, court in references.items() if court == CLOSED), 1))


def _close_hall(platform: Running, off: date) -> str:
    body = {
        "court": CLOSED, "from": f"{off}T00:00:00+08:00", "to": f"{off}T23:59:00+08:00", "days_off": [off.isoformat()],
        "decided_by": "Case Filing Chamber 立案庭", "source": "invented 虚构",
    }  # fmt: skip
    key = next(iter(platform.credentials["chamber_keys"].values()))
    answer = platform.call("POST", "/v1/calendar/closures", key, body, "kills-closure")
    assert answer.status_code == 201, answer.text
    return f"replan-calendar-{answer.json()['made_version']}"


def _business_days(day0: date, off: tuple[date, ...]) -> list[date]:
    """The first business days after day 0, as many as the longest ladder has."""
    days = (day0 + timedelta(days=number) for number in count(1))
    return list(
        islice((day for day in days if chinese_calendar.is_workday(day) and day not in off), max(BUSINESS_DAYS))
    )


def _moved(platform: Running) -> int:
    [(moved,)] = _sql(platform, "SELECT count(*) FROM plan WHERE number = 2")
    return int(moved)


def _sql(platform: Running, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{platform.home / 'liaison.db'}?mode=ro", uri=True)) as book:
        return book.execute(statement, values).fetchall()
