"""Writing what a new book needs before it can register anything: rules by version, and the hashes of API keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import col, delete, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.core import packaged_versions
from calendars.notice import Notice, notice_document
from liaison.db.errors import DatabaseError
from liaison.db.tables import ApiKey, CalendarVersion, PolicyVersion
from liaison.policy.policy import PolicyError, parse_policy

SEEDING_LOCK = 20_200_079
"""Next to the number that upgrades of a PostgreSQL database are locked by."""


class VersionChanged(DatabaseError):
    """A stored version differs from the one of the same number that ships with the program; versions never change."""


@dataclass(frozen=True)
class RuleVersions:
    """The newest versions in the book."""

    calendar: int
    policy: int


async def seed_rules(
    session: AsyncSession, notices: Sequence[Notice], policy: dict[str, Any], at: datetime
) -> RuleVersions:
    """Store every calendar version of the notices and the policy document, unless they are there already.

    Args:
        session: The caller's transaction.
        notices: All State Council notices known; version n rests on the first n of them.
        policy: The parsed policy document with its ``version``.
        at: When, aware.

    Raises:
        VersionChanged: A number is taken by other content.
    """
    if session.get_bind().dialect.name == "postgresql":
        # Two programs that begin with one new book: SQLite lets them write in turn anyway. It may take its time.
        await session.exec(text("SET LOCAL lock_timeout = 0"))  # type: ignore[call-overload]
        await session.exec(select(func.pg_advisory_xact_lock(SEEDING_LOCK)))
    calendar = await _seed_calendars(session, notices, at)
    stored = await session.get(PolicyVersion, policy["version"])
    if stored is None:
        session.add(PolicyVersion(number=policy["version"], policy=policy, made_at=at))
    elif not _same_rules(stored.policy, policy):
        raise VersionChanged(f"policy version {stored.number} in the database differs; a new policy needs a new number")
    return RuleVersions(calendar, policy["version"])


def _same_rules(stored: dict[str, Any], packaged: dict[str, Any]) -> bool:
    """Whether two documents are the same policy: one may say at length what the other leaves to its default."""
    try:
        return parse_policy(stored) == parse_policy(packaged)
    except PolicyError:
        return False


async def _seed_calendars(session: AsyncSession, notices: Sequence[Notice], at: datetime) -> int:
    known = sorted(notices, key=lambda notice: notice.published_on)
    stored = {row.number: row.checksum for row in await session.exec(select(CalendarVersion))}
    for calendar in packaged_versions(known):
        if stored.setdefault(calendar.number, calendar.checksum) != calendar.checksum:
            raise VersionChanged(f"calendar version {calendar.number} in the database rests on other notices")
        if await session.get(CalendarVersion, calendar.number) is None:
            session.add(
                CalendarVersion(
                    number=calendar.number,
                    notices=[notice_document(notice) for notice in known[: calendar.number]],
                    final_until=calendar.final_until.isoformat(),
                    checksum=calendar.checksum,
                    made_at=at,
                )
            )
    return max(stored)


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
