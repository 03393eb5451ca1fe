"""Putting a backup back: verified, brought to this program's revision, purged by age, with sending frozen.

The book is changed beside its place, leaves it first and is moved there last. As long as it is missing, what lies
beside tells ``lost_book`` that a start must make no empty one: so nothing can ever start on a half restored one.
"""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from liaison.db.engine import Database
from liaison.db.errors import SchemaMismatch
from liaison.db.purging import purge_batch
from liaison.db.rulebook import Rulebook
from liaison.db.schema import upgrade
from liaison.db.sends import mark_restored
from liaison.services.backup import BackupFault, Part, PlaceTaken, on_disk, read_manifest

REASON: Final = "restored from a backup: compare with the gateway's own log, then release"
UNFINISHED: Final = ".restoring"
"""How the name of a file ends that is not in its place yet."""
_BESIDE: Final = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Restored:
    """What was done.

    Attributes:
        engine_of: when Temporal's file was copied; ``database_of`` when the book was.
        open_requests: how many need a new run: ``liaison repair --all`` gives it to them.
        erased: requests past their age that the backup still held.
        moved_aside: where the files that were there lie now; None if there were none.
    """

    engine_of: str
    database_of: str
    open_requests: int
    erased: int
    moved_aside: str | None


async def restore(
    backup: Path,
    engine_backup: Path,
    places: Mapping[Part, Path],
    *,
    replace: bool,
    clock: Callable[[], datetime],
) -> Restored:
    """Put the book of one backup and Temporal's file of the same or another one in their places.

    The caller holds the lock of the home folder: nothing runs on it.

    Args:
        backup: the folder of the book's backup.
        engine_backup: the folder of Temporal's.
        places: where the files belong.
        replace: whether files that are there may be moved aside.
        clock: now.

    Raises:
        PlaceTaken: files are there and ``replace`` is not given.
        BackupFault: no backup, a changed or unreadable one, or one of a newer program.
    """
    engine = read_manifest(engine_backup).part(Part.ENGINE)
    database = read_manifest(backup).part(Part.DATABASE)
    # The book first: a start between two of the moves must miss it, and not find it without Temporal's file.
    there = [path for part in reversed(Part) for path in _files_of(places[part])]
    if there and not replace:
        raise PlaceTaken(f"{there[0]} is there already; --replace moves it aside.")
    beside = {part: place.with_name(f"{place.name}{UNFINISHED}") for part, place in places.items()}
    for path in (path for place in beside.values() for path in _files_of(place)):
        path.unlink()
    for part, folder, copied in ((Part.ENGINE, engine_backup, engine), (Part.DATABASE, backup, database)):
        beside[part].parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(folder / copied.file, beside[part])
        beside[part].chmod(0o600)
        on_disk(beside[part])
    open_requests, erased = await _make_ready(beside[Part.DATABASE], clock)
    aside = _move_aside(there, places[Part.DATABASE].parent, clock()) if there else None
    for part in Part:
        beside[part].rename(places[part])
        on_disk(places[part].parent)
    return Restored(engine.ended_at, database.ended_at, open_requests, erased, str(aside) if aside else None)


async def _make_ready(book: Path, clock: Callable[[], datetime]) -> tuple[int, int]:
    url = f"sqlite+aiosqlite:///{book}"
    try:
        await asyncio.to_thread(upgrade, url)
    except SchemaMismatch as fault:
        raise BackupFault(f"The backup cannot be used: {fault}.") from fault
    finally:
        book.with_name(f"{book.name}.upgrade-lock").unlink(missing_ok=True)
    db, erased = Database(url, readers=1), 0
    try:
        async with db.write() as session:
            open_requests = await mark_restored(session, REASON, clock())
        while True:
            async with db.write() as session:
                _, policy = await Rulebook().current(session)
                batch = await purge_batch(session, policy.retention, clock())
            erased += batch.requests
            if not batch.more:
                return open_requests, erased
    finally:
        await db.close()


def _files_of(place: Path) -> list[Path]:
    """A SQLite file and what may lie beside it."""
    return [path for path in (place.with_name(place.name + suffix) for suffix in _BESIDE) if path.exists()]


def _move_aside(files: list[Path], home: Path, now: datetime) -> Path:
    folder = home / f"replaced-{now:%Y%m%dT%H%M%SZ}"
    folder.mkdir(mode=0o700)
    for path in files:
        path.rename(folder / path.name)
    return folder
