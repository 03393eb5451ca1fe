"""Claiming a request for a run, so that one request never runs twice (design 3.2)."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.errors import RequestTaken
from liaison.db.tables import Action, Plan, Request
from liaison.policy.words import ActionKind, ActionState, Stage


def claim(request: Request, run_id: str, stream: int) -> bool:
    """Let the run ``run_id`` (its first execution's id, the same after a reset) have the locked request.

    Returns:
        Whether this is the first time: a retry or a reset claims again.

    Raises:
        RequestTaken: The request is closed, attached to another, or another run has it.
    """
    if request.attached_to or request.stage is Stage.CLOSED:
        raise RequestTaken(request.reference)
    if request.run_id not in (None, run_id) or request.stream != stream:
        raise RequestTaken(request.reference)
    first = request.run_id is None
    request.run_id = run_id
    return first


async def newest_plan(session: AsyncSession, request: Request) -> Plan:
    """The plan in force."""
    return await session.get_one(Plan, (request.reference, request.plan))


async def waiting_answer(session: AsyncSession, reference: str) -> Action | None:
    """An answer given on the spot that has not taken effect."""
    found = await session.exec(
        select(Action).where(
            Action.reference == reference,
            col(Action.kind) == ActionKind.ANSWER,
            col(Action.state) == ActionState.PENDING,
        )
    )
    return found.first()
