"""What host commands stand on: settings, book, key ring and Temporal of this machine, each opened in one place."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from liaison.cli.exits import Exit, fail
from liaison.cli.machine_checks import is_running
from liaison.codec import data_converter
from liaison.db.copies import sqlite_file
from liaison.db.engine import Database
from liaison.db.errors import SchemaMismatch
from liaison.db.rulebook import Rulebook
from liaison.db.schema import check
from liaison.keys import KeyRing, KeysError, read_key_ring
from liaison.services.credentials import BadCredentials, read_credentials
from liaison.services.platform import Platform
from liaison.settings import Settings, load_settings
from liaison.temporal import connect

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run the asynchronous part of a command."""
    return asyncio.run(work)


def now() -> datetime:
    """The clock of host commands."""
    return datetime.now(UTC)


def book_file(settings: Settings) -> Path | None:
    """The SQLite file of the book; None where the book is elsewhere."""
    return sqlite_file(settings.database_url.get_secret_value())


def require_book(settings: Settings) -> str:
    """The URL of a book at this program's revision.

    Raises:
        typer.Exit: There is none, or it is at another revision; said on stderr.
    """
    file = book_file(settings)
    if file is not None and not file.exists():
        fail(Exit.NOT_READY, f"There is no database at {file} yet; start liaison up or run liaison db upgrade.")
    url = settings.database_url.get_secret_value()
    try:
        check(url)
    except SchemaMismatch as fault:
        fail(Exit.NOT_READY, f"Run liaison db upgrade: {fault}.")
    return url


def require_ring(settings: Settings) -> KeyRing:
    """The key ring.

    Raises:
        typer.Exit: None that can be read; said on stderr.
    """
    try:
        return read_key_ring(settings.key_ring)
    except FileNotFoundError:
        fail(Exit.NOT_READY, f"There is no key ring at {settings.key_ring}.")
    except (OSError, KeysError) as fault:
        fail(Exit.NOT_READY, f"The key ring {settings.key_ring} cannot be used: {fault}.")


def load_running_settings() -> Settings:
    """The settings, with the ports on which the platform of this folder runs, if it does.

    Whoever started it may have set the ports for that one call; the addresses it wrote are what holds.

    Raises:
        SettingsError: A setting is wrong.
    """
    settings = load_settings()
    if not is_running(settings):
        return settings
    try:
        known = read_credentials(settings.credentials_path)
    except (FileNotFoundError, BadCredentials):
        return settings
    addresses = {
        "api_port": known.api_url,
        "temporal_port": known.temporal_address,
        "temporal_ui_port": known.temporal_ui_url,
    }
    return settings.model_copy(update={name: int(address.rpartition(":")[2]) for name, address in addresses.items()})


@asynccontextmanager
async def open_book(url: str) -> AsyncIterator[Database]:
    """The book, closed at the end."""
    db = Database(url, readers=1)
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def open_platform(settings: Settings, url: str, ring: KeyRing) -> AsyncIterator[Platform]:
    """What services need; Temporal may be down."""
    client = await connect(settings, "cli", data_converter=data_converter(ring), lazy=True)
    async with open_book(url) as db:
        yield Platform(db, ring, Rulebook(), client, now)
