"""A disk that is nearly full takes nothing in and shows everything, before the database fails (issue line H34)."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from activities.purging import Purging
from liaison.db.tables import Request
from liaison.policy.words import Stage
from liaison.services.readiness import Check, Readiness, Watch
from liaison.services.storage import Storage
from tests.api.conftest import City, body, open_city
from tests.keeping.tools import tools_of
from tests.services.office import Office
from tests.services.temporal import temporal_at, until, worker_of

__all__ = ["body"]

MIB = 1 << 20


class Disk:
    """A disk that has as much room as a test says; ``asked`` counts who looked."""

    def __init__(self) -> None:
        self.free_mb, self.asked = 513, 0

    def __call__(self, _folder: Path) -> SimpleNamespace:
        self.asked += 1
        return SimpleNamespace(free=self.free_mb * MIB)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The machine's disk; findings are not kept, so that a test need not wait."""
    found = Disk()
    monkeypatch.setattr(shutil, "disk_usage", found)
    monkeypatch.setattr("liaison.services.storage.KEPT_SECONDS", 0.0)
    return found


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    """A city of its own, whose disk may be full."""
    async with open_city(tmp_path / "home", lambda: datetime.now(UTC)) as opened:
        object.__setattr__(opened.platform, "storage", Storage(tmp_path, 512))
        yield opened


async def test_nothing_is_taken_in_and_everything_shown_until_there_is_room(
    city: City, body: dict[str, Any], disk: Disk
) -> None:
    reference = (await city.send(body)).json()["reference"]
    disk.free_mb, before = 511, await city.counts()
    action = f"/v1/requests/{reference}/withdrawals"
    for full in (
        await city.send(body, once="again-and-again"),
        await city.post(action, {}, key=city.credentials.channel_key),
    ):
        assert (full.status_code, full.json()["type"]) == (503, "/problems/storage-full")
        assert int(full.headers["retry-after"]) > 0
    assert await city.counts() == before
    for path in ("", f"/{reference}", f"/{reference}/content", f"/{reference}/events"):
        shown = await city.get(f"/v1/requests{path}", key=city.credentials.clerk_key)
        assert shown.status_code == 200, path
    disk.free_mb = 513
    assert (await city.send(body, once="again-and-again")).status_code == 201


async def test_readyz_says_degraded(connected_office: Office, port: int, disk: Disk, tmp_path: Path) -> None:
    office = connected_office
    object.__setattr__(office.platform, "storage", Storage(tmp_path, 512))
    disk.free_mb = 511
    watch = Watch(office.platform, kept=timedelta(0))
    async with temporal_at(port), worker_of(office):

        async def polled() -> bool:
            return (await watch.look())[1][Check.WORKER]

        await until(polled)
        state, checks = await watch.look()
        assert (state, checks[Check.DISK]) == (Readiness.DEGRADED, False), "from the first look on"
        disk.free_mb = 513
        assert (await watch.look())[0] is Readiness.READY


def test_the_disk_is_looked_at_once_a_second(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.services.storage.KEPT_SECONDS", 60.0)
    storage = Storage(tmp_path, 512)
    assert all(storage.has_room for _ in range(100))
    assert disk.asked == 1


def test_a_book_elsewhere_has_room(disk: Disk) -> None:
    disk.free_mb = 0
    assert Storage().has_room
    assert disk.asked == 0


async def test_erased_texts_answer_410(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    async with city.platform.db.write() as session:
        row = await session.get_one(Request, reference)
        row.stage, row.closed_at, row.open_matter = Stage.CLOSED, datetime.now(UTC) - timedelta(days=1096), None
    office = Office(Path(), city.platform, city.credentials, city.platform.clock)  # type: ignore[arg-type]
    assert (await Purging(tools_of(office)).purge()).requests == 1
    gone = await city.get(f"/v1/requests/{reference}/content", key=city.credentials.channel_key)
    assert (gone.status_code, gone.json()["type"]) == (410, "/problems/erased")
    shown = await city.get(f"/v1/requests/{reference}", key=city.credentials.channel_key)
    assert (shown.status_code, shown.json()["stage"]) == (200, "closed")
