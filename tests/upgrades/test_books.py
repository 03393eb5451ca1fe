"""H11: the book of each earlier release is upgraded, and its open requests go on, on both databases."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr

from liaison.db.engine import Database
from liaison.db.schema import check, current_revision, head_revision
from liaison.policy.words import ActionKind, EventKind, Stage
from liaison.services.access import scope_of
from liaison.services.content_view import content_view
from liaison.services.provisioning import prepare_local
from liaison.services.repair import open_without_workflow, repair
from liaison.services.views import events_view, request_view
from liaison.settings import Settings
from tests.city import QUESTION, REPLY
from tests.postgres import empty_database, postgres
from tests.services.temporal import until
from tests.ui.live import LiveCity, normal_server, open_live_city
from tests.upgrades.books import KEY_RING, releases, restore, rows_of


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=releases())
def revision(request: pytest.FixtureRequest) -> str:
    """Each release in turn."""
    return str(request.param)


@pytest.fixture(params=["sqlite", "postgresql"])
async def city(request: pytest.FixtureRequest, revision: str, tmp_path: Path) -> AsyncIterator[LiveCity]:
    """The city of that release the next time it is started, by this program; its Temporal has forgotten everything."""
    home = tmp_path / "before"
    home.mkdir()
    shutil.copy(KEY_RING, home / "key-ring.json")
    url = f"sqlite+aiosqlite:///{home / 'liaison.db'}"
    if request.param == "postgresql":
        url = empty_database(request.getfixturevalue("postgres_url"))
    await asyncio.to_thread(restore, url, revision)
    assert await asyncio.to_thread(current_revision, url) == revision
    morning_after = _last_instant(revision) + timedelta(minutes=5)
    await prepare_local(Settings(home=home, database_url=SecretStr(url)), lambda: morning_after)
    async with normal_server() as server, open_live_city(home, tmp_path / "home", server) as opened:
        db = Database(url) if request.param == "postgresql" else opened.tools.db
        tools = replace(opened.tools, db=db)
        upgraded = LiveCity(opened.home, tools, opened.credentials).moved_to(morning_after)
        upgraded._keys = count(1000)  # those of the release are spent
        yield upgraded
        await db.close()


def _last_instant(revision: str) -> datetime:
    moments = [datetime.fromisoformat(row["recorded_at"]) for row in rows_of(revision)["event"]]
    return max(moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in moments)


async def test_every_open_request_goes_on(city: LiveCity, revision: str) -> None:
    await asyncio.to_thread(check, city.tools.db.url)
    rows = {row["reference"]: row for row in rows_of(revision)["request"]}
    open_ones = {reference for reference, row in rows.items() if row["stage"] != Stage.CLOSED}
    unstarted = {reference for reference in open_ones if rows[reference]["run_id"] is None}
    assert len(rows) > len(open_ones) > len(unstarted) > 0, "the book holds a request of each kind"
    for reference in rows:
        await _is_readable(city, reference)

    lost = await open_without_workflow(city.platform)
    assert set(lost) == open_ones
    rungs_before = {reference: len(await city.rungs(reference)) for reference in rows}
    async with city.working():
        await city.relay()
        for reference in open_ones - unstarted:
            assert (await repair(city.platform, reference)).started
        for reference in open_ones:
            await _finish(city, reference)
    assert {reference: len(await city.rungs(reference)) for reference in rows} == rungs_before, "no rung twice"


async def _is_readable(city: LiveCity, reference: str) -> None:
    clerk = await scope_of(city.platform, city.credentials.clerk_key)
    shown = await request_view(city.platform, clerk, reference)
    assert shown["reference"] == reference and shown["deadlines"]
    assert (await content_view(city.platform, clerk, reference))["content"] == QUESTION
    events = (await events_view(city.platform, clerk, reference, None, 100))["items"]
    assert events[0]["kind"] == EventKind.REGISTERED


async def _finish(city: LiveCity, reference: str) -> None:
    """What the people of the city were about to do."""

    async def waits_for_somebody() -> bool:
        return (await city.request(reference)).stage in (Stage.AWAITING_REPLY, Stage.ANSWERING)

    await until(waits_for_somebody)
    if (await city.request(reference)).stage is Stage.ANSWERING:
        text = {"text": REPLY}
        done = await city.act(city.credentials.clerk_key, reference, ActionKind.ANSWER, text=text)
    else:
        done = await city.reply(reference)
    assert done.status in (201, 202), done.body
    await city.handle(reference).result()
    assert (await city.request(reference)).stage is Stage.CLOSED


def test_the_newest_book_is_of_a_revision_that_exists() -> None:
    assert releases() and releases()[-1] <= str(head_revision())
