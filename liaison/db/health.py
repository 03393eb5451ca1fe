"""Whether the registration book answers, and whether this process's keys open what is sealed in it."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import DataKey
from liaison.db.texts import data_key
from liaison.keys import KeyRing, KeysError


async def can_unseal(session: AsyncSession, ring: KeyRing) -> bool:
    """Whether the key ring is the one of this book, tried on one data key; true for a book without any.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The book is away or has no schema.
    """
    reference = (await session.exec(select(DataKey.reference).limit(1))).first()
    if reference is None:
        return True
    try:
        await data_key(session, ring, reference)
    except KeysError:
        return False
    return True
