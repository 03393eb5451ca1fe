"""The doctor's checks of the book and of Temporal: schema, key ring, spoilt requests, clock, calendar, workflows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from calendars.core import shanghai_date
from liaison.cli.findings import Finding, failed, ok, skipped, warning
from liaison.cli.host import book_file, now, open_platform
from liaison.cli.machine_checks import is_running
from liaison.converter import UndecodablePayload
from liaison.db.callbacks import unread_callbacks
from liaison.db.checkup import newest_record_at, try_ring
from liaison.db.errors import DatabaseError
from liaison.db.schema import check, head_revision
from liaison.db.sends import sends
from liaison.db.soundness import spoilt_requests
from liaison.keys import KeyRing, KeysError, read_key_ring
from liaison.policy.horizon import Urgency, horizon
from liaison.services.clock_offset import MOST, measure_offset
from liaison.services.comparing import compare, stuck
from liaison.services.errors import Refused
from liaison.services.platform import Platform
from liaison.services.provisioning import lost_book
from liaison.services.readiness import Check, Watch
from liaison.settings import Profile, Settings

_CLOCK_SLACK: Final = timedelta(minutes=5)
_SHOWN: Final = 5
_NEWEST_CALLS: Final = 10_000
_OF_TEMPORAL: Final = ("pollers", "workflows", "workflow tasks")
_AFTER_SCHEMA: Final = ("key ring", "requests", "clock", "calendar", "sends", "calls", *_OF_TEMPORAL)


async def check_book(settings: Settings) -> list[Finding]:
    """Every check that needs the book; what cannot be looked at is said to be skipped."""
    schema = _check_schema(settings)
    if schema.verdict != "ok":
        return [schema, *_skipped(_AFTER_SCHEMA, "The database could not be opened.")]
    ring = _read_ring(settings)
    if isinstance(ring, Finding):
        return [schema, ring, *_skipped(_AFTER_SCHEMA[1:], "There is no key ring to work with.")]
    async with open_platform(settings, settings.database_url.get_secret_value(), ring) as platform:
        try:
            return [schema, *[finding async for finding in _look(settings, platform)]]
        except (SQLAlchemyError, DatabaseError) as fault:
            return [schema, failed("database", f"It cannot be read: {type(fault).__name__}.")]


def _check_schema(settings: Settings) -> Finding:
    if (lost := lost_book(settings)) is not None:
        return failed("schema", lost)
    file = book_file(settings)
    if file is not None and not file.exists():
        return skipped("schema", f"There is no database at {file} yet; the first start makes it.")
    try:
        check(settings.database_url.get_secret_value())
    except (DatabaseError, SQLAlchemyError) as fault:
        unreachable = f"The database of LIAISON_DATABASE_URL does not answer ({type(fault).__name__})"
        says = str(fault) if isinstance(fault, DatabaseError) else unreachable
        return failed("schema", f"{says[:1].upper()}{says[1:]}.")
    return ok("schema", f"revision {head_revision()}")


def _read_ring(settings: Settings) -> KeyRing | Finding:
    try:
        return read_key_ring(settings.key_ring)
    except FileNotFoundError:
        return failed("key ring", f"{settings.key_ring} is gone; without it the database cannot be read.")
    except (OSError, KeysError) as broken:
        return failed("key ring", f"{settings.key_ring}: {broken}.")


async def _look(settings: Settings, platform: Platform) -> AsyncIterator[Finding]:
    temporal_runs = settings.profile is Profile.PRODUCTION or is_running(settings)
    yield await _check_ring(settings, platform)
    yield await _check_requests(platform)
    yield await _check_clock(platform, await measure_offset(platform) if temporal_runs else None)
    yield await _check_calendar(platform)
    yield await _check_sends(platform)
    yield await _check_calls(platform)
    if not temporal_runs:
        for finding in _skipped(_OF_TEMPORAL, "liaison up is not running."):
            yield finding
        return
    _, found = await Watch(platform).look()
    yield _check_pollers(found)
    yield await _check_workflows(platform)
    yield await _check_tasks(platform)


async def _check_ring(settings: Settings, platform: Platform) -> Finding:
    async with platform.db.read() as session:
        try:
            await try_ring(session, platform.ring)
        except KeysError as fault:
            return failed("key ring", f"{settings.key_ring} belongs to another database: {fault}.")
    return ok("key ring", f"{settings.key_ring} opens the database's contacts")


async def _check_requests(platform: Platform) -> Finding:
    async with platform.db.read() as session:
        spoilt = await spoilt_requests(session, platform.ring)
    if spoilt:
        says = "open requests cannot be read; their workflows wait until the book is mended:"
        return failed("requests", f"{len(spoilt)} {says} {_named(spoilt)}")
    return ok("requests", "every open request can be read")


async def _check_clock(platform: Platform, offset: timedelta | None) -> Finding:
    if offset is not None and abs(offset) > MOST:
        return failed("clock", f"This machine's clock is {_apart(offset)}; with such a clock the API takes nothing in.")
    async with platform.db.read() as session:
        newest = await newest_record_at(session)
    if newest is not None and newest > now() + _CLOCK_SLACK:
        return failed("clock", f"The newest record is of {newest:%Y-%m-%d %H:%M} UTC, in this clock's future.")
    beside = "Temporal's was not read" if offset is None else _apart(offset)
    return ok("clock", f"{now():%Y-%m-%d %H:%M:%S} UTC, not before the newest record; {beside}")


def _apart(offset: timedelta) -> str:
    """How far this clock is ahead of Temporal's, in hours, minutes and seconds."""
    way = "ahead of" if offset > timedelta(0) else "behind"
    return f"{timedelta(seconds=round(abs(offset).total_seconds()))} {way} Temporal's"


