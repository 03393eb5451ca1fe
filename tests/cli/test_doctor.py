"""``liaison doctor`` on sound and broken folders (issue line L51)."""

import asyncio
import json
import re
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from temporalio.client import Client

from liaison.cli.exits import Exit
from liaison.codec import data_converter
from liaison.contract.starting import start_notice
from liaison.db.engine import Database
from liaison.db.tables import CalendarVersion, Callback, Event
from liaison.keys import KeyRing
from liaison.policy.message_words import CallbackKind
from liaison.policy.words import EventKind
from liaison.supervisor.guards import hold_home
from tests.cli.conftest import Place, make_place, run
from tests.services.office import Office, lazy_client, open_office
from tests.services.temporal import temporal_at, until, worker_of

NOW = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A provisioned folder that a test may break, examined within the announced calendar."""
    monkeypatch.setattr("liaison.cli.book_checks.now", lambda: NOW)
    return make_place(tmp_path / "home")


@pytest.fixture
def production(place: Place) -> Place:
    """The same folder and book in the production profile, with the key ring as Kubernetes mounts a secret."""
    place.settings.key_ring.chmod(0o440)
    variables = {
        "LIAISON_PROFILE": "production",
        "LIAISON_DATABASE_URL": place.settings.database_url.get_secret_value(),
        "TEMPORAL_ADDRESS": place.settings.temporal_address,
    }
    return Place(place.settings, {**place.environment, **variables})


@asynccontextmanager
async def at_work(place: Place) -> AsyncIterator[None]:
    """Temporal's server and a worker where the folder's settings say."""
    async with office_of(place) as office, temporal_at(place.settings.temporal_port), worker_of(office):
        yield


@asynccontextmanager
async def office_of(place: Place) -> AsyncIterator[Office]:
    """The folder's platform at the present hour."""
    settings = place.settings
    client = await lazy_client(settings.temporal_address, settings.home)
    office = await open_office(settings.home, settings.database_url.get_secret_value(), datetime.now(UTC), client)
    yield office
    await office.platform.db.close()


async def with_another_ring(office: Office) -> Office:
    """The same office, where nobody can read what it has given to Temporal."""
    converter = data_converter(KeyRing.generate())
    client = await Client.connect(office.platform.client.service_client.config.target_host, data_converter=converter)
    return replace(office, platform=replace(office.platform, client=client))


def examined(place: Place) -> tuple[int, dict[str, str]]:
    """The exit code and the verdict of each check."""
    result = run(place.environment, "doctor", "--json")
    found = json.loads(result.stdout)
    assert found["healthy"] == (result.exit_code == Exit.DONE)
    return result.exit_code, {finding["check"]: finding["verdict"] for finding in found["checks"]}


def in_book(place: Place, change: Callable[[Database], object]) -> None:
    async def work() -> None:
        db = Database(place.settings.database_url.get_secret_value())
        await change(db)  # type: ignore[misc]
        await db.close()

    asyncio.run(work())


def test_a_sound_folder_at_rest_is_healthy(place: Place) -> None:
    code, verdicts = examined(place)
    assert code == Exit.DONE
    assert set(verdicts) == {
        "binaries",
        "ports",
        "folder",
        "disk",
        "key ring mode",
        "schema",
        "key ring",
        "requests",
        "clock",
        "calendar",
        "sends",
        "calls",
        "pollers",
        "workflows",
        "workflow tasks",
    }
    skipped = [check for check, verdict in verdicts.items() if verdict == "skipped"]
    assert skipped == ["pollers", "workflows", "workflow tasks"]
    assert "key ring" in run(place.environment, "doctor").stdout


