"""SQLite near at hand: a driver that runs statements where they are asked for.

On a few rows by key SQLite spends microseconds; a way to another thread and back, or even only through an awaitable,
costs many times that, and one transaction makes dozens of such ways. So only what may wait goes to a thread: beginning
a transaction that writes, for the lock, and committing, for the disk.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

from liaison.undisturbed import undisturbed

Result = TypeVar("Result")

DRIVER: Final = "sqlite+near"
BEGIN_IMMEDIATE: Final = "BEGIN IMMEDIATE"


def _in_thread(work: Callable[[], Result]) -> Result:
    """Wait for ``work`` without holding up the event loop; a canceled caller waits, too, for nothing of a connection
    may be done while its thread is at work."""
    result: Result = await_only(undisturbed(asyncio.to_thread(work)))
    return result


async def _nothing() -> None:
    """What a statement awaits that is run at once: SQLAlchemy refuses a driver that never awaits anything."""


class _Cursor(sqlite3.Cursor):
    def execute(self, statement: str, *parameters: Any) -> "_Cursor":
        run = super().execute
        if statement == BEGIN_IMMEDIATE:
            _in_thread(lambda: run(statement))
        else:
            run(statement, *parameters)
            await_only(_nothing())
        return self

    async def _async_soft_close(self) -> None:
        """SQLAlchemy's own protocol for drivers that stream: here every row has been read."""


class _Connection(sqlite3.Connection):
    def cursor(self, *_: Any) -> _Cursor:  # type: ignore[override]
        return super().cursor(_Cursor)

    def commit(self) -> None:
        _in_thread(super().commit)


class NearDialect(SQLiteDialect_pysqlite):
    """``sqlite+near:///<path>``, for ``create_async_engine`` only."""

    driver = "near"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """One connection is used by one task at a time."""
        return AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        """Open the file; threads take turns."""
        return [url.database or ""], {"factory": _Connection, "check_same_thread": False}


registry.register("sqlite.near", __name__, NearDialect.__name__)
