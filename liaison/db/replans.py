"""Re-plans: which open requests newer rules may move, and how far they have been brought to them (calendar.md 5.3)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true, tuple_
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.figures import OPEN_STAGES
from liaison.db.sound import sound_rows
from liaison.db.tables import Plan, Replan, Request, RungRecord

BATCH = 1_000
"""Requests marked in one transaction: nobody waits long for the book meanwhile."""

_IN_FORCE = and_(col(Plan.reference) == col(Request.reference), col(Plan.number) == col(Request.plan))


@dataclass(frozen=True, slots=True)
class Target:
    """The rules to bring open requests to: a calendar version, and a policy version where they are moved to one."""

    calendar: int
    policy: int | None = None

    @property
    def behind(self) -> ColumnElement[bool]:
        """Open requests with dates of their own that were not brought there yet."""
        older = col(Request.calendar_version) < self.calendar
        if self.policy is not None:
            older = col(Request.policy_version) < self.policy
        return and_(col(Request.stage).in_(OPEN_STAGES), col(Request.attached_to).is_(None), older)

    @property
    def reached(self) -> dict[str, int]:
        """What a request that was brought there, or is left alone, bears."""
        calendar = {"calendar_version": self.calendar}
        return calendar if self.policy is None else calendar | {"policy_version": self.policy}


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to the last day that changed between a calendar version and the newest, for some courts."""

    version: int
    courts: tuple[str, ...]
    first: date
    last: date

    @property
    def touches(self) -> ColumnElement[bool]:
        """Plans that reach over a changed day, perhaps. A summary request may even be answered on day 0 itself."""
        return and_(
            col(Plan.calendar_version) == self.version,
            col(Request.court).in_(self.courts),
            col(Plan.day0) <= self.last.isoformat(),
            or_(col(Plan.last_due_on).is_(None), col(Plan.last_due_on) >= self.first.isoformat()),
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open request with the plan in force and the rungs that fired."""

    request: Request
    plan: Plan
    recorded: frozenset[int]


async def versions_behind(session: AsyncSession, target: Target) -> list[tuple[int, str]]:
    """The calendar versions that open requests are still counted by, each with each court."""
    found = await session.exec(
        select(Plan.calendar_version, Request.court).join(Request, _IN_FORCE).where(target.behind).distinct()
    )
    return [(version, court) for version, court in found.all()]


async def candidates(
    session: AsyncSession, target: Target, spans: Sequence[Span] | None, after: str, limit: int
) -> tuple[list[Candidate], str]:
    """A page of requests whose dates must be looked at, those that fall due next first.

    Args:
        session: A reading one.
        target: Where they are brought to.
        spans: What has changed; None if all are to be looked at, as when the policy is another.
        after: Where the last page ended; empty for the first.
        limit: Most requests of a page.

    Returns:
        The page, and where it ended: empty if it was the last.
    """
    due = func.coalesce(col(Request.next_due_at), col(Request.registered_at))
    wanted = (
        select(Request, Plan, due)
        .join(Plan, _IN_FORCE)
        .where(target.behind, true() if spans is None else _touched_by(spans), *_beyond(due, after))
        .order_by(due, col(Request.reference))
        .limit(limit)
    )
    rows = await sound_rows(session, wanted, col(Request.reference))
    recorded = await _recorded(session, [request.reference for request, _, _ in rows])
    page = [Candidate(request, plan, recorded[request.reference]) for request, plan, _ in rows]
    return page, f"{rows[-1][2].isoformat()}/{rows[-1][0].reference}" if len(rows) == limit else ""


async def mark_in_bulk(
    session: AsyncSession, target: Target, spans: Sequence[Span], compared: Sequence[tuple[int, str]]
) -> int:
    """Mark a batch of the requests that no change touches as brought there; how many.

    Only of versions and courts that were ``compared``: an intake that read older rules may be written meanwhile.
    """
    untouched = (
        select(Request.reference, Plan.number)
        .join(Plan, _IN_FORCE)
        .where(
            target.behind,
            tuple_(col(Plan.calendar_version), col(Request.court)).in_(compared),
            not_(_touched_by(spans)),
        )
        .limit(BATCH)
    )
    return await _mark(session, target, untouched)


async def mark_untouched(session: AsyncSession, target: Target, looked_at: Sequence[Candidate]) -> int:
    """Mark requests that were looked at and stay as they are, unless they have got another plan meanwhile."""
    return await _mark(session, target, [(each.request.reference, each.plan.number) for each in looked_at])


async def remaining(session: AsyncSession, target: Target) -> int:
    """How many open requests are still counted by older rules."""
    return (await session.exec(select(func.count()).select_from(Request).where(target.behind))).one()


async def count_replanned(session: AsyncSession, replan: str, **counted: int) -> None:
    """Add to what became of the requests of a re-plan: ``moved``, ``made_final``, ``untouched``, ``passes``."""
    values = {name: col(getattr(Replan, name)) + number for name, number in counted.items() if number}
    if values:
        await session.exec(update(Replan).where(col(Replan.id) == replan).values(**values))


async def keep_progress(
    session: AsyncSession, replan: str, passes: int, left: int, ended: datetime | None
) -> Replan | None:
    """Note what is left after a pass, and the end. Returns the row; None if nobody approved such a re-plan."""
    row = await session.get(Replan, replan, with_for_update=True)
    if row is not None:
        row.passes, row.remaining, row.finished_at = passes, left, row.finished_at or ended
    return row


async def moving_policies(session: AsyncSession, policies: Collection[int]) -> set[int | None]:
    """Those of some policies of which whoever approved them said that open requests move to them."""
    found = await session.exec(select(Replan.policy_version).where(col(Replan.policy_version).in_(policies)))
    return set(found.all())


async def newest_moving_policy_before(session: AsyncSession, instant: datetime) -> int | None:
    """The newest policy to which, by then, open requests were said to move; None if there was none."""
    said = select(func.max(Replan.policy_version)).where(col(Replan.started_at) < instant)
    return (await session.exec(said)).one()


async def find_replan(session: AsyncSession, replan: str) -> Replan | None:
    """One re-plan."""
    return await session.get(Replan, replan)


async def unfinished_replans(session: AsyncSession, started_before: datetime) -> Sequence[Replan]:
    """Re-plans that have not come to their end, the oldest first."""
    left = (col(Replan.finished_at).is_(None), col(Replan.started_at) < started_before)
    return (await session.exec(select(Replan).where(*left).order_by(col(Replan.started_at)))).all()


async def replans_since(session: AsyncSession, after: Replan | None, limit: int) -> Sequence[Replan]:
    """Re-plans that began before another one, the latest first."""
    wanted = select(Replan).order_by(col(Replan.started_at).desc(), col(Replan.id).desc()).limit(limit)
    if after is not None:
        wanted = wanted.where(tuple_(col(Replan.started_at), col(Replan.id)) < tuple_(after.started_at, after.id))
    return (await session.exec(wanted)).all()


def _touched_by(spans: Sequence[Span]) -> ColumnElement[bool]:
    return or_(false(), *(span.touches for span in spans))


async def _mark(session: AsyncSession, target: Target, which: Any) -> int:
    # By reference and plan: who was given another plan since is looked at again.
    marked = await session.exec(
        update(Request)
        .where(tuple_(col(Request.reference), col(Request.plan)).in_(which), target.behind)
        .values(**target.reached)
        .execution_options(synchronize_session=False)
    )
    return int(marked.rowcount)


async def _recorded(session: AsyncSession, references: Sequence[str]) -> dict[str, frozenset[int]]:
    found = await session.exec(
        select(RungRecord.reference, RungRecord.rung).where(col(RungRecord.reference).in_(references))
    )
    recorded: dict[str, set[int]] = {reference: set() for reference in references}
    for reference, rung in found.all():
        recorded[reference].add(rung)
    return {reference: frozenset(rungs) for reference, rungs in recorded.items()}


def _beyond(due: Any, after: str) -> list[ColumnElement[bool]]:
    if not after:
        return []
    instant, _, reference = after.partition("/")
    ended = datetime.fromisoformat(instant)
    return [or_(due > ended, and_(due == ended, col(Request.reference) > reference))]
