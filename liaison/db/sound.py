"""Reading many rows of which one may be spoilt: what one row holds is no reason to withhold the others."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.errors import UnknownWord


async def sound_rows(session: AsyncSession, statement: Any, key: Any) -> list[Any]:
    """All rows of ``statement`` but those that cannot be read; a limit counts the readable ones.

    Args:
        session: The caller's transaction.
        statement: A select of rows that ``key`` tells apart.
        key: A column.
    """
    spoilt: list[Any] = []
    while True:
        try:
            return await _read(session, statement.where(key.not_in(spoilt)) if spoilt else statement)
        except UnknownWord:
            spoilt += await _spoilt(session, statement, key, spoilt)


async def spoilt_keys(session: AsyncSession, statement: Any, key: Any) -> list[Any]:
    """Keys of the rows of ``statement`` that cannot be read."""
    try:
        await _read(session, statement)
    except UnknownWord:
        return await _spoilt(session, statement, key, [])
    return []


async def _spoilt(session: AsyncSession, statement: Any, key: Any, known: list[Any]) -> list[Any]:
    # Through the connection: the session would give rows of one kind of select and scalars of the other.
    keys = await (await session.connection()).execute(statement.where(key.not_in(known)).with_only_columns(key))
    found = []
    for value in keys.scalars().all():
        try:
            await _read(session, statement.where(key == value))
        except UnknownWord:
            found.append(value)
    return found


async def _read(session: AsyncSession, statement: Any) -> list[Any]:
    return list((await session.exec(statement)).all())
