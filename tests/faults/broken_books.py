"""Ways in which a registration book fails its users, each for the length of a block."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import event, make_url
from sqlalchemy.pool import Pool

Breakage = Callable[[str], AbstractAsyncContextManager[None]]
"""Takes the URL of the book."""


@asynccontextmanager
async def sqlite_locked(url: str) -> AsyncIterator[None]:
    """Somebody else writes, for longer than we wait for him."""
    with closing(sqlite3.connect(_path(url), isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        yield
        somebody.execute("ROLLBACK")


@asynccontextmanager
async def sqlite_read_only(url: str) -> AsyncIterator[None]:
    """SQLite says what it says of a file it may not write."""
    with _every_connection("PRAGMA query_only = ON", "PRAGMA query_only = OFF"):
        yield


@asynccontextmanager
async def sqlite_full(url: str) -> AsyncIterator[None]:
    """SQLite says what it says on a full disk, to whoever needs another page."""
    with closing(sqlite3.connect(_path(url))) as book:
        book.execute("VACUUM")
        [[pages]] = book.execute("PRAGMA page_count")
    with _every_connection(f"PRAGMA max_page_count = {pages}", f"PRAGMA max_page_count = {2**31}"):
        yield


@contextmanager
def _every_connection(hurt: str, heal: str) -> Iterator[None]:
    """Have a pragma hold for every transaction begun in the block; the pools keep their connections afterwards."""
    hurting = True

    def at_checkout(connection: Any, _record: Any, _proxy: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(hurt if hurting else heal)
        cursor.close()

    event.listen(Pool, "checkout", at_checkout)
    try:
        yield
    finally:
        hurting = False
        # Left to listen: it heals whatever connection is taken next.
        _HEALING.append(at_checkout)


_HEALING: list[Any] = []


def forget_hurts() -> None:
    """Listen to no connection any more."""
    while _HEALING:
        event.remove(Pool, "checkout", _HEALING.pop())


@asynccontextmanager
async def postgres_read_only(url: str) -> AsyncIterator[None]:
    """What clients of a standby see, after a failover to it."""
    with psycopg.connect(_conninfo(url), autocommit=True) as operator:
        operator.execute("SET default_transaction_read_only = off")
        this = sql.Identifier(str(make_url(url).database))
        operator.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(this))
        _end_sessions(operator)
        yield
        operator.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(this))
        _end_sessions(operator)


@asynccontextmanager
async def postgres_locked(url: str) -> AsyncIterator[None]:
    """Somebody holds what every writer needs."""
    with psycopg.connect(_conninfo(url)) as somebody:
        somebody.execute("LOCK TABLE request, action IN EXCLUSIVE MODE")
        yield
        somebody.rollback()


class Wire:
    """A wire to a PostgreSQL server that can be cut: then the server is as good as stopped."""

    def __init__(self, url: str) -> None:
        self._far_end = make_url(url)
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """The book at the near end."""
        near = self._far_end.set(host="127.0.0.1", port=self.port, query={})
        return near.render_as_string(hide_password=False)

    async def lay(self) -> None:
        """Serve."""
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End all that is said, and refuse whoever calls."""
        assert self._server is not None
        self._server.close()
        for end in tuple(self._ends):
            end.close()
        await asyncio.sleep(0)

    @asynccontextmanager
    async def stopped(self, _url: str) -> AsyncIterator[None]:
        """Nobody answers."""
        await self.cut()
        yield
        await self.lay()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._call()
        self._ends |= {writer, far_writer}
        await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
        self._ends -= {writer, far_writer}

    async def _call(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        with psycopg.connect(_conninfo(self._far_end.render_as_string(hide_password=False))) as probe:
            host, port = probe.info.host, probe.info.port
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while said := await reader.read(1 << 16):
            writer.write(said)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def _end_sessions(operator: "psycopg.Connection[Any]") -> None:
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    operator.execute(f"{others} WHERE datname = current_database() AND pid <> pg_backend_pid()")


def _path(url: str) -> Path:
    return Path(str(make_url(url).database))


def _conninfo(url: str) -> str:
    return url.replace("+psycopg", "")
