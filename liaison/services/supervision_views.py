"""The inbox of leaders: the party's full text, delivered by the platform itself (Opinions art. 8)."""

from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.supervisions import mark_opened, supervised
from liaison.db.tables import Plan, Request, RungRecord
from liaison.db.texts import CONTENT, data_key, read_text
from liaison.keys import KeysError
from liaison.policy.overdue import business_days_past
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole
from liaison.services.errors import Refused, Slug
from liaison.services.paging import DEFAULT_LIMIT, key_of, page
from liaison.services.platform import Body, Platform
from liaison.services.show import UNREADABLE, show_holder, shown

SUPERVISORS = frozenset({KeyRole.LEADER, KeyRole.JUDGE, KeyRole.CHAMBER})
"""Judges too: one may stand in for a leader who is away."""


async def supervisions_view(
    platform: Platform, scope: Scope, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Body:
    """Open requests in the caller's inbox, by reference; reading an item for the first time marks it opened.

    Items: ``{reference, rung, post, in_place_of, court, category, content, received_at, days_since_receipt,
    days_overdue, holder, last_act, due_at, sent_at, opened_at}``; days are business days.

    Raises:
        Refused: ``FORBIDDEN`` for keys that supervise nothing.
    """
    if scope.role not in SUPERVISORS:
        raise Refused(Slug.FORBIDDEN, "该密钥没有督办列表。", "This key has no inbox of supervision.")
    now = platform.clock()
    async with platform.db.write() as session:
        rows = await supervised(session, scope, key_of(cursor), limit + 1)
        items = {row[0].reference: await _item(platform, session, row, now) for row in rows[:limit]}
        await mark_opened(session, scope, list(items), now)
    return page(rows, limit, lambda row: row[0].reference, lambda row: items[row[0].reference])


async def _content(platform: Platform, session: AsyncSession, reference: str) -> str | None:
    try:
        key = await data_key(session, platform.ring, reference)
        return await read_text(session, key, reference, CONTENT)
    except KeysError:
        return UNREADABLE


async def _item(
    platform: Platform, session: AsyncSession, row: tuple[RungRecord, Request, Plan], now: datetime
) -> Body:
    record, request, plan = row
    # By the calendar in force, as the bell counts: the plan's may not know of a holiday that moved none of its dates.
    newest, _ = await platform.rulebook.current(session)
    calendar = newest.of(request.court)
    day0, limit_day = date.fromisoformat(plan.day0), date.fromisoformat(plan.rungs[0]["due_on"])
    return {
        "reference": request.reference,
        "rung": record.rung,
        "post": record.post.value,
        "in_place_of": record.in_place_of,
        "court": request.court,
        "category": request.category.value,
        "content": await _content(platform, session, request.reference),
        "received_at": shown(request.received_at),
        "days_since_receipt": business_days_past(calendar, day0, now),
        "days_overdue": business_days_past(calendar, limit_day, now),
        "holder": show_holder(request),
        "last_act": request.last_act,
        "due_at": shown(record.due_at),
        "sent_at": shown(record.recorded_at),
        "opened_at": shown(record.opened_at or now),
    }
