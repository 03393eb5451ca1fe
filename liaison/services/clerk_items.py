"""What a clerk of the platform should look at: it is listed until somebody says what he made of it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.clerk_items import SeenItem, lock_item, open_items
from liaison.db.record import INBOX, append_event, hold_request
from liaison.policy.scope import Scope
from liaison.policy.words import EventKind
from liaison.services.errors import Refused, Slug
from liaison.services.finding import not_found
from liaison.services.once import Call, carry_out
from liaison.services.paging import DEFAULT_LIMIT, number_of, page
from liaison.services.platform import Answer, Body, Platform
from liaison.services.show import shown, shown_or_none

PATH = "/v1/clerk-items"


async def clerk_items_view(
    platform: Platform, scope: Scope, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Body:
    """Items that wait for the caller, oldest first; a clerk sees those about requests of his court.

    Items: ``{id, reference, court, kind, at, reason, created_at, done_at}``; ``kind`` and ``at`` are those of the line
    of the record that says what happened.
    """
    async with platform.db.read() as session:
        rows = await open_items(session, scope, number_of(cursor), limit + 1)
    return page(rows, limit, lambda row: row.item.id, _show)


async def complete_item(platform: Platform, call: Call, item_id: int, note: str) -> Answer:
    """Be done with an item; the record of its request says who was, and what he made of it.

    Raises:
        Refused: ``NOT_FOUND``, ``CONFLICT``: done already; ``KEY_REUSED``.
    """

    async def effect(session: AsyncSession) -> Answer:
        found = await lock_item(session, call.scope, item_id)
        if found is None:
            raise not_found()
        item, now = found.item, platform.clock()
        if item.done_at is not None:
            raise Refused(Slug.CONFLICT, "该事项已办理。", "This item is done already.")
        item.done_at = now
        await hold_request(session, item.reference)
        detail = {"item": item.id, "note": note}
        await append_event(
            session, item.reference, INBOX, EventKind.CLERK_ITEM_DONE, now, call.person, detail, recorded_at=now
        )
        return Answer(201, _show(found), f"{PATH}/{item.id}")

    return await carry_out(platform, call, "complete_clerk_item", effect)


def _show(found: SeenItem) -> Body:
    item = found.item
    return {
        "id": item.id,
        "reference": item.reference,
        "court": found.court,
        "kind": found.event.kind.value,
        "at": shown(found.event.at),
        "reason": item.reason,
        "created_at": shown(item.created_at),
        "done_at": shown_or_none(item.done_at),
    }
