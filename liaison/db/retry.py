"""Starting a transaction over when another one got there first."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

Result = TypeVar("Result")


async def start_over_once(transaction: Callable[[], Awaitable[Result]]) -> Result:
    """Run a whole transaction; if a unique constraint stops it, run it once more.

    On PostgreSQL two transactions may both find a key free and then meet at the constraint. The second time the
    winner's row is there to be found. SQLite's writer lock leaves no such gap.

    Args:
        transaction: Opens its own session, commits, and has no effect outside the database.
    """
    try:
        return await transaction()
    except IntegrityError:
        return await transaction()
