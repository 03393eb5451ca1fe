"""Reads of requests: named, scoped, keyset-paged (design section 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, bindparam, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from liaison.db.sound import sound_rows
from liaison.db.tables import Event, Fault, Message, Plan, Request
from liaison.db.visibility import visible
from liaison.policy.recipients import accused_by
from liaison.policy.scope import Scope
from liaison.policy.words import Stage


@dataclass(frozen=True)
class Found:
    """A request, the request it is attached to (itself if to none) and the plan in force."""

    own: Request
    main: Request
    plan: Plan

    @property
    def accused(self) -> frozenset[str]:
        """Whom either complains of by name."""
        return accused_by(self.own, self.main)


@dataclass(frozen=True)
class RequestFilters:
    """Which requests to list; None means any. ``overdue`` and ``due_before`` find open requests only.

    Every filter but ``court`` asks about a course of its own, so it leaves attached requests out.
    """

    court: str | None = None
    department: str | None = None
    holder: str | None = None
    stage: Stage | None = None
    overdue: bool = False
    due_before: datetime | None = None


async def find_request(session: AsyncSession, scope: Scope, reference: str) -> Found | None:
    """A request, if the scope may see it."""
    row = (await session.exec(_find(scope), params={"reference": reference})).one_or_none()
    return None if row is None else Found(row[0], row[1], row[2])


@lru_cache(maxsize=1024)
def _find(scope: Scope) -> Select[Request, Request, Plan]:
    """Made once for a key: to build this statement takes longer than to run it."""
    return _with_plan().where(col(Request.reference) == bindparam("reference"), visible(scope))


async def list_requests(
    session: AsyncSession, scope: Scope, filters: RequestFilters, now: datetime, after: str, limit: int
) -> list[Found]:
    """Requests the scope may see with references greater than ``after``, in their order."""
    # The page first: joined to what is shown of it, every request of a court would be put in order.
    page = (
        select(Request.reference)
        .where(visible(scope), col(Request.reference) > after, *_conditions(filters, now))
        .order_by(Request.reference)
        .limit(limit)
    )
    wanted = _with_plan().where(col(Request.reference).in_(page)).order_by(Request.reference)
    return [Found(own, main, plan) for own, main, plan in await sound_rows(session, wanted, col(Request.reference))]


async def events_of(session: AsyncSession, references: Sequence[str], after: int, limit: int) -> Sequence[Event]:
    """The record of requests, in the order it was written."""
    found = await session.exec(
        select(Event)
        .where(col(Event.reference).in_(references), col(Event.id) > after)
        .order_by(col(Event.id))
        .limit(limit)
    )
    return found.all()


async def messages_to_show(
    session: AsyncSession, scope: Scope, reference: str | None, after: str, limit: int
) -> Sequence[Message]:
    """Messages about requests the scope may see, with ids greater than ``after``."""
    about = select(Message).join(Request, col(Request.reference) == col(Message.reference)).where(visible(scope))
    if reference is not None:
        about = about.where(Message.reference == reference)
    wanted = about.where(col(Message.id) > after).order_by(Message.id).limit(limit)
    return await sound_rows(session, wanted, col(Message.id))


async def newest_faults(session: AsyncSession, before: int | None, limit: int) -> Sequence[Fault]:
    """The register of faults, the newest first; ``before`` is the number of the last one seen."""
    newest = select(Fault).order_by(col(Fault.id).desc()).limit(limit)
    return (await session.exec(newest if before is None else newest.where(col(Fault.id) < before))).all()


def _with_plan() -> Select[Request, Request, Plan]:
    main = aliased(Request)
    in_force = and_(col(Plan.reference) == col(main.reference), col(Plan.number) == col(main.plan))
    return (
        select(Request, main, Plan)
        .join(main, col(main.reference) == func.coalesce(Request.attached_to, Request.reference))
        .join(Plan, in_force)
    )


def _conditions(filters: RequestFilters, now: datetime) -> list[ColumnElement[bool]]:
    of_course: list[ColumnElement[bool]] = []
    if filters.department is not None:
        of_course.append(col(Request.department) == filters.department)
    if filters.holder is not None:
        of_course.append(col(Request.holder_id) == filters.holder)
    if filters.stage is not None:
        of_course.append(col(Request.stage) == filters.stage)
    if filters.overdue:
        late = or_(col(Request.next_due_at) < now, col(Request.rung) >= 0)
        of_course += [col(Request.stage) != Stage.CLOSED, late]
    if filters.due_before is not None:
        of_course += [col(Request.stage) != Stage.CLOSED, col(Request.next_due_at) < filters.due_before]
    if of_course:
        of_course.append(col(Request.attached_to).is_(None))
    if filters.court is not None:
        of_course.append(col(Request.court) == filters.court)
    return of_course
