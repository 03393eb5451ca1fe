"""Writing what a new book needs before it can register anything: rules by version, and the hashes of API keys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.core import BusinessCalendar, packaged_versions
from calendars.notice import Notice, notice_document
from liaison.db.errors import DatabaseError
from liaison.db.tables import ApiKey, CalendarVersion, PolicyVersion
from liaison.db.versions import add_calendar_version, lock_rules
from liaison.policy.policy import PolicyError, parse_policy


class VersionChanged(DatabaseError):
    """A stored version differs from the one of the same number that ships with the program; versions never change."""


@dataclass(frozen=True)
class RuleVersions:
    """The newest versions in the book, and what ships with the program and is in none of them.

    Attributes:
        calendar: number of the calendar version in force.
        policy: number of the policy version in force.
        other_notices: packaged notices on which the calendar in force does not rest, because people have decided
            what it rests on: such a notice is a proposal.
        other_policy: the packaged policy, where people have approved another one since.
    """

    calendar: int
    policy: int
    other_notices: tuple[Notice, ...] = ()
    other_policy: Mapping[str, Any] | None = None


async def seed_rules(
    session: AsyncSession, notices: Sequence[Notice], policy: dict[str, Any], release: str, at: datetime
) -> RuleVersions:
    """Store every calendar version of the notices and the policy document, unless they are there already.

    In a book in which nobody has approved anything the packaged versions are the versions; whoever installs the release
    answers for them, so they bear its number (ADR 0005). From the first approval on people decide: no version is made
    here any more, and what is missing is returned.

    Args:
        session: The caller's transaction.
        notices: All State Council notices known; version n rests on the first n of them.
        policy: The parsed policy document with its ``version``.
        release: Number of the release they ship with.
        at: When, aware.

    Raises:
        VersionChanged: A number is taken by other content that also came with the program.
    """
    await lock_rules(session, patient=True)
    made = _Made(f"release {release}", at)
    calendar, other_notices = await _seed_calendars(session, notices, made)
    number, is_known = await _seed_policy(session, policy, made)
    return RuleVersions(calendar, number, other_notices, None if is_known else policy)


@dataclass(frozen=True)
class _Made:
    """Who brought a version into the book, and when."""

    by: str
    at: datetime


async def _seed_policy(session: AsyncSession, packaged: dict[str, Any], made: _Made) -> tuple[int, bool]:
    """Number of the policy in force, and whether the packaged one is a version."""
    stored = {row.number: row for row in await session.exec(select(PolicyVersion))}
    if any(_same_rules(row.policy, packaged) for row in stored.values()):
        return max(stored), True
    if any(row.approved_by for row in stored.values()):
        return max(stored), False
    number: int = packaged["version"]
    if number in stored:
        raise VersionChanged(f"policy version {number} in the database differs; a new policy needs a new number")
    session.add(PolicyVersion(number=number, policy=packaged, made_at=made.at, proposed_by=made.by))
    return max([number, *stored]), True


def _same_rules(stored: dict[str, Any], packaged: dict[str, Any]) -> bool:
    """Whether two documents are the same policy: one may say at length what the other leaves to its default."""
    try:
        return parse_policy({**stored, "version": 1}) == parse_policy({**packaged, "version": 1})
    except PolicyError:
        return False


async def _seed_calendars(
    session: AsyncSession, notices: Sequence[Notice], made: _Made
) -> tuple[int, tuple[Notice, ...]]:
    """Number of the calendar in force, and the notices it does not rest on."""
    known = sorted(notices, key=lambda notice: notice.published_on)
    stored = {row.number: row for row in await session.exec(select(CalendarVersion))}
    in_force = stored[max(stored)] if stored else None
    if any(row.approved_by for row in stored.values()):
        wanted: list[BusinessCalendar] = []
    else:
        wanted = packaged_versions(known)
    for calendar in wanted:
        row = stored.get(calendar.number)
        if row is None:
            in_force = await _add_version(session, calendar, known[: calendar.number], made, is_new_book=not stored)
        elif row.checksum != calendar.checksum:
            raise VersionChanged(f"calendar version {calendar.number} in the database rests on other notices")
    assert in_force is not None
    rests_on = {document["published_on"] for document in in_force.notices}
    return in_force.number, tuple(notice for notice in known if notice.published_on.isoformat() not in rests_on)


async def _add_version(
    session: AsyncSession, calendar: BusinessCalendar, notices: Sequence[Notice], made: _Made, *, is_new_book: bool
) -> CalendarVersion:
    version = CalendarVersion(
        number=calendar.number,
        notices=[notice_document(notice) for notice in notices],
        final_until=calendar.final_until.isoformat(),
        checksum=calendar.checksum,
        made_at=made.at,
        reason=notices[-1].title,
        proposed_by=made.by,
    )
    if is_new_book:
        session.add(version)
    else:
        # A later release of the program brought a notice: open requests were counted without it.
        await add_calendar_version(session, version)
    return version


async def api_keys(session: AsyncSession, prefix: str) -> dict[str, ApiKey]:
    """The keys whose id starts with ``prefix``, by id."""
    rows = await session.exec(select(ApiKey).where(col(ApiKey.id).startswith(prefix, autoescape=True)))
    return {row.id: row for row in rows}


async def put_api_keys(session: AsyncSession, keys: Iterable[ApiKey]) -> None:
    """Store keys; one that is there already gets the new secret and expiry and loses the old ones."""
    for key in keys:
        await session.merge(key)


async def drop_api_keys(session: AsyncSession, ids: Iterable[str]) -> None:
    """Remove keys: their bearers are strangers from now on."""
    await session.exec(delete(ApiKey).where(col(ApiKey.id).in_(list(ids))))
