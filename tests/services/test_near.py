"""SQLite's short statements run on the event loop; whatever may wait does not."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.engine import Database


async def sql(session: AsyncSession, statement: str) -> list[Any]:
    result = await (await session.connection()).exec_driver_sql(statement)
    return list(result.scalars()) if result.returns_rows else []


async def test_who_waits_for_the_write_lock_holds_up_nobody(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    db = Database(f"sqlite+aiosqlite:///{path}")
    async with db.write() as session:
        await sql(session, "CREATE TABLE line (word TEXT)")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write() -> None:
        async with db.write() as session:
            await sql(session, "INSERT INTO line VALUES ('kept')")

    try:
        writing = asyncio.create_task(write())
        # Were the loop held up, nobody could give the lock back: SQLite would wait its ten seconds and fail.
        await asyncio.sleep(0.1)
        async with db.peek() as session:
            assert await sql(session, "SELECT word FROM line") == []
        assert not writing.done()
        other.execute("COMMIT")
        await asyncio.wait_for(writing, 5)
        async with db.read() as session:
            assert await sql(session, "SELECT word FROM line") == ["kept"]
    finally:
        other.close()
        await db.close()


async def test_what_a_transaction_did_is_undone_when_it_raises(tmp_path: Path) -> None:
    db = Database(f"sqlite+aiosqlite:///{tmp_path / 'book.db'}")
    try:
        async with db.write() as session:
            await sql(session, "CREATE TABLE line (word TEXT)")
        with pytest.raises(LookupError):
            async with db.write() as session:
                await sql(session, "INSERT INTO line VALUES ('lost')")
                raise LookupError
        async with db.peek() as session:
            assert await sql(session, "SELECT word FROM line") == []
    finally:
        await db.close()


async def test_who_gives_up_waiting_for_the_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "book.db"
    db = Database(f"sqlite+aiosqlite:///{path}")
    async with db.write() as session:
        await sql(session, "CREATE TABLE line (word TEXT)")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def write(word: str) -> None:
        async with db.write() as session:
            await sql(session, f"INSERT INTO line VALUES ('{word}')")

    try:
        writing = asyncio.create_task(write("given up"))
        await asyncio.sleep(0.1)
        writing.cancel()
        # The loop goes on while the thread still waits for the lock, which only this task can give back.
        await asyncio.sleep(0.1)
        other.execute("COMMIT")
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(writing, 5)
        await asyncio.wait_for(write("kept"), 5)
        async with db.read() as session:
            assert await sql(session, "SELECT word FROM line") == ["kept"]
    finally:
        other.close()
        await db.close()
