"""Whether the registration book answers."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import CalendarVersion


async def ping(session: AsyncSession) -> None:
    """Read one row, or none.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The book is away or has no schema.
    """
    await session.exec(select(CalendarVersion.number).limit(1))
