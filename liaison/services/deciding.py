"""What notices and policies have in common: one person proposes, another decides, on the rules as they stood then."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from liaison.db.proposals import find_proposal, insert_proposal, list_proposals
from liaison.db.tables import Proposal
from liaison.db.versions import lock_rules, newest_calendar, newest_policy
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole, ProposalKind, ProposalState
from liaison.services.errors import Refused, Slug
from liaison.services.once import Call, carry_out
from liaison.services.paging import DEFAULT_LIMIT, key_of, page
from liaison.services.platform import Answer, Body, Platform
from liaison.services.show import shown, shown_or_none

ROOTS: Final = {ProposalKind.NOTICE: "/v1/calendar", ProposalKind.POLICY: "/v1/policy"}
"""Where proposals and versions of a kind stand."""

PACKAGED: Final = "packaged"
"""The source of what came with a release of the program into a book whose rules people decide."""

PLATFORM: Final = "platform"
"""Who proposes that."""


async def keep_proposal(
    session: AsyncSession,
    kind: ProposalKind,
    *,
    source: str,
    document: dict[str, Any],
    findings: list[dict[str, Any]],
    base_version: int,
    by: str,
    at: datetime,
) -> Proposal:
    """Keep a proposal in the caller's transaction."""
    proposal = Proposal(
        id=str(ULID.from_datetime(at)),
        kind=kind,
        document=document,
        source=source,
        base_version=base_version,
        findings=findings,
        proposed_by=by,
        proposed_at=at,
    )
    await insert_proposal(session, proposal)
    return proposal


async def proposals_view(
    platform: Platform,
    kind: ProposalKind,
    state: ProposalState | None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Body:
    """Proposals of a kind, oldest first, each with whether it is outdated."""
    async with platform.db.read() as session:
        rows = await list_proposals(session, kind, state, key_of(cursor), limit + 1)
        newest = await _number_in_force(session, kind)
    return page(
        rows, limit, lambda row: row.id, lambda row: {**show_proposal(row), "outdated": is_outdated(row, newest)}
    )


async def proposal_of(session: AsyncSession, kind: ProposalKind, proposal_id: str) -> Proposal:
    """A proposal to be looked at.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    return _existing(await find_proposal(session, kind, proposal_id))


async def proposal_to_approve(session: AsyncSession, kind: ProposalKind, proposal_id: str, call: Call) -> Proposal:
    """A proposal that the caller may approve, locked together with the rules; approved already or still open.

    Raises:
        Refused: ``NOT_FOUND``; ``FORBIDDEN``, it is his own; ``CONFLICT``, it was rejected.
    """
    await lock_rules(session)
    proposal = _existing(await find_proposal(session, kind, proposal_id, for_update=True))
    if proposal.proposed_by == call.person:
        zh, en = "提出人不得自行批准，须由另一人批准。", "One proposes, another approves: this proposal is your own."
        raise Refused(Slug.FORBIDDEN, zh, en)
    if proposal.state is ProposalState.REJECTED:
        raise Refused(Slug.CONFLICT, "该提案已被驳回，请重新提出。", "It was rejected; propose again.")
    return proposal


async def decides_for_the_city(platform: Platform, session: AsyncSession, scope: Scope) -> bool:
    """Whether a key is of the Intermediate Court's Case Filing Chamber; a key of every court is of no primary one."""
    if scope.role is not KeyRole.CHAMBER:
        return False
    return scope.court is None or (await platform.rulebook.roster(session)).is_intermediate(scope.court)


def is_outdated(proposal: Proposal, newest: int) -> bool:
    """Whether it still waits, and was checked against rules that are no longer in force."""
    return proposal.state is ProposalState.PROPOSED and proposal.base_version != newest


def refuse_outdated(proposal: Proposal, newest: int) -> None:
    """Refuse what was checked against rules that are no longer in force.

    Raises:
        Refused: ``CONFLICT``.
    """
    if proposal.base_version != newest:
        zh = f"该提案基于第 {proposal.base_version} 版，现行为第 {newest} 版，请重新提出。"
        en = f"It was checked against version {proposal.base_version}, and {newest} is in force; propose again."
        raise Refused(Slug.CONFLICT, zh, en)


def makes_room(same: Sequence[Proposal], newest: int, at: datetime) -> bool:
    """Whether what ships with the program is to be proposed; earlier proposals of the same that are outdated make room.

    Args:
        same: Earlier proposals of it; one that was decided stays so.
        newest: The version in force.
        at: Now, aware.
    """
    if any(each.state is not ProposalState.PROPOSED or each.base_version == newest for each in same):
        return False
    for outdated in same:
        decide(outdated, ProposalState.REJECTED, PLATFORM, at)
        outdated.reason = f"proposed again on version {newest}"
    return True


def decide(proposal: Proposal, state: ProposalState, by: str, at: datetime) -> None:
    """Put the decision on record."""
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, at


async def reject(platform: Platform, kind: ProposalKind, proposal_id: str, reason: str, call: Call) -> Answer:
    """Reject a proposal, one's own too; doing it twice changes nothing.

    Raises:
        Refused: ``NOT_FOUND``; ``CONFLICT``, it was approved; ``KEY_REUSED``.
    """

    async def effect(session: AsyncSession) -> Answer:
        proposal = _existing(await find_proposal(session, kind, proposal_id, for_update=True))
        if proposal.state is ProposalState.APPROVED:
            zh = f"该提案已获批准，为第 {proposal.made_version} 版。"
            raise Refused(Slug.CONFLICT, zh, f"It was approved and is version {proposal.made_version}.")
        if proposal.state is ProposalState.PROPOSED:
            decide(proposal, ProposalState.REJECTED, call.person, platform.clock())
            proposal.reason = reason
        return Answer(201, show_proposal(proposal), location(proposal))

    return await carry_out(platform, call, f"reject_{kind}", effect)


def location(proposal: Proposal) -> str:
    """Where a proposal stands."""
    return f"{ROOTS[proposal.kind]}/proposals/{proposal.id}"


def show_proposal(proposal: Proposal) -> Body:
    """A proposal as people see it."""
    return {
        "id": proposal.id,
        "source": proposal.source,
        "state": proposal.state.value,
        "base_version": proposal.base_version,
        "document": proposal.document,
        "findings": proposal.findings,
        "proposed_by": proposal.proposed_by,
        "proposed_at": shown(proposal.proposed_at),
        "decided_by": proposal.decided_by,
        "decided_at": shown_or_none(proposal.decided_at),
        "reason": proposal.reason,
        "made_version": proposal.made_version,
    }


async def _number_in_force(session: AsyncSession, kind: ProposalKind) -> int:
    newest = await (newest_calendar(session) if kind is ProposalKind.NOTICE else newest_policy(session))
    return newest.number if newest else 0


def _existing(proposal: Proposal | None) -> Proposal:
    if proposal is None:
        raise Refused(Slug.NOT_FOUND, "没有此提案。", "There is no such proposal.")
    return proposal
