"""The inbox of leaders: rung records addressed to them, until the request is replied to (Opinions art. 8)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.deliveries import waits_for_its_party
from liaison.db.sound import sound_rows
from liaison.db.tables import Plan, Request, RungRecord
from liaison.policy.scope import Scope
from liaison.policy.words import KeyRole, Post, Stage

_ROUND = 100
"""Orders rungs of a later round behind all of an earlier one."""


async def supervised(
    session: AsyncSession, scope: Scope, after: str, limit: int
) -> Sequence[tuple[RungRecord, Request, Plan]]:
    """Requests in the inbox, open or with an answer not made in time, by reference; of each the highest rung in it."""
    place = col(RungRecord.round) * _ROUND + col(RungRecord.rung)
    highest = (
        select(RungRecord.reference, func.max(place).label("place"))
        .where(_mine(scope), col(RungRecord.reference) > after)
        .group_by(RungRecord.reference)
        .subquery()
    )
    same_record = and_(col(RungRecord.reference) == highest.c.reference, place == highest.c.place)
    plan_in_force = and_(col(Plan.reference) == col(Request.reference), col(Plan.number) == col(Request.plan))
    inbox = (
        select(RungRecord, Request, Plan)
        .join(highest, same_record)
        .join(Request, col(Request.reference) == col(RungRecord.reference))
        .join(Plan, plan_in_force)
        .where(or_(col(Request.stage) != Stage.CLOSED, waits_for_its_party()))
        .order_by(RungRecord.reference)
        .limit(limit)
    )
    return await sound_rows(session, inbox, col(RungRecord.reference))


async def mark_opened(session: AsyncSession, scope: Scope, references: Sequence[str], at: datetime) -> None:
    """Write down when the full texts first reached the leader's eyes."""
    await session.exec(
        update(RungRecord)
        .where(_mine(scope), col(RungRecord.reference).in_(references), col(RungRecord.opened_at).is_(None))
        .values(opened_at=at)
    )


def _mine(scope: Scope) -> ColumnElement[bool]:
    if scope.role is KeyRole.CHAMBER:
        addressed = col(RungRecord.post) == Post.CASE_FILING_CHAMBER
    else:
        addressed = col(RungRecord.recipient) == scope.staff
    return and_(addressed, col(RungRecord.annulled_at).is_(None))
