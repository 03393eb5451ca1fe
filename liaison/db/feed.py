"""The record across requests, read by those who follow it: in the order of its numbers, and never with a gap.

PostgreSQL numbers a line when it is written and shows it when its transaction commits, so a later number may be seen
first. Whoever follows by number must not be told of it before every earlier one is seen, or is known never to come.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, exists, func, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.engine import Database
from liaison.db.tables import Event, Request
from liaison.db.visibility import visible
from liaison.policy.scope import Scope

PATIENCE_SECONDS: Final = 1.0
"""How long a reader waits for lines being written; transactions of ours take milliseconds."""

_LOOK_AGAIN_SECONDS: Final = 0.01

# Whoever writes a line holds this lock before it gets its number, and until what it wrote can be seen.
_WRITERS: Final = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'event'::regclass "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND mode = 'RowExclusiveLock' AND granted"
)


async def settled_up_to(db: Database, after: int) -> int:
    """The number of the newest line before which none can appear any more; ``after`` if that is not known yet.

    It waits, for at most ``PATIENCE_SECONDS``, until every transaction that may hold an earlier number has ended.
    SQLite has one writer at a time, so there numbers are in the order of commits.
    """
    async with db.read() as session:
        newest = (await session.exec(select(func.max(Event.id)))).one() or 0
        if db.is_sqlite or newest <= after:
            return newest
        # After the newest number is known: who begins to write now gets a greater one.
        ahead = await _writers(session)
        for _ in range(round(PATIENCE_SECONDS / _LOOK_AGAIN_SECONDS)):
            if not ahead:
                return newest
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            ahead &= await _writers(session)
    return after


async def events_between(session: AsyncSession, scope: Scope, after: int, upto: int, limit: int) -> Sequence[Event]:
    """Lines with numbers greater than ``after`` and not above ``upto`` that the scope may see, in their order."""
    found = await session.exec(
        select(Event)
        .where(col(Event.id) > after, col(Event.id) <= upto, _told(scope))
        .order_by(col(Event.id))
        .limit(limit)
    )
    return found.all()


def _told(scope: Scope) -> ColumnElement[bool]:
    """A line is told to whoever may see its request, or one that is attached to it, as with the record of a request."""
    own_or_main = or_(col(Request.reference) == col(Event.reference), col(Request.attached_to) == col(Event.reference))
    return exists().where(own_or_main, visible(scope))


async def _writers(session: AsyncSession) -> set[str]:
    """The transactions that are writing lines, by their virtual ids."""
    return set(await (await session.connection()).scalars(_WRITERS))
