"""H03: the database stopped, read-only, locked or full: no deadline waits for it, nothing is lost, it catches up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr
from temporalio.api.enums.v1 import EventType

from api.app import create_app
from liaison.db.engine import Database
from liaison.db.tables import Action, Plan
from liaison.policy.words import EventKind, Outcome
from liaison.services.provisioning import prepare_local
from liaison.settings import Settings
from tests.city import LONG_AFTER, City, open_city, prepare_template
from tests.faults import broken_books
from tests.faults.broken_books import Breakage, Wire
from tests.faults.full_disk import postgres_on_a_small_disk
from tests.postgres import empty_database, postgres
from tests.scale import FULL, scaled

FRIDAY = "2026-09-18 10:00"
BEFORE_THE_WARNING, AFTER_IT = "2026-09-21 23:59", "2026-09-22 00:11"
JUDGE = "0104-j01"
LONG_REPLY = "您的案件定于12月8日上午9时开庭。" * 100
"""Too long for the room that is left on any page."""
SIGNALLED = {"judge": JUDGE, "text": "您的案件定于12月9日上午9时开庭。"}
ON_SQLITE = {
    "locked": broken_books.sqlite_locked,
    "read-only": broken_books.sqlite_read_only,
    "full": broken_books.sqlite_full,
}


@pytest.fixture(scope="module")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder to be copied."""
    home = tmp_path_factory.mktemp("template") / "home"
    await prepare_template(home)
    return home


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server."""
    with postgres() as url:
        yield url


@pytest.mark.parametrize("fault", ON_SQLITE)
async def test_a_failing_sqlite_file(sqlite_template: Path, tmp_path: Path, fault: str) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'home' / 'liaison.db'}"
    async with _city(sqlite_template, tmp_path / "home", url) as city:
        await _works_through(city, url, ON_SQLITE[fault])
    broken_books.forget_hurts()


@pytest.mark.parametrize("fault", scaled(["stopped"], ["stopped", "read-only", "locked"]))
async def test_a_failing_postgresql(postgres_url: str, tmp_path: Path, fault: str) -> None:
    direct = empty_database(postgres_url)
    wire = Wire(direct)
    await wire.lay()
    template = tmp_path / "template"
    await prepare_local(Settings(home=template, database_url=SecretStr(wire.url)), lambda: LONG_AFTER)
    breakages: dict[str, Breakage] = {
        "stopped": wire.stopped,
        "read-only": broken_books.postgres_read_only,
        "locked": broken_books.postgres_locked,
    }
    async with _city(template, tmp_path / "home", wire.url) as city:
        await _works_through(city, direct, breakages[fault])
    await wire.cut()


@pytest.mark.skipif(not FULL, reason="make prove: a server of its own for each")
@pytest.mark.parametrize("fault", ["full", "full log"])
async def test_a_full_postgresql(tmp_path: Path, fault: str) -> None:
    with postgres_on_a_small_disk() as disk:
        template = tmp_path / "template"
        await prepare_local(Settings(home=template, database_url=SecretStr(disk.url)), lambda: LONG_AFTER)
        breakages: dict[str, Breakage] = {"full": disk.full, "full log": disk.full_log}
        async with _city(template, tmp_path / "home", disk.url) as city:
            await _works_through(city, disk.url, breakages[fault])


async def _works_through(city: City, url: str, breakage: Breakage) -> None:
    due, replied, signalled = await _submitted(city)
    await city.advance_to(BEFORE_THE_WARNING)
    async with _api(city) as http:
        async with breakage(url):
            playing = asyncio.create_task(city.advance_to(AFTER_IT))
            await _timer_fires(city, due)
            refused = await _reply(city, http, replied)
            assert refused.status_code == 503, refused.text
            assert refused.json()["type"] == "/problems/unavailable"
            assert int(refused.headers["retry-after"]) > 0
            await city.handle(signalled).signal("reply", SIGNALLED)
        await playing
        taken = await _reply(city, http, replied)
        again = await _reply(city, http, replied)
    assert (taken.status_code, again.status_code, again.json()) == (201, 200, taken.json())
    await city.advance(minutes=10)

    await _warned_once(city, due)
    for reference in (replied, signalled):
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        kinds = await city.kinds(reference)
        assert [kinds.count(kind) for kind in (EventKind.REPLY_RECEIVED, EventKind.CLOSED)] == [1, 1]
        assert len(await city.rows(Action, reference)) == 1
        await city.replay(reference)


async def _submitted(city: City) -> list[str]:
    """Three requests, the one that acts first in front: virtual time stops at it while the book cannot be written."""
    plans = [(await city.rows(Plan, await city.submit()))[0] for _ in range(3)]
    return [plan.reference for plan in sorted(plans, key=lambda plan: str(plan.rungs[0]["act_at"]))]


async def _warned_once(city: City, reference: str) -> None:
    """The rung is on record, late perhaps, with the instant at which it was due."""
    [warning] = await city.rungs(reference)
    [plan] = await city.rows(Plan, reference)
    assert (warning.rung, warning.due_at) == (0, datetime.fromisoformat(plan.rungs[0]["due_at"]))
    assert (await city.kinds(reference)).count(EventKind.WARNED) == 1


async def _timer_fires(city: City, reference: str) -> None:
    """Return when Temporal's history says so, whatever the book says."""
    fired = EventType.EVENT_TYPE_TIMER_FIRED
    async with asyncio.timeout(60):
        while fired not in await _history(city, reference):  # noqa: ASYNC110 (it is the server's)
            await asyncio.sleep(0.05)


async def _history(city: City, reference: str) -> set[int]:
    return {event.event_type for event in (await city.handle(reference).fetch_history()).events}


async def _reply(city: City, http: AsyncClient, reference: str) -> Any:
    """The same call every time."""
    headers = {"Authorization": f"Bearer {city.key_of(JUDGE)}", "Idempotency-Key": "the-only-reply"}
    body = {"kind": "text", "text": LONG_REPLY}
    return await http.post(f"/v1/requests/{reference}/replies", headers=headers, json=body, timeout=60)


@asynccontextmanager
async def _city(template: Path, home: Path, url: str) -> AsyncIterator[City]:
    """A city with connections of its own to the book for worker and services, as their processes have."""
    async with AsyncExitStack() as stack:
        workers, services = Database(url), Database(url)
        stack.push_async_callback(workers.close)
        stack.push_async_callback(services.close)
        city = await stack.enter_async_context(open_city(template, home, FRIDAY, db=workers))
        city.platform = replace(city.platform, db=services)
        yield city


@asynccontextmanager
async def _api(city: City) -> AsyncIterator[AsyncClient]:
    """The application; its own lifespan would compare virtual time with Temporal's."""
    app = create_app(lambda: nullcontext(city.platform), show_openapi=False)
    app.state.platform = city.platform
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://liaison.test") as http:
        yield http
