"""Migrations: upgrade under a lock, and a check that production processes make before they serve."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, inspect, make_url, text

from liaison.db.errors import SchemaMismatch


def sync_url(url: str) -> str:
    """The URL for Alembic, which works synchronously: psycopg serves both, aiosqlite does not."""
    return url.replace("sqlite+aiosqlite", "sqlite")


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = sync_url(url)
    return config


def head_revision() -> str | None:
    """The revision this program was written for."""
    return ScriptDirectory(str(Path(__file__).parent / "migrations")).get_current_head()


def current_revision(url: str) -> str | None:
    """The revision the database is at; None for an empty one."""
    engine = create_engine(sync_url(url))
    try:
        with engine.connect() as connection:
            # Not by Alembic, which would speak of itself in the log of every process that looks.
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Bring the database to this program's revision. Safe to repeat; concurrent callers wait for one another."""
    if make_url(url).get_backend_name() != "sqlite":
        _upgrade(url)
        return
    file = Path(make_url(url).database or "")
    file.parent.mkdir(parents=True, exist_ok=True)
    with _locked(file.with_name(f"{file.name}.upgrade-lock")):
        _upgrade(url)


def _upgrade(url: str) -> None:
    try:
        command.upgrade(_config(url), "head")
    except CommandError as fault:
        raise SchemaMismatch(f"the database is not of this program's past: {fault}") from fault


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One upgrade of an SQLite file at a time; PostgreSQL has a lock of its own for it (``migrations/env.py``).

    The kernel frees the lock of a process that dies.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def check(url: str) -> None:
    """Raise ``SchemaMismatch`` unless the database is at this program's revision."""
    found, wanted = current_revision(url), head_revision()
    if found != wanted:
        raise SchemaMismatch(f"the database is at revision {found or 'none'}, this program needs {wanted}")