async def _check_calendar(platform: Platform) -> Finding:
    async with platform.db.read() as session:
        if damaged := await platform.rulebook.damaged_calendars(session):
            versions = ", ".join(map(str, damaged))
            says = f"Not what was approved, by its checksum: version {versions}."
            return failed("calendar", f"{says} Nothing is counted with it; restore a backup.")
        calendar, _ = await platform.rulebook.current(session)
    today = shanghai_date(now())
    seen = horizon(calendar.final_until, today)
    says = f"version {calendar.number}, announced until {seen.final_until}"
    if seen.final_until < today:
        return failed("calendar", f"{says}: every date is provisional. {seen.en}")
    if seen.urgency in (Urgency.WARNING, Urgency.ALARM):
        return warning("calendar", f"{seen.urgency.upper()}: {seen.en}")
    return ok("calendar", says if seen.urgency is Urgency.NONE else f"{says}. {seen.en}")


def _check_pollers(found: dict[Check, bool]) -> Finding:
    if not found[Check.TEMPORAL]:
        return failed("pollers", "Temporal does not answer.")
    if not found[Check.WORKER]:
        return failed("pollers", "No worker has asked for work in the last minute.")
    return ok("pollers", "a worker asks for work")


async def _check_workflows(platform: Platform) -> Finding:
    try:
        found = await compare(platform)
    except Refused:
        return skipped("workflows", "Temporal does not answer.")
    except UndecodablePayload as fault:
        return failed("workflows", f"They cannot be compared with the book: {fault}.")
    says = [
        f"{len(references)} {of_these}: {_named(references)}"
        for references, of_these in (
            (found.lost, "open requests have no running workflow"),
            (found.outdated, "open requests have a workflow of another time"),
            (found.strays, "workflows run for requests that are closed or unknown"),
            (found.unwatched, "answers are not made and nobody watches over them"),
        )
        if references
    ]
    if says:
        return failed("workflows", f"{'; '.join(says)}. Mend with liaison repair REF, or liaison repair --all.")
    return ok("workflows", "every open request, and every answer on its way, has its workflow")


async def _check_tasks(platform: Platform) -> Finding:
    try:
        found = await stuck(platform)
    except Refused:
        return skipped("workflow tasks", "Temporal does not answer, or its server is older than 1.30.")
    if found:
        says = "workflows stand still, for their tasks fail again and again:"
        return failed("workflow tasks", f"{len(found)} {says} {_named(found)}. Temporal's UI shows each one's error.")
    return ok("workflow tasks", "none fails again and again")


async def _check_sends(platform: Platform) -> Finding:
    async with platform.db.read() as session:
        row = await sends(session)
    if row is not None and row.frozen:
        return warning("sends", f"Frozen since {row.since:%Y-%m-%d %H:%M} UTC: {row.reason}.")
    return ok("sends", "messages may leave")


async def _check_calls(platform: Platform) -> Finding:
    async with platform.db.read() as session:
        unread = await unread_callbacks(session, _NEWEST_CALLS)
    if unread:
        received_at, gateway, failure = unread[0]
        says = f"{len(unread)} calls of gateways could not be read, the newest at {received_at:%Y-%m-%d %H:%M} UTC"
        return warning("calls", f"{says} ({gateway}, {failure}).")
    return ok("calls", "what gateways told us could be read")


def _named(references: list[str]) -> str:
    return ", ".join(references[:_SHOWN]) + (" ..." if len(references) > _SHOWN else "")


def _skipped(checks: tuple[str, ...], says: str) -> list[Finding]:
    return [skipped(check, says) for check in checks]
