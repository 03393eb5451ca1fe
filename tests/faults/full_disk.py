"""A PostgreSQL on a disk of its own, so small that it can be filled."""

import asyncio
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg import OperationalError

from tests.postgres import server_in

ROOM_MB: Final = 256
"""A new cluster takes less than half of it."""
SEGMENTS: Final = 20
"""More log than the disk holds: whoever begins so many segments meets its end."""
PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True)
class SmallDisk:
    """The disk, and the server whose files are on it."""

    folder: Path
    server: Any

    @property
    def url(self) -> str:
        """The server's first database."""
        return str(self.server.get_uri()).replace("postgresql://", "postgresql+psycopg://")

    @asynccontextmanager
    async def full(self, _url: str) -> AsyncIterator[None]:
        """Nothing can grow: tables neither, nor the log beyond the file it is in."""
        with self._ballast():
            yield

    @asynccontextmanager
    async def full_log(self, _url: str) -> AsyncIterator[None]:
        """Not even the log: the server gives up, and an operator starts it again when he has made room."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as somebody, self._ballast():
            with suppress(OperationalError):
                for _ in range(SEGMENTS):
                    somebody.execute("SELECT pg_logical_emit_message(true, '', 'x'), pg_switch_wal()")
            assert "PANIC" in (self.folder / "data" / "log").read_text(encoding="utf-8")
            yield
        await asyncio.to_thread(self._start_again)

    def _start_again(self) -> None:
        """As often as it takes: what is left of the old server may still hold its memory."""
        server = self.server.get_postmaster_info().process
        with suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGQUIT)
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                assert not server.is_running()
                self.server.ensure_postgres_running()
                psycopg.connect(self.server.get_uri()).close()
                return
            except (AssertionError, subprocess.SubprocessError, OperationalError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    @contextmanager
    def _ballast(self) -> Iterator[None]:
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 12))
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def postgres_on_a_small_disk() -> Iterator[SmallDisk]:
    """A new server; the test is skipped where we may not mount a disk."""
    with (
        tempfile.TemporaryDirectory() as place,
        _mounted(Path(place) / "disk") as folder,
        server_in(folder / "data") as server,
    ):
        yield SmallDisk(folder, server)


@contextmanager
def _mounted(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_MB}m", "tmpfs", str(folder)]
    try:
        refused = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this machine has no mount")
    if refused.returncode:
        pytest.skip(f"no disk may be mounted here: {refused.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
