"""Figures for whoever watches the platform: a handful of small reads, each answered by an index."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, and_, cast, or_
from sqlmodel import col, exists, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.inbox import CLOSING
from liaison.db.messages import WANTED, is_open
from liaison.db.sends import sends
from liaison.db.tables import Action, AnswerDelivery, Message, Request, RungRecord
from liaison.policy.message_words import DeliveryState, MessageState
from liaison.policy.words import ActionState, Stage

OPEN_STAGES = tuple(stage for stage in Stage if stage is not Stage.CLOSED)
COUNTED_FOR = timedelta(days=1)
"""How long a settled message is counted: all that were ever sent are many, and say nothing of today."""

GRACE = timedelta(minutes=1)
"""How long the work of an instant may take before it is called undone."""


@dataclass(frozen=True)
class Figures:
    """What the book says of itself at one moment.

    Attributes:
        open_requests: open courses, attached requests not counted.
        pending_starts: of them, without a workflow that has claimed them; ``oldest_pending_start`` is how long the
            oldest has waited.
        unfired: requests whose next limit is past, spread and a minute's grace included, and nothing recorded: open
            ones, but for those that were replied to in time, the reply still on its way; and closed ones whose answers
            were to be made by then and are not.
        waiting_actions: replies and other actions that have not taken effect; ``oldest_action`` is how long the
            oldest has waited.
        messages: by state, those settled longer ago than a day not counted.
        oldest_message: for how long a message that may go out has waited, in a sender's hands or in none.
        sends_frozen: whether an operator holds back every message.
    """

    open_requests: int
    pending_starts: int
    oldest_pending_start: timedelta
    unfired: int
    waiting_actions: int
    oldest_action: timedelta
    messages: dict[MessageState, int]
    oldest_message: timedelta
    sends_frozen: bool


async def read_figures(session: AsyncSession, now: datetime, spread: timedelta) -> Figures:
    """The figures at ``now``; ``spread`` is the policy's window for the work of one instant."""
    starts, oldest_start = await _pending_starts(session)
    actions, oldest_action = await _waiting_actions(session)
    rule = await sends(session)
    return Figures(
        open_requests=await _open_requests(session),
        pending_starts=starts,
        oldest_pending_start=_age(oldest_start, now),
        unfired=await _unfired(session, now - spread - GRACE) + await _unmade(session, now - spread - GRACE),
        waiting_actions=actions,
        oldest_action=_age(oldest_action, now),
        messages=await _messages(session, now - COUNTED_FOR),
        oldest_message=_age(await _oldest_message(session, now), now),
        sends_frozen=rule is not None and rule.frozen,
    )


async def _open_requests(session: AsyncSession) -> int:
    counted = select(func.count()).select_from(Request)
    return (
        await session.exec(counted.where(col(Request.stage).in_(OPEN_STAGES), col(Request.attached_to).is_(None)))
    ).one()


async def _pending_starts(session: AsyncSession) -> tuple[int, datetime | None]:
    found = await session.exec(
        select(func.count(), func.min(Request.registered_at)).where(
            col(Request.run_id).is_(None), col(Request.stage).in_(OPEN_STAGES)
        )
    )
    count, oldest = found.one()
    return count, oldest


async def _unfired(session: AsyncSession, limit: datetime) -> int:
    timely = exists().where(
        col(Action.reference) == col(Request.reference),
        col(Action.state) == ActionState.PENDING,
        col(Action.kind).in_(CLOSING),
        col(Action.received_at) < col(Request.next_due_at),
    )
    found = await session.exec(
        select(func.count())
        .select_from(Request)
        .where(
            col(Request.stage).in_(OPEN_STAGES),
            col(Request.next_due_at) < limit,
            col(Request.attached_to).is_(None),
            ~timely,
        )
    )
    return found.one()


async def _unmade(session: AsyncSession, limit: datetime) -> int:
    recorded = exists().where(
        col(RungRecord.reference) == col(AnswerDelivery.reference),
        col(RungRecord.due_at) == col(AnswerDelivery.due_at),
    )
    waiting = [state for state in DeliveryState if state is not DeliveryState.MADE]
    found = await session.exec(
        select(func.count())
        .select_from(AnswerDelivery)
        .join(Request, col(Request.reference) == col(AnswerDelivery.reference))
        .where(
            col(AnswerDelivery.state).in_(waiting),
            col(AnswerDelivery.due_at) < limit,
            col(Request.erased_at).is_(None),
            ~recorded,
        )
    )
    return found.one()


async def _waiting_actions(session: AsyncSession) -> tuple[int, datetime | None]:
    found = await session.exec(
        select(func.count(), func.min(Action.received_at)).where(col(Action.state) == ActionState.PENDING)
    )
    count, oldest = found.one()
    return count, oldest


async def _messages(session: AsyncSession, since: datetime) -> dict[MessageState, int]:
    # The second condition is that of the index over settled messages which are not erased yet.
    recent = and_(col(Message.settled_at) >= since, col(Message.erased_at).is_(None))
    # Read as text: one row with a word nobody knows must not blind whoever is on call.
    state = cast(Message.state, String)
    found = await session.exec(select(state, func.count()).where(or_(is_open(), recent)).group_by(state))
    counts: dict[str, int] = dict(found.all())
    return {state: counts.get(state.value, 0) for state in MessageState}


async def _oldest_message(session: AsyncSession, now: datetime) -> datetime | None:
    found = await session.exec(
        select(func.min(Message.send_after)).where(col(Message.state).in_(WANTED), col(Message.send_after) < now)
    )
    return found.one()


def _age(oldest: datetime | None, now: datetime) -> timedelta:
    return max(now - oldest, timedelta()) if oldest is not None else timedelta()
