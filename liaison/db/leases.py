"""What is left undone, handed to one relay at a time: rows are leased by conditional update (design section 3).

A lease that nobody gives back runs out, so a relay that dies leaves its work to the next.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.messages import is_open
from liaison.db.sound import sound_rows
from liaison.db.tables import Action, Message, Plan, Request
from liaison.policy.words import ActionState, Stage

DELIVERING, HANDING_ON = 20_200_080, 20_200_081
"""What one relay does at a time, beside the number that versions of the rules are made under."""

_Earlier = aliased(Action)


async def is_alone(session: AsyncSession, at_what: int) -> bool:
    """Whether no other relay is at it, until the transaction ends. SQLite is for one machine with one worker."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool((await session.exec(select(func.pg_try_advisory_xact_lock(at_what)))).one())


async def lease_unstarted(
    session: AsyncSession, now: datetime, registered_before: datetime, until: datetime, limit: int
) -> list[tuple[Request, Plan]]:
    """Requests no run has claimed, oldest first, leased until ``until``, with their plans."""
    free = or_(col(Request.leased_until).is_(None), col(Request.leased_until) <= now)
    unstarted = and_(
        col(Request.run_id).is_(None),
        col(Request.registered_at) < registered_before,
        col(Request.attached_to).is_(None),
        col(Request.stage) != Stage.CLOSED,
        free,
    )
    chosen = (
        select(Request.reference).where(unstarted).order_by(col(Request.registered_at)).limit(limit)
    ).with_for_update(skip_locked=True)
    leased = await session.exec(
        update(Request)
        .where(col(Request.reference).in_(chosen), free)
        .values(leased_until=until)
        .returning(col(Request.reference))
    )
    references = list(leased.scalars())
    in_force = and_(col(Plan.reference) == col(Request.reference), col(Plan.number) == col(Request.plan))
    leased_rows = (
        select(Request, Plan)
        .join(Plan, in_force)
        .where(col(Request.reference).in_(references))
        .order_by(col(Request.registered_at))
    )
    return [(request, plan) for request, plan in await sound_rows(session, leased_rows, col(Request.reference))]


async def lease_pending_actions(
    session: AsyncSession, now: datetime, received_before: datetime, until: datetime, limit: int
) -> Sequence[Action]:
    """Pending actions whose request was started, in the order they were given, leased until ``until``.

    What waits for a request that has no run yet is left alone: its run is started first. So is what was given after an
    action that is leased to be delivered, for no longer than this lease: that one is to come first. One relay chooses
    at a time; whoever finds another at it gets nothing, for its leases are not to be seen yet.
    """
    if not await is_alone(session, DELIVERING):
        return []
    free = or_(col(Action.leased_until).is_(None), col(Action.leased_until) <= now)
    started = select(Request.reference).where(or_(col(Request.run_id).is_not(None), col(Request.stage) == Stage.CLOSED))
    pending = and_(
        col(Action.state) == ActionState.PENDING,
        col(Action.received_at) < received_before,
        col(Action.reference).in_(started),
        free,
        ~_earlier(col(_Earlier.leased_until) > now, col(_Earlier.leased_until) <= until),
    )
    chosen = select(Action.id).where(pending).order_by(Action.id).limit(limit).with_for_update(skip_locked=True)
    leased = await session.exec(
        update(Action).where(col(Action.id).in_(chosen), free).values(leased_until=until).returning(col(Action.id))
    )
    ids = list(leased.scalars())
    return await sound_rows(session, select(Action).where(col(Action.id).in_(ids)).order_by(Action.id), col(Action.id))


async def comes_after_another(
    session: AsyncSession, action: Action, received_before: datetime, leased_before: datetime
) -> bool:
    """Whether an action given earlier to the same request, before that instant, waits in the inbox for the relay.

    ``leased_before`` tells an attempt at delivering it from the patience with a workflow that has taken it.
    """
    undelivered = or_(col(_Earlier.leased_until).is_(None), col(_Earlier.leased_until) <= leased_before)
    waits = _earlier(col(_Earlier.received_at) < received_before, undelivered)
    found = await session.exec(select(Action.id).where(Action.id == action.id, waits))
    return found.first() is not None


async def keep_started(session: AsyncSession, references: Sequence[str], until: datetime) -> None:
    """Leave requests alone until then: Temporal has their workflows, a worker will claim them."""
    await session.exec(update(Request).where(col(Request.reference).in_(references)).values(leased_until=until))


async def keep_taken(session: AsyncSession, ids: Sequence[str], until: datetime) -> None:
    """Leave actions alone until then: their workflow has them and will settle them."""
    await session.exec(update(Action).where(col(Action.id).in_(ids)).values(leased_until=until))


async def release_actions(session: AsyncSession, reference: str) -> None:
    """Have a request's pending actions delivered anew: the run that had taken them is gone."""
    waiting = (col(Action.reference) == reference, col(Action.state) == ActionState.PENDING)
    await session.exec(update(Action).where(*waiting).values(leased_until=None))


async def messages_left(session: AsyncSession, reserved_before: datetime, limit: int) -> Sequence[Message]:
    """Messages of which no sender has taken charge, as after a crash between commit and hand-over, or a restoring."""
    left = (
        select(Message)
        .where(
            is_open(),
            col(Message.handed_on).is_(False),
            col(Message.reserved_at) < reserved_before,
        )
        .order_by(Message.id)
        .limit(limit)
    )
    return await sound_rows(session, left, col(Message.id))


def _earlier(*such: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether such an action was given to the same request before and is pending."""
    of_request = (col(_Earlier.reference) == col(Action.reference), col(_Earlier.id) < col(Action.id))
    return exists().where(*of_request, col(_Earlier.state) == ActionState.PENDING, *such).correlate(Action)
