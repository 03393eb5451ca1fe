"""H04: clocks that are off by hours and by a day: no date moves, nothing happens twice, nothing wrong is let in."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from temporalio.testing import WorkflowEnvironment

from api.app import create_app
from liaison.db.engine import Database
from liaison.db.tables import Action, Plan, Request
from liaison.policy.words import ActionState, EventKind, Outcome, Stage
from tests.city import REPLY, City, prepare_template
from tests.e2e.platform import EXAMPLE
from tests.services.temporal import until
from tests.ui.live import LiveCity, normal_server, open_live_city

HOURS, DAY = timedelta(hours=2), timedelta(days=1)
SKEWS = pytest.mark.parametrize("skew", [HOURS, -HOURS, DAY, -DAY], ids=str)
JUDGE = "0104-j01"
ONCE = (EventKind.REGISTERED, EventKind.STARTED, EventKind.DISPATCHED, EventKind.REPLY_RECEIVED, EventKind.CLOSED)


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """A normal server: its clock is right."""
    async with normal_server() as environment:
        yield environment


@pytest.fixture(scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared home folder."""
    home = tmp_path_factory.mktemp("template") / "home"
    await prepare_template(home)
    return home


@SKEWS
async def test_a_worker_whose_clock_is_off_moves_no_date(
    server: WorkflowEnvironment, template: Path, tmp_path: Path, skew: timedelta
) -> None:
    async with open_live_city(template, tmp_path / "home", server) as city:
        async with city.working():
            silent, lifted, replied = references = [await city.submit() for _ in range(3)]
            await until(lambda: _all_at(city, references, Stage.AWAITING_REPLY))
            promised = [await _dates(city, reference) for reference in references]
        astray = LiveCity(city.home, replace(city.tools, clock=lambda: datetime.now(UTC) + skew), city.credentials)
        async with astray.working():
            await city.handle(lifted).signal("escalate", {"by": "operator-1", "reason": "the party is at the counter"})
            await _replies(city, replied)
            assert (await city.handle(replied).result()).outcome is Outcome.REPLIED
            await until(lambda: _has_rungs(city, lifted, [1]))
        assert [await _dates(city, reference) for reference in references] == promised
        assert await city.rungs(silent) == []
        async with city.working():
            for reference in (silent, lifted):
                await _replies(city, reference)
                await city.handle(reference).result()
        for reference in references:
            kinds = Counter(await city.kinds(reference))
            assert [kinds[kind] for kind in ONCE] == [1] * len(ONCE)
            await city.replay(reference)
        assert set(Counter(line["id"] for line in city.sent()).values()) <= {1}


@SKEWS
async def test_an_api_whose_clock_is_off_lets_nothing_in(
    server: WorkflowEnvironment, template: Path, tmp_path: Path, skew: timedelta
) -> None:
    async with open_live_city(template, tmp_path / "home", server) as city, city.working():
        reference = await city.submit()
        await until(lambda: _all_at(city, [reference], Stage.AWAITING_REPLY))
        async with _api(city, lambda: datetime.now(UTC)) as http:
            promised = await _shown(city, http, reference)
        async with _api(city, lambda: datetime.now(UTC) + skew) as http:
            for refused in (await _ask(city, http), await _reply(city, http, reference)):
                assert (refused.status_code, refused.json()["type"]) == (503, "/problems/clock-offset")
                assert int(refused.headers["retry-after"]) > 0
            assert await _shown(city, http, reference) == promised
            await until(lambda: _worker_is_seen(http))
        assert await city.rows(Action, reference) == []
        async with _api(city, lambda: datetime.now(UTC)) as http:
            assert (await _ask(city, http)).status_code == 201
            assert (await _reply(city, http, reference)).status_code == 201
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED


async def _worker_is_seen(http: AsyncClient) -> bool:
    return bool((await http.get("/readyz")).json()["checks"]["worker"] == "ok")


async def _all_at(city: LiveCity, references: list[str], stage: Stage) -> bool:
    return all([(await city.request(reference)).stage is stage for reference in references])


async def _replies(city: City, reference: str) -> None:
    """As the judge; what waits for the worker that has just left is the relay's to deliver."""
    answer = await city.reply(reference)
    assert answer.status in (201, 202)

    async def is_accepted() -> bool:
        await city.relay()
        [reply] = await city.rows(Action, reference)
        return reply.state is ActionState.ACCEPTED

    await until(is_accepted)


async def _has_rungs(city: City, reference: str, rungs: list[int]) -> bool:
    return [record.rung for record in await city.rungs(reference)] == rungs


async def _dates(city: City, reference: str) -> tuple[datetime, datetime, list[dict[str, Any]]]:
    """Everything that says when silence has a consequence."""
    request: Request = await city.request(reference)
    [plan] = await city.rows(Plan, reference)
    return request.received_at, request.registered_at, plan.rungs


@asynccontextmanager
async def _api(city: LiveCity, clock: Callable[[], datetime]) -> AsyncIterator[AsyncClient]:
    """The application in a process with this clock."""
    db = Database(city.tools.db.url)
    platform = replace(city.platform, db=db, clock=clock)
    platform = replace(platform, temporal_clock=type(platform.temporal_clock)(), known_keys={})
    app = create_app(lambda: nullcontext(platform), show_openapi=False)
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), AsyncClient(transport=transport, base_url="http://here.test") as http:
        yield http
    await db.close()


async def _ask(city: City, http: AsyncClient) -> Any:
    headers = {"Authorization": f"Bearer {city.credentials.channel_key}", "Idempotency-Key": "asked"}
    return await http.post("/v1/requests", headers=headers, json=EXAMPLE)


async def _reply(city: City, http: AsyncClient, reference: str) -> Any:
    headers = {"Authorization": f"Bearer {city.key_of(JUDGE)}", "Idempotency-Key": "replied"}
    body = {"kind": "text", "text": REPLY}
    return await http.post(f"/v1/requests/{reference}/replies", headers=headers, json=body)


async def _shown(city: City, http: AsyncClient, reference: str) -> Any:
    headers = {"Authorization": f"Bearer {city.credentials.clerk_key}"}
    answer = await http.get(f"/v1/requests/{reference}", headers=headers)
    assert answer.status_code == 200
    return answer.json()["deadlines"]
