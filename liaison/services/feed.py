"""The feed: what happened to all requests a key may see, for those who would else ask for each of them again."""

from liaison.db.feed import events_between, settled_up_to
from liaison.policy.scope import Scope
from liaison.services.paging import DEFAULT_LIMIT, cursor_at, number_of
from liaison.services.platform import Body, Platform
from liaison.services.show import show_event

__all__ = ["feed_view"]


async def feed_view(platform: Platform, scope: Scope, after: str | None = None, limit: int = DEFAULT_LIMIT) -> Body:
    """What was recorded after ``after``, oldest first, of every request the scope may see now.

    ``next_cursor`` is never null: where nothing is left it goes on with what is recorded from then on. What the scope
    comes to see later, by a transfer or in an inbox, is told from there on; what was before is in the request's record.

    Raises:
        Refused: ``INVALID``, ``after`` was not given by this feed.
    """
    start = number_of(after, "after")
    settled = max(start, await settled_up_to(platform.db, start))
    async with platform.db.read() as session:
        events = await events_between(session, scope, start, settled, limit)
    # Nothing visible is left on this side of it, so that nobody searches there twice.
    reached = events[-1].id if len(events) == limit else settled
    return {"items": [show_event(event) for event in events], "next_cursor": cursor_at(reached)}
