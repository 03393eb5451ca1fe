"""Whom an approved policy holds for: for new requests, and for open ones once an approver has said so (C32)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.replans import moving_policies
from liaison.db.tables import Proposal
from liaison.db.versions import move_open_requests, newest_calendar, newest_policy
from liaison.services.errors import Refused, Slug
from liaison.services.show import shown


async def calendar_to_move_to(session: AsyncSession, proposal: Proposal) -> int | None:
    """The calendar that open requests are brought to with a policy; None if it was said before that they are."""
    newest = None if await _holds_for_open_requests(session, proposal) else await newest_calendar(session)
    return None if newest is None else newest.number


async def hold_for_open_requests(
    session: AsyncSession, proposal: Proposal, calendar: int, person: str, now: datetime
) -> None:
    """Let a policy that was approved for new requests hold for open ones, too; who said so is kept with it.

    Raises:
        Refused: ``CONFLICT``: another policy is in force by now.
    """
    newest = await newest_policy(session)
    made, in_force = proposal.made_version, newest.number if newest else 0
    if made != in_force:
        zh = f"第 {made} 版已由第 {in_force} 版取代，不再适用于在办诉求。"
        en = f"Version {in_force} has replaced version {made}: open requests are not moved to it any more."
        raise Refused(Slug.CONFLICT, zh, en)
    await move_open_requests(session, in_force, calendar, now)
    proposal.reason = f"{person}, {shown(now)}: it holds for open requests, too 亦适用于在办诉求"


async def refuse_to_take_back(session: AsyncSession, proposal: Proposal) -> None:
    """Refuse an approval for new requests only after one for open requests, too.

    Raises:
        Refused: ``CONFLICT``.
    """
    if await _holds_for_open_requests(session, proposal):
        zh = "该规则已批准适用于在办诉求，不能改为仅适用于新诉求；请另行提出新版。"
        en = "It was approved for open requests, too, and they follow it; to undo that, propose another policy."
        raise Refused(Slug.CONFLICT, zh, en)


async def _holds_for_open_requests(session: AsyncSession, proposal: Proposal) -> bool:
    made = proposal.made_version
    return made is not None and bool(await moving_policies(session, [made]))