def test_before_the_first_start_nothing_is_wrong(tmp_path: Path) -> None:
    result = run({"LIAISON_HOME": str(tmp_path / "none"), "LIAISON_API_PORT": "18499"}, "doctor", "--json")
    verdicts = {finding["check"]: finding["verdict"] for finding in json.loads(result.stdout)["checks"]}
    assert verdicts["schema"] == verdicts["folder"] == "skipped"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("check", "harm"),
    [
        ("key ring mode", lambda home: (home / "key-ring.json").chmod(0o440)),
        ("key ring", lambda home: (home / "key-ring.json").unlink()),
        ("key ring", lambda home: (home / "key-ring.json").write_text("{}", encoding="utf-8")),
        ("key ring", lambda home: (home / "key-ring.json").write_text(KeyRing.generate().to_json(), encoding="utf-8")),
        ("schema", lambda home: (home / "liaison.db").write_bytes(b"not a database" * 100)),
        ("schema", lambda home: (home / "liaison.db").unlink()),
        ("schema", lambda home: (home / "liaison.db").write_bytes(b"")),
    ],
    ids=["readable by a group", "gone", "no ring", "another ring", "no database", "no book", "an empty book"],
)
def test_harm_to_a_file_is_found(place: Place, check: str, harm: Callable[[Path], object]) -> None:
    for leftover in place.settings.home.glob("liaison.db-*"):
        leftover.unlink()
    harm(place.settings.home)
    code, verdicts = examined(place)
    assert code == Exit.NOT_READY
    assert verdicts[check] == "failed"


@pytest.mark.parametrize(("mode", "verdict"), [(0o440, "ok"), (0o640, "ok"), (0o660, "failed"), (0o444, "failed")])
def test_in_production_a_group_may_read_the_key_ring(production: Place, mode: int, verdict: str) -> None:
    """Whatever the mode, the ring is read and everything behind it looked at."""
    production.settings.key_ring.chmod(mode)
    found = {check["check"]: check for check in _found(production)}
    assert (found["key ring mode"]["verdict"], found["key ring"]["verdict"]) == (verdict, "ok")
    assert f"{mode:04o}" in found["key ring mode"]["says"]
    looked_at = ("requests", "clock", "calendar", "sends", "calls")
    assert {found[check]["verdict"] for check in looked_at} == {"ok"}
    assert found["pollers"]["verdict"] == "failed"


async def test_a_container_of_a_healthy_api_is_healthy(production: Place, taken: socket.socket) -> None:
    """The port is taken by the API itself, which no ``liaison up`` started."""
    async with at_work(production):
        code, verdicts = await asyncio.to_thread(examined, production)
    assert code == Exit.DONE
    assert verdicts.pop("ports") == verdicts.pop("binaries") == "skipped"
    assert set(verdicts.values()) == {"ok"}


def test_another_revision_is_found(place: Place) -> None:
    async def change(db: Database) -> None:
        async with db.write() as session:
            await (await session.connection()).exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    in_book(place, change)
    code, verdicts = examined(place)
    assert (code, verdicts["schema"]) == (Exit.NOT_READY, "failed")


def test_a_clock_behind_the_newest_record_is_found(place: Place) -> None:
    async def change(db: Database) -> None:
        later = NOW + timedelta(minutes=6)
        event = Event(
            reference="0000-0000-0000-0",
            stream="intake",
            seq=1,
            kind=EventKind.REGISTERED,
            at=later,
            actor="platform",
            recorded_at=later,
        )
        async with db.write() as session:
            session.add(event)

    in_book(place, change)
    code, verdicts = examined(place)
    assert (code, verdicts["clock"]) == (Exit.NOT_READY, "failed")


def astray(monkeypatch: pytest.MonkeyPatch, shift: timedelta) -> None:
    """Let the doctor live by a clock that is so far ahead."""
    clock = SimpleNamespace(now=lambda zone: datetime.now(zone) + shift)
    for module in ("liaison.cli.host", "liaison.services.readiness"):
        monkeypatch.setattr(f"{module}.datetime", clock)
    monkeypatch.setattr("liaison.cli.book_checks.now", lambda: clock.now(UTC))


