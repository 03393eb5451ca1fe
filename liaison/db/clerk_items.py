"""What clerks of the platform should look at, with the line of the record that says what happened."""

from dataclasses import dataclass

from sqlalchemy import and_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from liaison.db.sound import sound_rows
from liaison.db.tables import ClerkItem, Event, Request
from liaison.db.visibility import visible
from liaison.policy.scope import Scope


@dataclass(frozen=True)
class SeenItem:
    """An item, the line of the record it is about, and the court of its request."""

    item: ClerkItem
    event: Event
    court: str


async def open_items(session: AsyncSession, scope: Scope, after: int, limit: int) -> list[SeenItem]:
    """Items nobody is done with, about requests the scope may see, with ids greater than ``after``, oldest first."""
    wanted = (
        _seen(scope)
        .where(col(ClerkItem.done_at).is_(None), col(ClerkItem.id) > after)
        .order_by(col(ClerkItem.id))
        .limit(limit)
    )
    return [SeenItem(*row) for row in await sound_rows(session, wanted, col(ClerkItem.id))]


async def lock_item(session: AsyncSession, scope: Scope, item_id: int) -> SeenItem | None:
    """One item, done or not, if the scope may see its request; locked until the transaction ends."""
    wanted = _seen(scope).where(col(ClerkItem.id) == item_id).with_for_update(of=ClerkItem)
    row = (await session.exec(wanted)).one_or_none()
    return None if row is None else SeenItem(*row)


def _seen(scope: Scope) -> Select[ClerkItem, Event, str]:
    # An item and its line are written in one transaction, so there is none without the other.
    line = and_(
        col(Event.reference) == col(ClerkItem.reference),
        col(Event.stream) == col(ClerkItem.stream),
        col(Event.seq) == col(ClerkItem.seq),
    )
    return (
        select(ClerkItem, Event, Request.court)
        .join(Event, line)
        .join(Request, col(Request.reference) == col(ClerkItem.reference))
        .where(visible(scope))
    )
