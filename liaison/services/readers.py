"""Who must read what parties and staff wrote: to see that a request exists is not yet to read it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.inbox import is_supervised_by, offer_of
from liaison.db.reads import Found
from liaison.policy.roster import Roster
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole
from liaison.services.action_rules import acts_for

READERS = frozenset({KeyRole.CLERK, KeyRole.CHAMBER})
"""Roles that read whatever they may see."""


async def may_read(session: AsyncSession, roster: Roster, scope: Scope, found: Found) -> bool:
    """Whether the texts of a visible request are for this key.

    They are for clerks and the Case Filing Chamber, for the holder and whoever the work order is offered to, with
    their teams, and for those into whose inbox of supervision the request was laid (Opinions art. 8). Whoever is
    complained of by name reads nothing of it.
    """
    if scope.role in READERS:
        return True
    if scope.staff is None or scope.role not in (KeyRole.JUDGE, KeyRole.LEADER):
        return False
    main, accused = found.main, found.accused
    if scope.staff in accused:
        return False
    if acts_for(roster, main.holder_id, scope, accused):
        return True
    offer = await offer_of(session, main.reference, main.work_order)
    if offer is not None and acts_for(roster, offer.holder_id, scope, accused):
        return True
    return await is_supervised_by(session, main.reference, scope.staff, chamber=False)