async def test_a_clock_that_is_not_temporals_is_found_and_misleads_no_other_check(
    production: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = {}
    async with at_work(production):
        for hours in (2, -2, 0):
            astray(monkeypatch, timedelta(hours=hours, seconds=30))
            found = {check["check"]: check for check in await asyncio.to_thread(_found, production)}
            assert found["clock"]["verdict"] == ("failed" if hours else "ok")
            assert (found["pollers"]["verdict"], found["workflows"]["verdict"]) == ("ok", "ok")
            says[hours] = found["clock"]["says"]
    api = "with such a clock the API takes nothing in."
    assert re.fullmatch(rf"This machine's clock is 2:00:[0-5]\d ahead of Temporal's; {api}", says[2])
    assert re.fullmatch(rf"This machine's clock is 1:59:[0-5]\d behind Temporal's; {api}", says[-2])
    assert re.search(r"not before the newest record; 0:00:[0-5]\d ahead of Temporal's$", says[0])


async def test_in_the_local_profile_temporals_clock_is_looked_at_while_it_runs(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    astray(monkeypatch, timedelta(hours=2))
    async with at_work(place):
        _, at_rest = await asyncio.to_thread(examined, place)
        async with hold_home(place.settings.home):
            _, running = await asyncio.to_thread(examined, place)
    assert (at_rest["clock"], running["clock"], running["pollers"]) == ("ok", "failed", "ok")


async def test_workflows_whose_tasks_fail_are_found_till_they_succeed(production: Place) -> None:
    """They run, so nothing is lost; but they stand still, as after a key was taken out of a worker's ring."""
    stand_still = "2 workflows stand still, for their tasks fail again and again: "

    async def says() -> tuple[str, str]:
        found = {check["check"]: check for check in await asyncio.to_thread(_found, production)}
        assert found["workflows"]["verdict"] == "ok"
        return found["workflow tasks"]["verdict"], found["workflow tasks"]["says"]

    async def fail() -> bool:
        return (await says())[1].startswith(stand_still)

    async def goes_on() -> bool:
        return (await says())[0] == "ok"

    # Left to itself the server waits for the fifth failure, which comes after most of a minute.
    at_once = ("system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=1",)
    async with office_of(production) as office, temporal_at(production.settings.temporal_port, dynamic=at_once):
        async with worker_of(await with_another_ring(office)):
            reference, now = await office.submit(), office.platform.clock()
            await start_notice(office.platform.client, "of-a-message", now, now)
            await until(fail)
        verdict, said = await says()
        assert (verdict, said.removeprefix(stand_still).split(".")[0]) == (
            "failed",
            f"notice-of-a-message, request-{reference}",
        )
        async with worker_of(office):
            await until(goes_on)


async def test_a_start_that_this_ring_cannot_open_is_told(production: Place) -> None:
    """Whether that run is the one the row means cannot be said, so nothing is mended either."""
    async with office_of(production) as office, temporal_at(production.settings.temporal_port):
        reference = await (await with_another_ring(office)).submit()
        await office.change(reference, registered_at=office.clock() - timedelta(hours=1))
        found = {check["check"]: check for check in await asyncio.to_thread(_found, production)}
        mending = await asyncio.to_thread(run, production.environment, "repair", "--all")
    says = "payload cannot be decrypted: unknown key"
    assert (found["workflows"]["verdict"], says in found["workflows"]["says"]) == ("failed", True)
    assert (mending.exit_code, says in mending.stderr) == (Exit.NOT_READY, True)


def test_a_calendar_that_has_ended_is_found(place: Place) -> None:
    async def change(db: Database) -> None:
        async with db.write() as session:
            for number in range(2, 100):
                version = await session.get(CalendarVersion, number)
                if version is not None:
                    await session.delete(version)

    in_book(place, change)
    code, verdicts = examined(place)
    assert (code, verdicts["calendar"]) == (Exit.NOT_READY, "failed")


def test_a_calendar_that_is_not_what_was_approved_is_found(place: Place) -> None:
    """An older one too: requests under way were counted with it."""

    async def change(db: Database) -> None:
        async with db.write() as session:
            (await session.get_one(CalendarVersion, 9)).checksum = "0" * 64

    in_book(place, change)
    result = run(place.environment, "doctor", "--json")
    [calendar] = [check for check in json.loads(result.stdout)["checks"] if check["check"] == "calendar"]
    assert (result.exit_code, calendar["verdict"]) == (Exit.NOT_READY, "failed")
    assert calendar["says"].startswith("Not what was approved, by its checksum: version 9. Nothing is counted with it")


def test_calls_that_could_not_be_read_are_a_warning(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among the newest, which are so many that the doctor need not look at all."""

    async def change(db: Database) -> None:
        failures = ("json_invalid at the whole", "1 of 2: missing at 1.biz_id", None)
        async with db.write() as session:
            for number, failure in enumerate(failures):
                callback = Callback(
                    id=f"call-{number}",
                    gateway="aliyun",
                    kind=CallbackKind.RECEIPTS,
                    sealed=b"",
                    received_at=NOW + timedelta(minutes=number),
                    failure=failure,
                )
                session.add(callback)

    in_book(place, change)
    [calls] = [check for check in _found(place) if check["check"] == "calls"]
    assert (calls["verdict"], calls["says"]) == (
        "warning",
        "2 calls of gateways could not be read, the newest at 2026-09-18 02:01 UTC"
        " (aliyun, 1 of 2: missing at 1.biz_id).",
    )
    monkeypatch.setattr("liaison.cli.book_checks._NEWEST_CALLS", 1)
    assert examined(place)[1]["calls"] == "ok"


def _found(place: Place) -> list[dict[str, str]]:
    checks: list[dict[str, str]] = json.loads(run(place.environment, "doctor", "--json").stdout)["checks"]
    return checks


@pytest.fixture
def taken(place: Place) -> Iterator[socket.socket]:
    """Another program on the API's port."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", place.settings.api_port))
        other.listen()
        yield other


def test_a_taken_port_is_found(place: Place, taken: socket.socket) -> None:
    code, verdicts = examined(place)
    assert (code, verdicts["ports"]) == (Exit.NOT_READY, "failed")


async def test_a_platform_that_runs_without_its_parts_is_found(place: Place) -> None:
    async with hold_home(place.settings.home):
        code, verdicts = await asyncio.to_thread(examined, place)
    assert code == Exit.NOT_READY
    assert verdicts["ports"] == verdicts["pollers"] == "failed"


def test_a_missing_program_is_found(place: Place) -> None:
    variables = {**place.environment, "LIAISON_TEMPORAL_BINARY": str(place.settings.home / "nothing")}
    result = run(variables, "doctor", "--json")
    assert result.exit_code == Exit.NOT_READY
    assert {"check": "binaries", "verdict": "failed"}.items() <= json.loads(result.stdout)["checks"][0].items()


def test_a_full_disk_is_found(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=5 * 2**20))
    code, verdicts = examined(place)
    assert (code, verdicts["disk"]) == (Exit.NOT_READY, "failed")


def test_a_folder_open_to_others_is_a_warning(place: Place) -> None:
    place.settings.home.chmod(0o755)
    code, verdicts = examined(place)
    assert (code, verdicts["folder"]) == (Exit.DONE, "warning")


@pytest.mark.parametrize(
    ("day", "verdict", "says"),
    [
        ("2026-10-24", "ok", "version 10, announced until 2026-12-31"),
        ("2026-10-25", "ok", "The notice for 2027 is not loaded"),
        ("2026-12-01", "warning", "WARNING: The notice for 2027 is not loaded"),
        ("2026-12-15", "warning", "ALARM: The notice for 2027 is not loaded"),
    ],
)
def test_a_calendar_about_to_end_grows_more_urgent(
    place: Place, monkeypatch: pytest.MonkeyPatch, day: str, verdict: str, says: str
) -> None:
    monkeypatch.setattr("liaison.cli.book_checks.now", lambda: datetime.fromisoformat(f"{day}T02:00:00+00:00"))
    found = json.loads(run(place.environment, "doctor", "--json").stdout)
    [calendar] = [check for check in found["checks"] if check["check"] == "calendar"]
    assert (found["healthy"], calendar["verdict"]) == (True, verdict)
    assert says in calendar["says"]


def test_a_repair_without_temporal_is_not_ready_and_changes_nothing(place: Place) -> None:
    result = run(place.environment, "repair", "0000-0000-0000-0")
    assert result.exit_code == Exit.NOT_READY
    assert "Temporal" in result.stderr
    assert run(place.environment, "repair", "0001").exit_code == Exit.NOT_FOUND


def test_a_book_is_marked_as_restored_once(place: Place) -> None:
    """Temporal is away: the mark is made, and what the operator repeats must not make another one."""
    assert run(place.environment, "repair", "--all", "--restored").exit_code == Exit.NOT_READY
    marked = json.loads(run(place.environment, "sends", "status", "--json").output)
    again = run(place.environment, "repair", "--all", "--restored")
    assert (again.exit_code, len(again.stderr.splitlines())) == (Exit.CONFLICT, 1)
    assert "liaison repair --all" in again.stderr
    assert json.loads(run(place.environment, "sends", "status", "--json").output) == marked
    assert run(place.environment, "sends", "release").exit_code == Exit.DONE
    assert run(place.environment, "repair", "--all", "--restored").exit_code == Exit.NOT_READY, "of another backup"
