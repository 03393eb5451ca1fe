"""Closures of halls: rows that are never changed; an amendment is a row that replaces another."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import CalendarVersion, Closure


async def insert_closure(session: AsyncSession, closure: Closure) -> None:
    """Keep a closure.

    Raises:
        IntegrityError: Another transaction has just replaced the same one (PostgreSQL).
    """
    session.add(closure)
    await session.flush()


async def find_closure(session: AsyncSession, closure_id: str) -> tuple[Closure, str | None] | None:
    """A closure and the id of the one that replaced it, if one did."""
    return next(iter(await _closures(session, col(Closure.id) == closure_id, 1)), None)


async def list_closures(session: AsyncSession, after: str, limit: int) -> list[tuple[Closure, str | None]]:
    """Closures with ids greater than ``after``, oldest first, each with the id of the one that replaced it."""
    return await _closures(session, col(Closure.id) > after, limit)


async def closures_of(session: AsyncSession, version: CalendarVersion) -> list[Closure]:
    """The closures that count in a calendar version, the first entered first."""
    ids = [each["id"] for each in version.closures]
    rows = (await session.exec(select(Closure).where(col(Closure.id).in_(ids)))).all()
    return sorted(rows, key=lambda row: ids.index(row.id))


async def earlier_than(session: AsyncSession, closure: Closure) -> set[str]:
    """Ids of every closure that this one has replaced, directly or by way of others."""
    found: set[str] = set()
    while closure.replaces is not None:
        found.add(closure.replaces)
        closure = await session.get_one(Closure, closure.replaces)
    return found


async def _closures(
    session: AsyncSession, condition: ColumnElement[bool], limit: int
) -> list[tuple[Closure, str | None]]:
    later = aliased(Closure)
    wanted = (
        select(Closure, later.id)
        .outerjoin(later, col(later.replaces) == col(Closure.id))
        .where(condition)
        .order_by(Closure.id)
        .limit(limit)
    )
    rows: Sequence[tuple[Closure, str | None]] = (await session.exec(wanted)).all()
    return [(closure, replaced_by) for closure, replaced_by in rows]
