"""A backup is consistent while others write, whole or refused, and put back without loss (issue line H32)."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from liaison.cli.exits import Exit
from liaison.db.copies import CopyFault, copy_online
from liaison.db.engine import Database
from liaison.db.tables import DataKey, Request, Sends
from liaison.policy.words import Stage
from liaison.services.backup import MANIFEST
from liaison.services.provisioning import CannotPrepare, prepare_local
from liaison.settings import Settings
from liaison.supervisor.guards import hold_home
from tests.cli.conftest import Place, a_request, make_place, run


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder with a book and something that stands for Temporal's file."""
    made = make_place(tmp_path / "home")
    with closing(sqlite3.connect(made.settings.home / "temporal.db")) as engine:
        engine.execute("CREATE TABLE history (event INTEGER)")
        engine.executemany("INSERT INTO history VALUES (?)", [(number,) for number in range(100)])
        engine.commit()
    return made


@pytest.fixture
def backup(place: Place, tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    ended = run(place.environment, "backup", str(folder))
    assert ended.exit_code == Exit.DONE, ended.stderr
    assert "keep the key ring elsewhere" in ended.stdout
    return folder


def events_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as engine:
        return int(engine.execute("SELECT count(*) FROM history").fetchone()[0])


def test_a_copy_is_of_one_instant_whoever_writes(tmp_path: Path) -> None:
    source = tmp_path / "busy.db"
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE pair (one INTEGER, other INTEGER)")
        connection.commit()
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(source, timeout=10)) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                connection.execute("INSERT INTO pair (one) VALUES (?)", (number,))
                connection.execute("UPDATE pair SET other = one WHERE one = ?", (number,))
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        for number in range(10):
            copy_online(source, tmp_path / f"copy-{number}.db")
            with closing(sqlite3.connect(tmp_path / f"copy-{number}.db")) as copy:
                total, halves = copy.execute("SELECT count(*), count(*) - count(other) FROM pair").fetchone()
            counts.append(total)
            assert halves == 0
        assert counts == sorted(counts) and counts[-1] > counts[0]
    finally:
        stop.set()
        writer.join()


def test_a_file_that_is_no_database_is_no_copy(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"not a database " * 1000)
    with pytest.raises(CopyFault):
        copy_online(tmp_path / "broken.db", tmp_path / "copy.db")


def test_every_backup_has_a_folder_of_its_own(place: Place, backup: Path) -> None:
    before = (backup / MANIFEST).read_bytes()
    assert run(place.environment, "backup", str(backup)).exit_code == Exit.CONFLICT
    assert (backup / MANIFEST).read_bytes() == before


def test_postgresql_is_refused_politely(place: Place, tmp_path: Path) -> None:
    elsewhere = {**place.environment, "LIAISON_DATABASE_URL": "postgresql+psycopg://db.court/liaison"}
    for words in (("backup", str(tmp_path / "new")), ("restore", str(tmp_path / "new"))):
        ended = run(elsewhere, *words)
        assert (ended.exit_code, len(ended.stderr.splitlines())) == (Exit.REFUSED, 1)
        assert "pg_dump" in ended.stderr


def test_what_was_backed_up_is_put_back_and_what_was_there_is_kept(place: Place, backup: Path) -> None:
    home = place.settings.home
    with closing(sqlite3.connect(home / "temporal.db")) as engine:
        engine.execute("INSERT INTO history VALUES (100)")
        engine.commit()
    assert run(place.environment, "restore", str(backup)).exit_code == Exit.CONFLICT
    assert events_in(home / "temporal.db") == 101
    restored = json.loads(run(place.environment, "restore", str(backup), "--replace", "--json").stdout)
    assert events_in(home / "temporal.db") == 100
    assert events_in(Path(restored["moved_aside"]) / "temporal.db") == 101
    assert sorted(path.name for path in home.iterdir() if "restoring" in path.name) == []
    assert (home / "key-ring.json").exists()
    assert json.loads(run(place.environment, "sends", "status", "--json").stdout)["frozen"] is True


def test_it_goes_into_an_empty_folder_and_asks_for_the_key_ring(place: Place, backup: Path, tmp_path: Path) -> None:
    elsewhere = {**place.environment, "LIAISON_HOME": str(tmp_path / "new" / "home")}
    ended = run(elsewhere, "restore", str(backup))
    assert ended.exit_code == Exit.DONE, ended.stderr
    assert "Bring the key ring" in ended.stdout
    assert run(elsewhere, "db", "check").exit_code == Exit.DONE


class KilledError(Exception):
    """Stands for a process that ends here."""


