"""Rungs: recorded once, annulled where a reply proves to have been on time, shown in the leaders' inbox."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.deliveries import waits_for_its_party
from liaison.db.inbox import CLOSING
from liaison.db.tables import Action, Plan, Request, RungRecord
from liaison.policy.words import ActionState, Post, Procedure, Stage

NEVER: Final = datetime.max.replace(tzinfo=UTC)


def planned_rung(plan: Plan, rung: int) -> dict[str, Any]:
    """One rung of a plan: ``{rung, business_day, due_on, due_at, act_at, notify_at, provisional}``."""
    return next(row for row in plan.rungs if row["rung"] == rung)


def rung_due_at(plan: Plan, rung: int) -> datetime:
    """When a rung falls due by a plan; at the end of time where it has none of that number."""
    due = (row["due_at"] for row in plan.rungs if row["rung"] == rung)
    return next((datetime.fromisoformat(due_at) for due_at in due), NEVER)


def falls_due_after(plan: Plan, rung: int, instant: datetime) -> bool:
    """Whether a plan has this rung later than that, or not at all."""
    return all(row["rung"] != rung or datetime.fromisoformat(row["due_at"]) > instant for row in plan.rungs)


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


async def supervise(session: AsyncSession, request: Request, plan: Plan, record: RungRecord, since: datetime) -> None:
    """Put the request under supervision, which ends only with a reply (art. 8)."""
    request.supervised_since = request.supervised_since or since
    if request.rung is None or record.rung > request.rung:
        request.rung, request.supervisor = record.rung, record.recipient
    if request.procedure is Procedure.ORDINARY and request.stage is not Stage.CLOSED:
        request.next_due_at = await next_rung_due(session, request, plan)


async def next_rung_due(session: AsyncSession, request: Request, plan: Plan) -> datetime | None:
    """When the lowest rung that is not recorded falls due; None above the last."""
    recorded = {told.rung for told in await rung_records(session, request.reference)}
    to_come = [row["due_at"] for row in plan.rungs if row["rung"] not in recorded]
    return datetime.fromisoformat(to_come[0]) if to_come else None


async def rung_records(session: AsyncSession, reference: str) -> list[RungRecord]:
    """Rungs that fired, annulled ones included, lowest first."""
    found = await session.exec(
        select(RungRecord).where(RungRecord.reference == reference).order_by(col(RungRecord.rung))
    )
    return list(found.all())


async def annul_rungs(
    session: AsyncSession, request: Request, received_at: datetime, now: datetime, spared: int | None = None
) -> list[RungRecord]:
    """Mark rungs recorded although something was received in time; the record stays, the mark follows it.

    ``spared`` is a rung that nothing received annuls: it waits until the answer is made to the party. What is left of
    the supervision is that of the highest rung which stands.
    """
    if request.rung is None:
        return []
    standing, annulled = [], []
    for record in await rung_records(session, request.reference):
        if record.due_at <= received_at or record.escalated_by or record.rung == spared:
            standing.append(record)
        elif record.annulled_at is None:
            record.annulled_at = now
            annulled.append(record)
    if annulled:
        highest = standing[-1] if standing else None
        request.rung, request.supervisor = (highest.rung, highest.recipient) if highest else (None, None)
        request.supervised_since = request.supervised_since if highest else None
    return annulled


async def supervised_by(session: AsyncSession, recipient: str, told: Collection[str]) -> tuple[int, datetime | None]:
    """How many requests lie with a leader, and since when the oldest of them is under supervision.

    Those that he is being ``told`` of (references) are among them also where they lie in another leader's inbox.
    """
    return await _lying_with(session, or_(col(RungRecord.recipient) == recipient, col(RungRecord.reference).in_(told)))


async def supervised_by_chamber(session: AsyncSession) -> tuple[int, datetime | None]:
    """The same of the Case Filing Chamber, with which a request lies where nobody is left."""
    return await _lying_with(session, col(RungRecord.post) == Post.CASE_FILING_CHAMBER)


async def _lying_with(session: AsyncSession, whose: ColumnElement[bool]) -> tuple[int, datetime | None]:
    found = await session.exec(
        select(func.count(func.distinct(RungRecord.reference)), func.min(Request.supervised_since))
        .join(Request, col(Request.reference) == col(RungRecord.reference))
        .where(
            whose,
            col(RungRecord.annulled_at).is_(None),
            or_(col(Request.stage) != Stage.CLOSED, waits_for_its_party()),
        )
    )
    count, since = found.one()
    return count, since
