"""Proposals of notices and policies: kept with what the checks found, decided once."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import Proposal
from liaison.policy.words import ProposalKind, ProposalState


async def insert_proposal(session: AsyncSession, proposal: Proposal) -> None:
    """Keep a proposal."""
    session.add(proposal)
    await session.flush()


async def find_proposal(
    session: AsyncSession, kind: ProposalKind, proposal_id: str, *, for_update: bool = False
) -> Proposal | None:
    """A proposal of this kind; ``for_update`` locks it until the transaction ends."""
    wanted = select(Proposal).where(Proposal.id == proposal_id, col(Proposal.kind) == kind)
    return (await session.exec(wanted.with_for_update() if for_update else wanted)).one_or_none()


async def list_proposals(
    session: AsyncSession, kind: ProposalKind, state: ProposalState | None, after: str, limit: int
) -> Sequence[Proposal]:
    """Proposals of a kind, of one state or any, with ids greater than ``after``, oldest first."""
    wanted = select(Proposal).where(col(Proposal.kind) == kind, col(Proposal.id) > after)
    if state is not None:
        wanted = wanted.where(col(Proposal.state) == state)
    return (await session.exec(wanted.order_by(Proposal.id).limit(limit))).all()


async def proposals_from(session: AsyncSession, kind: ProposalKind, source: str) -> Sequence[Proposal]:
    """Every proposal of a kind that came from one source, oldest first."""
    wanted = select(Proposal).where(col(Proposal.kind) == kind, Proposal.source == source)
    return (await session.exec(wanted.order_by(Proposal.id))).all()
