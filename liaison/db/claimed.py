"""Claimed replies: taken, and to be confirmed or revoked."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from liaison.db.tables import Action
from liaison.policy.words import ActionKind, ActionState

ON_CLAIM = (ActionKind.CONFIRMATION, ActionKind.REVOCATION)


async def standing_claim(session: AsyncSession, reference: str) -> Action | None:
    """The reply that waits to be confirmed, as its workflow knows it; None if there is none."""
    found = await session.exec(_claims(reference).where(col(Action.state) == ActionState.CLAIMED))
    return found.first()


async def unsettled_claim(session: AsyncSession, reference: str) -> Action | None:
    """The same, one included that its workflow has not heard of."""
    unsettled = col(Action.state).in_((ActionState.PENDING, ActionState.CLAIMED))
    return (await session.exec(_claims(reference).where(unsettled))).first()


async def was_spoken_of(session: AsyncSession, claim_id: str, before: datetime) -> bool:
    """Whether a confirmation or a revocation, received before that instant, is on its way to the workflow."""
    found = await session.exec(
        select(Action.id)
        .where(
            col(Action.kind).in_(ON_CLAIM),
            col(Action.detail) == claim_id,
            col(Action.state) == ActionState.PENDING,
            col(Action.received_at) < before,
        )
        .limit(1)
    )
    return found.first() is not None


def _claims(reference: str) -> SelectOfScalar[Action]:
    return (
        select(Action)
        .where(Action.reference == reference, col(Action.kind) == ActionKind.REPLY, col(Action.claimed).is_(True))
        .order_by(Action.id)
    )
