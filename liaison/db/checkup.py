"""What ``liaison doctor`` reads in the book."""

from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.directory import staff_contact
from liaison.db.tables import Event, StaffRow
from liaison.keys import KeyRing


async def newest_record_at(session: AsyncSession) -> datetime | None:
    """When the newest line of the record was written; None while there is none."""
    newest = select(Event.recorded_at).order_by(col(Event.id).desc()).limit(1)
    return (await session.exec(newest)).first()


async def try_ring(session: AsyncSession, ring: KeyRing) -> None:
    """Open one sealed contact of the directory, if there is one.

    Raises:
        KeysError: The ring belongs to another book.
    """
    someone = (await session.exec(select(func.min(StaffRow.id)))).first()
    if someone is not None:
        await staff_contact(session, ring, someone)
