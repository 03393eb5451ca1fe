"""Actions as listable records under their request (design section 8)."""

from dataclasses import replace

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.inbox import action_texts, actions_of, find_action, kept_action
from liaison.db.tables import Action
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, ActionState
from liaison.services.finding import not_found, visible_request
from liaison.services.paging import DEFAULT_LIMIT, key_of, page
from liaison.services.platform import Answer, Body, Platform
from liaison.services.readers import may_read
from liaison.services.show import action_location, show_action


async def actions_view(
    platform: Platform,
    scope: Scope,
    reference: str,
    kind: ActionKind,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Body:
    """A request's actions of one kind, oldest first; ``text`` is there for those who may read it or said it."""
    async with platform.db.peek() as session:
        found = await visible_request(session, scope, reference)
        roster = await platform.rulebook.roster(session)
        rows = await actions_of(session, found.main.reference, kind, key_of(cursor), limit + 1)
        reads_all = await may_read(session, roster, scope, found)
        readable = [row.id for row in rows if reads_all or _said_himself(scope, row)]
        texts = await action_texts(session, platform.ring, found.main.reference, readable)
    return page(rows, limit, lambda row: row.id, lambda row: _with_text(row, found.own.reference, texts.get(row.id)))


async def action_view(platform: Platform, scope: Scope, reference: str, kind: ActionKind, action_id: str) -> Body:
    """One action.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.peek() as session:
        found = await visible_request(session, scope, reference)
        row = await find_action(session, found.main.reference, action_id)
        if row is None or row.kind is not kind:
            raise not_found()
        roster = await platform.rulebook.roster(session)
        readable = _said_himself(scope, row) or await may_read(session, roster, scope, found)
        texts = await action_texts(session, platform.ring, found.main.reference, [row.id] if readable else [])
    return _with_text(row, found.own.reference, texts.get(row.id))


async def as_it_stands(session: AsyncSession, earlier: Answer) -> Answer:
    """An answer given to an action, or what has become of it since.

    Whoever gave that answer may have died before he heard more; the relay, which delivers later, answers nobody; and
    what a workflow has accepted may prove impossible when it takes effect.
    """
    row = await kept_action(session, earlier.body["id"])
    if row.state in (ActionState.PENDING, earlier.body["state"]):
        return earlier
    return replace(earlier, body=show_action(row, earlier.body["reference"], earlier.location))


def _said_himself(scope: Scope, action: Action) -> bool:
    return action.by in (scope.staff, scope.key_id)


def _with_text(action: Action, reference: str, text: Body | None) -> Body:
    body = show_action(action, reference, action_location(reference, action.kind, action.id))
    return body if text is None else body | {"text": text}
