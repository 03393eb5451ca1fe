"""Closing a request, and with it those attached to it."""

from datetime import datetime

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import Request
from liaison.policy.words import Outcome, Stage


async def close_with_attached(session: AsyncSession, request: Request, outcome: Outcome, now: datetime) -> None:
    """Close the locked request and all attached to it; the matter may be asked about anew from now on."""
    await session.flush()
    await session.exec(
        update(Request)
        .where((col(Request.reference) == request.reference) | (col(Request.attached_to) == request.reference))
        .values(stage=Stage.CLOSED, outcome=outcome, closed_at=now, open_matter=None, next_due_at=None)
    )
