"""What the production profile refuses to work with (design section 9)."""

from liaison.db.engine import Database
from liaison.db.errors import DatabaseError
from liaison.db.seeding import api_keys
from liaison.services.sample_keys import PREFIX


class SampleKeysFound(DatabaseError):
    """The database was that of a local profile: its sample keys would open every door."""


async def refuse_sample_keys(url: str) -> None:
    """See that the book at ``url`` holds no key of the local profile.

    Raises:
        SampleKeysFound: It does.
    """
    db = Database(url, readers=1)
    try:
        async with db.read() as session:
            found = await api_keys(session, PREFIX)
    finally:
        await db.close()
    if found:
        raise SampleKeysFound("The database holds sample keys of the local profile, which production refuses.")
