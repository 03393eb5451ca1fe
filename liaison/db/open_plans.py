"""The plans of open requests: how many lie where a day changes, and all that one ever had."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import and_, false, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.figures import OPEN_STAGES
from liaison.db.tables import Plan, Request

DaySpan = tuple[date, date]
"""Days one after the other, the first and the last."""


async def count_touched(
    session: AsyncSession, spans: Iterable[tuple[str | None, DaySpan]], apart: Collection[str] = ()
) -> int:
    """Open requests with a changed day between day 0 and their last rung, so that a date of theirs may move.

    Day 0 itself is among them: a summary request may be answered on the day it came.

    Args:
        session: Reads.
        spans: Changed days as spans, each with the court for which they change, None for every court not ``apart``.
        apart: Courts that have spans of their own, or none.
    """
    touched = [
        and_(
            col(Plan.day0) <= last.isoformat(),
            or_(col(Plan.last_due_on).is_(None), col(Plan.last_due_on) >= first.isoformat()),
            col(Request.court).not_in(apart) if court is None else col(Request.court) == court,
        )
        for court, (first, last) in spans
    ]
    counted = select(func.count()).select_from(Request).join(Plan, _IN_FORCE)
    return (await session.exec(counted.where(*_OPEN, or_(false(), *touched)))).one()


async def plans_of(session: AsyncSession, reference: str) -> Sequence[Plan]:
    """Every plan a request ever had, the oldest first."""
    return (await session.exec(select(Plan).where(Plan.reference == reference).order_by(col(Plan.number)))).all()


_IN_FORCE = and_(col(Plan.reference) == col(Request.reference), col(Plan.number) == col(Request.plan))
_OPEN = (col(Request.stage).in_(OPEN_STAGES), col(Request.attached_to).is_(None))
