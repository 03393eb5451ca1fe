"""Actions as listable records under their request (design section 8)."""

from liaison.db.inbox import action_texts, actions_of, find_action
from liaison.db.tables import Action, Request
from liaison.policy.roster import Roster
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, KeyRole
from liaison.services.action_rules import acts_for
from liaison.services.finding import not_found, visible_request
from liaison.services.paging import DEFAULT_LIMIT, key_of, page
from liaison.services.platform import Body, Platform
from liaison.services.show import action_location, show_action

READERS_OF_TEXTS = frozenset({KeyRole.CLERK, KeyRole.LEADER, KeyRole.CHAMBER})
"""Roles that may read what was said on every request they see; judges only where they hold or acted."""


async def actions_view(
    platform: Platform,
    scope: Scope,
    reference: str,
    kind: ActionKind,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Body:
    """A request's actions of one kind, oldest first; ``text`` is there for those who may read it."""
    async with platform.db.read() as session:
        found = await visible_request(session, scope, reference)
        roster = await platform.rulebook.roster(session)
        rows = await actions_of(session, found.main.reference, kind, key_of(cursor), limit + 1)
        readable = [row.id for row in rows if _may_read(roster, scope, found.main, row)]
        texts = await action_texts(session, platform.ring, found.main.reference, readable)
    return page(rows, limit, lambda row: row.id, lambda row: _with_text(row, found.own.reference, texts.get(row.id)))


async def action_view(platform: Platform, scope: Scope, reference: str, kind: ActionKind, action_id: str) -> Body:
    """One action.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        found = await visible_request(session, scope, reference)
        row = await find_action(session, found.main.reference, action_id)
        if row is None or row.kind is not kind:
            raise not_found()
        readable = [row.id] if _may_read(await platform.rulebook.roster(session), scope, found.main, row) else []
        texts = await action_texts(session, platform.ring, found.main.reference, readable)
    return _with_text(row, found.own.reference, texts.get(row.id))


def _may_read(roster: Roster, scope: Scope, request: Request, action: Action) -> bool:
    if scope.role in READERS_OF_TEXTS:
        return True
    said_himself = scope.staff is not None and action.by == scope.staff
    return said_himself or acts_for(roster, request.holder_id, scope)


def _with_text(action: Action, reference: str, text: Body | None) -> Body:
    body = show_action(action, reference, action_location(reference, action.kind, action.id))
    return body if text is None else body | {"text": text}
