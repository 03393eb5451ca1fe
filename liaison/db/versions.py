"""Versions of the rules as rows: numbered without a gap, never changed, each with whoever proposed and approved it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import CalendarVersion, PolicyVersion, Replan

RULES_LOCK = 20_200_079
"""Next to the number that upgrades of a PostgreSQL database are locked by."""


async def lock_rules(session: AsyncSession, *, patient: bool = False) -> None:
    """Let nobody else make a version until the transaction ends; SQLite lets only one write anyway.

    Args:
        session: The caller's transaction.
        patient: Whether to wait for as long as it takes, as a program that begins with a new book must.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    if patient:
        await session.exec(text("SET LOCAL lock_timeout = 0"))  # type: ignore[call-overload]
    await session.exec(select(func.pg_advisory_xact_lock(RULES_LOCK)))


async def newest_calendar(session: AsyncSession) -> CalendarVersion | None:
    """The calendar version in force; None in a new book."""
    return (await session.exec(select(CalendarVersion).order_by(col(CalendarVersion.number).desc()).limit(1))).first()


async def newest_before(session: AsyncSession, instant: datetime) -> int | None:
    """The calendar version that was in force at an instant; None before there was any."""
    made = select(func.max(CalendarVersion.number)).where(col(CalendarVersion.made_at) < instant)
    return (await session.exec(made)).one()


async def newest_policy(session: AsyncSession) -> PolicyVersion | None:
    """The policy version in force; None in a new book."""
    return (await session.exec(select(PolicyVersion).order_by(col(PolicyVersion.number).desc()).limit(1))).first()


async def calendar_versions(session: AsyncSession, after: int, limit: int) -> Sequence[CalendarVersion]:
    """Calendar versions with numbers greater than ``after``, in their order."""
    wanted = select(CalendarVersion).where(col(CalendarVersion.number) > after)
    return (await session.exec(wanted.order_by(col(CalendarVersion.number)).limit(limit))).all()


async def policy_versions(session: AsyncSession, after: int, limit: int) -> Sequence[PolicyVersion]:
    """Policy versions with numbers greater than ``after``, in their order."""
    wanted = select(PolicyVersion).where(col(PolicyVersion.number) > after)
    return (await session.exec(wanted.order_by(col(PolicyVersion.number)).limit(limit))).all()


async def policies_before(session: AsyncSession, number: int) -> Sequence[int]:
    """Numbers of the policy versions that were in force before ``number``; a new book begins with its release's."""
    return (await session.exec(select(PolicyVersion.number).where(col(PolicyVersion.number) < number))).all()


async def calendar_version(session: AsyncSession, number: int) -> CalendarVersion | None:
    """One calendar version."""
    return await session.get(CalendarVersion, number)


async def policy_version(session: AsyncSession, number: int) -> PolicyVersion | None:
    """One policy version."""
    return await session.get(PolicyVersion, number)


async def add_calendar_version(session: AsyncSession, version: CalendarVersion) -> None:
    """Store a new calendar version, and that open requests are to be brought to it."""
    session.add(version)
    await _ask_for_replan(session, f"replan-calendar-{version.number}", version.made_at, version.number)


async def add_policy_version(session: AsyncSession, version: PolicyVersion, calendar: int | None = None) -> None:
    """Store a new policy version; with a calendar version, open requests are to be brought to both."""
    session.add(version)
    if calendar is not None:
        await move_open_requests(session, version.number, calendar, version.made_at)


async def move_open_requests(session: AsyncSession, policy: int, calendar: int, at: datetime) -> None:
    """Keep on record that open requests are to be brought to a policy version, and to a calendar version at least."""
    await _ask_for_replan(session, f"replan-policy-{policy}", at, calendar, policy)


async def _ask_for_replan(
    session: AsyncSession, name: str, at: datetime, calendar: int, policy: int | None = None
) -> None:
    session.add(Replan(id=name, calendar_version=calendar, policy_version=policy, started_at=at))
    await session.flush()
