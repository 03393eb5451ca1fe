"""What people see of requests: each function reads once, through a scope, and returns JSON objects."""

from datetime import datetime

from calendars.core import CalendarError, shanghai_date
from liaison.db.reads import RequestFilters, events_of, messages_to_show, newest_faults
from liaison.db.reads import list_requests as read_requests
from liaison.policy.ladder import due_rungs
from liaison.policy.scope import Scope
from liaison.policy.windows import at
from liaison.services.action_views import action_view, actions_view
from liaison.services.content_view import content_view
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.finding import visible_request
from liaison.services.paging import DEFAULT_LIMIT, key_of, number_of, page
from liaison.services.platform import Body, Platform
from liaison.services.show import show_due_rung, show_event, show_fault, show_message, show_request, shown
from liaison.services.supervision_views import supervisions_view

__all__ = [
    "RequestFilters",
    "action_view",
    "actions_view",
    "content_view",
    "deadlines_view",
    "events_view",
    "faults_view",
    "list_requests",
    "messages_view",
    "request_view",
    "supervisions_view",
]

MESSAGES_READ = "messages:read"
"""The scope of keys that may list messages."""


async def request_view(platform: Platform, scope: Scope, reference: str) -> Body:
    """One request in the shape of issue line L21; ``attached_to`` is there only where it is set."""
    async with platform.db.peek() as session:
        return show_request(await visible_request(session, scope, reference))


async def events_view(
    platform: Platform, scope: Scope, reference: str, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Body:
    """The record of a request, and of the one it is attached to, in the order it was written."""
    async with platform.db.read() as session:
        found = await visible_request(session, scope, reference)
        references = [found.own.reference, found.main.reference]
        events = await events_of(session, references, number_of(cursor), limit + 1)
    return page(events, limit, lambda event: event.id, show_event)


async def list_requests(
    platform: Platform, scope: Scope, filters: RequestFilters, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Body:
    """Requests the scope may see, by reference; see ``RequestFilters``."""
    async with platform.db.read() as session:
        rows = await read_requests(session, scope, filters, platform.clock(), key_of(cursor), limit + 1)
    return page(rows, limit, lambda found: found.own.reference, show_request)


async def messages_view(
    platform: Platform, scope: Scope, reference: str | None, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Body:
    """Messages about one request or about all the scope may see, without their texts and numbers.

    Raises:
        Refused: ``FORBIDDEN`` without the scope ``messages:read``; ``NOT_FOUND``.
    """
    if MESSAGES_READ not in scope.scopes:
        raise Refused(Slug.FORBIDDEN, "该密钥无权查看短信记录。", "This key may not list messages.")
    async with platform.db.read() as session:
        if reference is not None:
            await visible_request(session, scope, reference)
        rows = await messages_to_show(session, scope, reference, key_of(cursor), limit + 1)
    return page(rows, limit, lambda message: message.id, show_message)


async def faults_view(platform: Platform, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Body:
    """The register of faults, the newest first: posts vacant or absent when they were needed, people, desks and
    parties whom a message could not reach."""
    async with platform.db.read() as session:
        rows = await newest_faults(session, number_of(cursor) or None, limit + 1)
    return page(rows, limit, lambda fault: fault.id, show_fault)


async def deadlines_view(platform: Platform, received_at: datetime, court: str) -> Body:
    """The dates a request of that court would get if it were received then.

    Raises:
        Refused: ``INVALID``: unknown court, time without offset, or outside the calendar.
    """
    async with platform.db.read() as session:
        calendar, policy = await platform.rulebook.current(session)
        found = (await platform.rulebook.roster(session)).court(court)
    faults = []
    if found is None:
        faults.append(Fault("/court", "没有此法院代码。", "There is no court with this code."))
    try:
        day0 = shanghai_date(received_at)
        rungs = () if found is None else due_rungs(day0, found.level, calendar.of(court), policy)
    except CalendarError as error:
        faults.append(Fault("/received_at", "该时间无法推算期限，须带时区偏移且在日历范围内。", f"{error}."))
    if faults or found is None:
        raise Refused(Slug.INVALID, "查询条件有误。", "The question has faults.", tuple(faults))
    return {
        "received_at": shown(received_at),
        "court": found.code,
        "court_level": found.level.value,
        "deadlines": [show_due_rung(rung, at(rung.due_on, policy.cut_off)) for rung in rungs],
        "calendar_version": calendar.number,
        "policy_version": policy.version,
    }
