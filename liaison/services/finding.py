"""Finding a request for somebody: what he may not see does not exist."""

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.reads import Found, find_request
from liaison.db.tables import Request
from liaison.policy.scope import Scope
from liaison.services.errors import Refused, Slug


async def visible_request(session: AsyncSession, scope: Scope, reference: str) -> Found:
    """A request the scope may see.

    Raises:
        Refused: ``NOT_FOUND``: there is none, or it is somebody else's; nobody can tell which.
    """
    found = await find_request(session, scope, reference)
    if found is None:
        raise not_found()
    return found


def refuse_if_erased(request: Request) -> None:
    """Say that what was written about a request is gone, where somebody needs it.

    Raises:
        Refused: ``ERASED``.
    """
    if request.erased_at is not None:
        raise Refused(Slug.ERASED)


def not_found() -> Refused:
    """The refusal of what does not exist for this key."""
    return Refused(Slug.NOT_FOUND, "查无此项，或无权查看。", "There is no such thing, or this key may not see it.")
