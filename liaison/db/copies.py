"""SQLite files: which one a URL means, and copies made while others write to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url


class CopyFault(Exception):
    """A file that is no sound SQLite database, or cannot be copied; the text is the driver's."""


def sqlite_file(url: str) -> Path | None:
    """The file of a database; None if it is no SQLite database."""
    parts = make_url(url)
    return Path(parts.database or "") if parts.get_backend_name() == "sqlite" else None


def copy_online(source: Path, target: Path) -> None:
    """Copy one consistent state of ``source``, whoever writes to it meanwhile, into one file without a log beside it.

    Raises:
        CopyFault: ``source`` cannot be read, ``target`` cannot be written, or the copy is not sound.
    """
    try:
        with closing(_open(source)) as origin, closing(sqlite3.connect(target)) as copy:
            origin.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            _see_that_it_is_sound(copy)
    except sqlite3.Error as fault:
        raise CopyFault(str(fault)) from fault


def _open(source: Path) -> sqlite3.Connection:
    # Not read-only: a log that nobody has open must be read through a file of shared memory beside it.
    return sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=30)


def _see_that_it_is_sound(connection: sqlite3.Connection) -> None:
    [(verdict,), *_] = connection.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
