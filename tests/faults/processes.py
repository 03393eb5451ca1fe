"""The processes of a running platform, found by what its supervisor writes into its log."""

import asyncio
import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.platform import Running, start

CHILDREN = ("worker", "api", "temporal")
SUPERVISOR = "supervisor"


def pid_of(platform: Running, child: str) -> int:
    """The process that was started last under this name."""
    log = (platform.home.parent / "up.log").read_text(encoding="utf-8")
    lines = (json.loads(line) for line in log.splitlines() if line.startswith("{"))
    started = [line["pid"] for line in lines if line["event"] == "child started" and line["child"] == child]
    return int(started[-1])


async def kill(platform: Running, victim: str) -> None:
    """kill -9 of one part; a supervisor takes its children with it and is started anew by hand."""
    if victim != SUPERVISOR:
        os.kill(pid_of(platform, victim), signal.SIGKILL)
        return
    platform.process.kill()
    await asyncio.to_thread(platform.process.wait)
    platform.process = (await asyncio.to_thread(start, platform.home, platform.environment)).process


def say(platform: Running, child: str, number: signal.Signals) -> None:
    """Send a signal to one part."""
    os.kill(pid_of(platform, child), number)


async def freeze(pid: int, home: Path) -> None:
    """Stop a process where it stands, but outside the book of ``home``.

    SQLite has one write lock: whoever is frozen with it stops every writer, which is the locked database of H03.
    """
    os.kill(pid, signal.SIGSTOP)
    while not await asyncio.to_thread(_others_can_write, home):
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(0.01)
        os.kill(pid, signal.SIGSTOP)


def _others_can_write(home: Path) -> bool:
    with closing(sqlite3.connect(home / "liaison.db", timeout=1, isolation_level=None)) as book:
        try:
            book.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        book.execute("ROLLBACK")
        return True
