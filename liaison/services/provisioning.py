"""The first start of the local profile: a book, a key ring, rules, a sample city and keys to try it with (L05).

Every step looks first at what is there, so that a start killed at any line is made good by the next. The credentials
come last: a file that exists opens every door it names.
"""

import asyncio
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import structlog
from alembic.util import CommandError
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.packaged import packaged_notices
from liaison.db.copies import sqlite_file
from liaison.db.directory import newest_load, read_roster, replace_directory
from liaison.db.engine import Database
from liaison.db.errors import DatabaseError
from liaison.db.schema import upgrade
from liaison.db.seeding import RuleVersions, api_keys, drop_api_keys, put_api_keys, seed_rules
from liaison.keys import KeyRing, KeysError, read_key_ring, write_key_ring
from liaison.policy.roster import Roster
from liaison.release import release
from liaison.services.calendar_versions import propose_packaged_notices
from liaison.services.credentials import BadCredentials, Credentials, read_credentials, write_credentials
from liaison.services.directory_file import parse_directory
from liaison.services.errors import Refused
from liaison.services.policy_versions import propose_packaged_policy
from liaison.services.restoring import UNFINISHED
from liaison.services.sample_keys import PREFIX, bearers, credentials_of, fresh_key, kept_keys

LOADED_BY = "sample-city"

_log = structlog.get_logger()


class CannotPrepare(Exception):
    """The folder cannot be made ready; the text is a sentence for the person who started the program."""


class LocalPlace(Protocol):
    """What ``prepare_local`` needs to know of the settings."""

    @property
    def profile(self) -> str: ...
    @property
    def home(self) -> Path: ...
    @property
    def database_url(self) -> SecretStr: ...
    @property
    def key_ring(self) -> Path: ...
    @property
    def credentials_path(self) -> Path: ...
    def addresses(self) -> dict[str, str]: ...


async def prepare_local(settings: LocalPlace, clock: Callable[[], datetime]) -> Credentials:
    """Make the local profile ready to start; at later starts only what is missing or expired is made anew.

    The caller holds the lock of the folder ``home``.

    Raises:
        CannotPrepare: The profile is another, the key ring is lost or broken, the book is lost, damaged or belongs to
            another release, or the folder cannot be written.
    """
    if settings.profile != "local":
        raise CannotPrepare("Sample keys are made in the local profile only.")
    url = settings.database_url.get_secret_value()
    try:
        if (lost := lost_book(settings)) is not None:
            raise CannotPrepare(lost)
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread(upgrade, url)
        db = Database(url, readers=1)
        try:
            ring = await _own_key_ring(db, settings.key_ring)
            await seed_packaged_rules(db, clock())
            roster = await _sample_city(db, ring, clock())
            return await _sample_keys(db, roster, settings.credentials_path, settings.addresses(), clock())
        finally:
            await db.close()
    except (DatabaseError, KeysError, CommandError, OSError) as fault:
        raise CannotPrepare(f"{settings.home} cannot be made ready: {fault}.") from fault
    except DBAPIError as fault:
        # Only the driver's own words: the statement and its values stay out.
        raise CannotPrepare(f"The database in {settings.home} cannot be used: {fault.orig}.") from fault


def lost_book(settings: LocalPlace) -> str | None:
    """What to do about a SQLite book that is gone; None where it is there, or where there never was one.

    There was one where there are credentials, which the first start writes last, or what a restoring left unfinished.
    """
    file = sqlite_file(settings.database_url.get_secret_value())
    # Whoever looks into a database that is not there leaves an empty file behind.
    if file is None or (file.exists() and file.stat().st_size > 0):
        return None
    if not settings.credentials_path.exists() and not any(file.parent.glob(f"*{UNFINISHED}")):
        return None
    return (
        "The database is gone: put a backup back with `liaison restore DIR --replace` or, to begin anew, move the"
        f" folder away. Missing is {file}."
    )


async def _own_key_ring(db: Database, path: Path) -> KeyRing:
    """The key ring of this file; a new one only while nothing in the book was sealed under another."""
    try:
        return read_key_ring(path)
    except FileNotFoundError:
        async with db.read() as session:
            if await newest_load(session) is not None:
                raise CannotPrepare(f"The key ring {path} is gone; the database cannot be read without it.") from None
    write_key_ring(path, KeyRing.generate())
    return read_key_ring(path)


async def seed_packaged_rules(db: Database, at: datetime) -> RuleVersions:
    """Store the calendar versions and the policy that ship with the program, in any profile; safe to repeat.

    Where people have approved versions of their own, what ships with the program is proposed to them instead.

    Raises:
        VersionChanged: The book holds other content under one of their numbers, and nobody has approved it.
    """
    async with db.write() as session:
        versions = await seed_rules(session, packaged_notices(), _packaged_policy_document(), release(), at)
        await _propose(session, versions, at)
        return versions


async def _propose(session: AsyncSession, versions: RuleVersions, at: datetime) -> None:
    try:
        await propose_packaged_notices(session, versions.other_notices, at)
        if versions.other_policy is not None:
            await propose_packaged_policy(session, versions.other_policy, at)
    except Refused as refusal:
        # A start must not fail for a notice that people already know by another name.
        _log.warning("packaged rules were not proposed", why=[fault.en for fault in refusal.faults])


async def _sample_city(db: Database, ring: KeyRing, at: datetime) -> Roster:
    """The directory in force, which is the sample city until another is loaded."""
    async with db.write() as session:
        if await newest_load(session) is None:
            sample = parse_directory((files("liaison") / "sample_city/directory.csv").read_text(encoding="utf-8"))
            await replace_directory(session, ring, sample.roster, sample.contacts, LOADED_BY, at)
        return await read_roster(session)


async def _sample_keys(
    db: Database, roster: Roster, path: Path, addresses: Mapping[str, str], now: datetime
) -> Credentials:
    everybody = bearers(roster)
    async with db.write() as session:
        rows = await api_keys(session, PREFIX)
        keys = kept_keys(_old_credentials(path), rows, now)
        fresh = [fresh_key(bearer, now) for bearer in everybody if bearer.key_id not in keys]
        await put_api_keys(session, (row for _, row in fresh))
        await drop_api_keys(session, rows.keys() - {bearer.key_id for bearer in everybody})
    keys |= {row.id: key for key, row in fresh}
    credentials = credentials_of(everybody, keys, addresses)
    write_credentials(path, credentials)
    return credentials


def _old_credentials(path: Path) -> Credentials | None:
    try:
        return read_credentials(path)
    except (FileNotFoundError, BadCredentials):
        return None


def _packaged_policy_document() -> dict[str, Any]:
    return tomllib.loads((files("liaison.policy") / "policy.toml").read_text(encoding="utf-8"))