@pytest.fixture
def cut_short(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a restoring that ends before it moves one more file than told; the next one is of a later second."""

    def restore(variables: Mapping[str, str], backup: Path, *words: str, moves: int) -> None:
        left, rename = iter(range(moves)), Path.rename

        def move(path: Path, target: Path) -> Path:
            if next(left, None) is None:
                raise KilledError
            return rename(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", move)
            assert isinstance(run(variables, "restore", str(backup), *words).exception, KilledError)
        monkeypatch.setattr("liaison.cli.backup.now", lambda: datetime.now(UTC) + timedelta(seconds=1))

    return restore


def nothing_starts_on(home: Path, variables: Mapping[str, str]) -> None:
    """Doctor and start say that the book is gone, and change nothing."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    checks = json.loads(run(variables, "doctor", "--json").stdout)["checks"]
    [schema] = [check for check in checks if check["check"] == "schema"]
    assert schema["verdict"] == "failed" and "`liaison restore DIR --replace`" in schema["says"]
    with pytest.raises(CannotPrepare, match="`liaison restore DIR --replace`"):
        asyncio.run(prepare_local(Settings(home=home), lambda: datetime.now(UTC)))
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("moves", [1, 2, 3])
def test_a_replacing_cut_short_is_not_started_on_and_may_be_repeated(
    place: Place, backup: Path, cut_short: Callable[..., None], moves: int
) -> None:
    """Aside go book and engine, in come engine and book."""
    home = place.settings.home
    cut_short(place.environment, backup, "--replace", moves=moves)
    nothing_starts_on(home, place.environment)
    ended = run(place.environment, "restore", str(backup), "--replace")
    assert ended.exit_code == Exit.DONE, ended.stderr
    assert list(home.glob("*.restoring*")) == []
    asyncio.run(prepare_local(place.settings, lambda: datetime.now(UTC)))


def test_a_replacing_cut_short_before_it_moved_anything_leaves_the_old_book(
    place: Place, backup: Path, cut_short: Callable[..., None]
) -> None:
    cut_short(place.environment, backup, "--replace", moves=0)
    asyncio.run(prepare_local(place.settings, lambda: datetime.now(UTC)))
    assert run(place.environment, "restore", str(backup), "--replace").exit_code == Exit.DONE


@pytest.mark.parametrize(("moves", "words"), [(0, ()), (1, ("--replace",))])
def test_a_restoring_into_an_empty_folder_cut_short_may_be_repeated(
    place: Place, backup: Path, tmp_path: Path, cut_short: Callable[..., None], moves: int, words: tuple[str, ...]
) -> None:
    home = tmp_path / "new" / "home"
    elsewhere = {**place.environment, "LIAISON_HOME": str(home)}
    cut_short(elsewhere, backup, moves=moves)
    nothing_starts_on(home, elsewhere)
    ended = run(elsewhere, "restore", str(backup), *words)
    assert ended.exit_code == Exit.DONE, ended.stderr
    assert run(elsewhere, "db", "check").exit_code == Exit.DONE


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda folder: (folder / MANIFEST).unlink(), Exit.NOT_FOUND),
        (lambda folder: (folder / "liaison.db").unlink(), Exit.NOT_FOUND),
        (lambda folder: (folder / MANIFEST).write_text("{}", encoding="utf-8"), Exit.REFUSED),
        (lambda folder: _edit(folder, "liaison.db", "../home/liaison.db"), Exit.REFUSED),
        (lambda folder: _edit(folder, '"format": 1', '"format": 2'), Exit.REFUSED),
        (lambda folder: _flip_a_byte(folder / "liaison.db"), Exit.REFUSED),
        (lambda folder: _flip_a_byte(folder / "temporal.db"), Exit.REFUSED),
    ],
    ids=["no manifest", "no book", "no sense", "another folder", "a later format", "changed book", "changed engine"],
)
def test_a_harmed_backup_is_refused_and_changes_nothing(
    place: Place, backup: Path, harm: Callable[[Path], object], code: Exit
) -> None:
    before = {path.name: path.read_bytes() for path in place.settings.home.iterdir() if path.suffix == ".db"}
    harm(backup)
    ended = run(place.environment, "restore", str(backup), "--replace")
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (code, 1)
    assert {path.name: path.read_bytes() for path in place.settings.home.iterdir() if path.suffix == ".db"} == before


def _edit(folder: Path, old: str, new: str) -> None:
    text = (folder / MANIFEST).read_text("utf-8")
    assert old in text
    (folder / MANIFEST).write_text(text.replace(old, new), encoding="utf-8")


def _flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


async def test_nothing_is_restored_onto_a_running_platform(place: Place, backup: Path) -> None:
    async with hold_home(place.settings.home):
        ended = await asyncio.to_thread(run, place.environment, "restore", str(backup), "--replace")
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (Exit.NOT_READY, 1)
    assert "Another liaison runs" in ended.stderr


def test_what_was_erased_meanwhile_does_not_come_back(served_request: str, place: Place, tmp_path: Path) -> None:
    """The backup holds the key that was destroyed since; restoring it destroys it again."""
    _close_long_ago(place, served_request)
    folder = tmp_path / "older"
    assert run(place.environment, "backup", str(folder)).exit_code == Exit.DONE
    restored = json.loads(run(place.environment, "restore", str(folder), "--replace", "--json").stdout)
    assert (restored["erased"], restored["open_requests"]) == (1, 0)
    assert _in_book(place, select(DataKey)) == []
    [row] = _in_book(place, select(Sends))
    assert row.restored_at is not None


@pytest.fixture
def served_request(place: Place) -> Iterator[str]:
    """The reference of a request in the book."""
    from tests.api.conftest import open_city

    async def submit() -> str:
        async with open_city(place.settings.home, lambda: datetime.now(UTC)) as city:
            return str((await city.send(a_request())).json()["reference"])

    yield asyncio.run(submit())


def _close_long_ago(place: Place, reference: str) -> None:
    async def work() -> None:
        db = Database(place.settings.database_url.get_secret_value())
        async with db.write() as session:
            row = await session.get_one(Request, reference)
            row.stage, row.open_matter = Stage.CLOSED, None
            row.closed_at = datetime.now(UTC) - timedelta(days=1096)
        await db.close()

    asyncio.run(work())


def _in_book(place: Place, wanted: object) -> list[object]:
    async def work() -> list[object]:
        db = Database(place.settings.database_url.get_secret_value())
        async with db.read() as session:
            found = list((await session.exec(wanted)).all())  # type: ignore[call-overload]
        await db.close()
        return found

    return asyncio.run(work())
