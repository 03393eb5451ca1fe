"""Connections: one writer and several readers on SQLite, one pool on PostgreSQL (design section 7).

A transaction belongs to whoever opened it: functions of this package take the session and never commit.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.near import BEGIN_IMMEDIATE, DRIVER

LOCK_PATIENCE_MILLISECONDS = 10_000
IDLE_MILLISECONDS = 60_000
"""How long a transaction of PostgreSQL may stand still: longer than anything waits for Temporal in the midst of one."""

SQLITE_PRAGMAS = (
    *("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={LOCK_PATIENCE_MILLISECONDS}"),
    # A destroyed data key must not stay readable in a page that nobody has overwritten yet.
    "secure_delete=ON",
)


def _open_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _open_postgres(connection: Any, _record: Any) -> None:
    """As patient as on SQLite: who waits for a lock for ever holds his caller and a connection for ever.

    And who has vanished with his machine lets go of his locks, the relay's among them, which all other relays respect.
    """
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {LOCK_PATIENCE_MILLISECONDS}")
    cursor.execute(f"SET idle_in_transaction_session_timeout = {IDLE_MILLISECONDS}")
    cursor.close()
    connection.commit()


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql(BEGIN_IMMEDIATE)


def _begin_deferred(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


def _sqlite_engine(url: URL, size: int, begin: Any) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=size, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _open_sqlite)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


class Database:
    """The registration book of one process.

    SQLite allows one writer at a time, so a process keeps a single writing connection and takes the write lock at
    the start of a transaction: waiting then happens in order, and no transaction fails half-way for the lock.
    """

    def __init__(self, url: str, readers: int = 4) -> None:
        """``url`` is ``sqlite+aiosqlite:///<path>`` or ``postgresql+psycopg://...``."""
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            near = make_url(url).set(drivername=DRIVER)
            self._writer = _sqlite_engine(near, 1, _begin_immediate)
            self._reader = _sqlite_engine(make_url(url), readers, _begin_deferred)
            self._near = _sqlite_engine(near, readers, _begin_deferred)
        else:
            engine = create_async_engine(url, pool_size=readers * 2, pool_pre_ping=True)
            event.listen(engine.sync_engine, "connect", _open_postgres)
            self._writer = self._reader = self._near = engine

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One consistent view; nothing is written."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def peek(self) -> AsyncIterator[AsyncSession]:
        """The same for a few rows by key, read at once: on SQLite a longer search would hold up everybody else."""
        async with AsyncSession(self._near, expire_on_commit=False) as session:
            yield session

    async def close(self) -> None:
        """Give every connection back."""
        await self._writer.dispose()
        await self._reader.dispose()
        await self._near.dispose()
