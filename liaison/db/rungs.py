"""Rungs: recorded once, annulled where a reply proves to have been on time, shown in the leaders' inbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.inbox import CLOSING
from liaison.db.tables import Action, Plan, Request, RungRecord
from liaison.policy.words import ActionState, Stage


def planned_rung(plan: Plan, rung: int) -> dict[str, Any]:
    """One rung of a plan: ``{rung, business_day, due_on, due_at, act_at, notify_at, provisional}``."""
    return next(row for row in plan.rungs if row["rung"] == rung)


async def timely_ending(session: AsyncSession, reference: str, due_at: datetime) -> str | None:
    """Id of a reply, answer or withdrawal received before ``due_at`` that still waits in the inbox."""
    found = await session.exec(
        select(Action.id).where(
            Action.reference == reference,
            col(Action.kind).in_(CLOSING),
            col(Action.state) == ActionState.PENDING,
            col(Action.received_at) < due_at,
        )
    )
    return found.first()


def supervise(request: Request, plan: Plan, record: RungRecord, since: datetime) -> None:
    """Put the request under supervision, which ends only with a reply (art. 8)."""
    request.supervised_since = request.supervised_since or since
    request.rung = max(record.rung, request.rung or 0)
    request.supervisor = record.recipient
    later = [row["due_at"] for row in plan.rungs if row["rung"] > record.rung]
    request.next_due_at = datetime.fromisoformat(later[0]) if later else None


async def annul_rungs(session: AsyncSession, reference: str, received_at: datetime, now: datetime) -> list[RungRecord]:
    """Mark rungs recorded although something was received in time; the breach stays, the mark follows it."""
    found = await session.exec(
        select(RungRecord).where(
            RungRecord.reference == reference,
            col(RungRecord.due_at) > received_at,
            col(RungRecord.escalated_by).is_(None),
            col(RungRecord.annulled_at).is_(None),
        )
    )
    annulled = list(found.all())
    for record in annulled:
        record.annulled_at = now
    return annulled


async def bell_figures(session: AsyncSession, recipient: str, now: datetime) -> dict[str, str]:
    """What the bell tells a leader: how many open requests lie with him, and how many days the oldest is overdue."""
    found = await session.exec(
        select(func.count(func.distinct(RungRecord.reference)), func.min(RungRecord.due_at))
        .join(Request, col(Request.reference) == col(RungRecord.reference))
        .where(
            col(RungRecord.recipient) == recipient,
            col(RungRecord.annulled_at).is_(None),
            col(Request.stage) != Stage.CLOSED,
        )
    )
    count, oldest = found.one()
    overdue = (now - _instant(oldest)).days + 1 if oldest is not None else 0
    return {"count": str(count), "days": str(max(overdue, 1))}


def _instant(value: Any) -> datetime:
    # An aggregate of a typed column comes back through the column's type on both databases.
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
