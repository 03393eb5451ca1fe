"""Which rungs fell due within a stretch of time, and what the book holds of each."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.figures import OPEN_STAGES
from liaison.db.inbox import CLOSING
from liaison.db.tables import Action, AnswerDelivery, Message, Plan, Request, RungRecord
from liaison.policy.words import ActionState

BATCH = 500
LONGEST_WAY = timedelta(days=60)
"""From receipt to the last rung: eight business days, across the longest holidays there are."""


@dataclass(frozen=True)
class Told:
    """A message about a rung. ``state`` is the book's word, which may be none that this program knows."""

    recipient: str
    state: str
    send_after: datetime
    failure: str | None


@dataclass(frozen=True)
class DueRung:
    """One rung of one request with what became of it.

    Attributes:
        reference: the request.
        claimed: whether a workflow has taken the request up.
        rung: which rung.
        due_at: end of its last day; ``act_at`` is when the work was planned.
        recorded: whether it fired; ``annulled`` whether a reply proved to be in time afterwards.
        answered_in_time: whether something that ends the request was received before ``due_at``; of the rung that
            waits for an answer's delivery (art. 8), whether the answer was made by then.
        bells: the messages it made.
    """

    reference: str
    claimed: bool
    rung: int
    due_at: datetime
    act_at: datetime
    recorded: bool
    annulled: bool
    answered_in_time: bool
    bells: tuple[Told, ...]


@dataclass(frozen=True)
class _Planned:
    reference: str
    run_id: str | None
    closed_at: datetime | None
    rung: int
    due_at: datetime
    act_at: datetime
    waits_for_delivery: bool
    made_at: datetime | None


async def rungs_due(
    session: AsyncSession, start: datetime, end: datetime, cause_of: Callable[[int], str]
) -> AsyncIterator[DueRung]:
    """Rungs due in ``[start, end)`` of requests that were open then or whose answers were to be made, by reference.

    Args:
        session: a reading one.
        start: aware, as is ``end``.
        end: exclusive.
        cause_of: the reason that messages of a rung bear.
    """
    after = ""
    while rows := await _requests(session, start, end, after):
        after = rows[-1][0]
        planned = [rung for row in rows for rung in _planned(row, start, end)]
        for rung in await _looked_up(session, planned, cause_of):
            yield rung


async def _requests(session: AsyncSession, start: datetime, end: datetime, after: str) -> Sequence[Any]:
    """Requests that may have such rungs with their plans' rungs; reading goes on after a reference."""
    in_force = and_(col(Plan.reference) == col(Request.reference), col(Plan.number) == col(Request.plan))
    to_make = and_(col(AnswerDelivery.due_at) >= start, col(AnswerDelivery.due_at) < end)
    columns = (Request.reference, Request.run_id, Request.closed_at, Plan.rungs)
    found = await session.exec(
        select(*columns, AnswerDelivery.due_at, AnswerDelivery.made_at)  # type: ignore[call-overload]
        .join(Plan, in_force)
        .join(AnswerDelivery, col(AnswerDelivery.reference) == col(Request.reference), isouter=True)
        .where(
            col(Request.reference) > after,
            col(Request.attached_to).is_(None),
            col(Request.received_at) >= start - LONGEST_WAY,
            col(Request.received_at) < end,
            or_(col(Request.stage).in_(OPEN_STAGES), col(Request.closed_at) >= start, to_make),
        )
        .order_by(Request.reference)
        .limit(BATCH)
    )
    return found.all()


def _planned(row: Any, start: datetime, end: datetime) -> list[_Planned]:
    reference, run_id, closed_at, rungs, to_make_by, made_at = row
    dated = [(rung, datetime.fromisoformat(rung["due_at"])) for rung in rungs]
    return [
        _Planned(
            reference, run_id, closed_at, rung["rung"], due_at, datetime.fromisoformat(rung["act_at"]),
            due_at == to_make_by, made_at,
        )
        for rung, due_at in dated
        if start <= due_at < end
    ]  # fmt: skip


async def _looked_up(session: AsyncSession, planned: list[_Planned], cause_of: Callable[[int], str]) -> list[DueRung]:
    references = [rung.reference for rung in planned]
    if not references:
        return []
    annulled = await _recorded(session, references)
    ended = await _ended(session, references)
    bells = await _bells(session, references, {cause_of(rung.rung) for rung in planned})
    return [
        DueRung(
            reference=rung.reference,
            claimed=rung.run_id is not None,
            rung=rung.rung,
            due_at=rung.due_at,
            act_at=rung.act_at,
            recorded=(rung.reference, rung.rung) in annulled,
            annulled=annulled.get((rung.reference, rung.rung), False),
            answered_in_time=_is_in_time(rung, ended.get(rung.reference)),
            bells=tuple(bells[rung.reference, cause_of(rung.rung)]),
        )
        for rung in planned
    ]


async def _recorded(session: AsyncSession, references: list[str]) -> dict[tuple[str, int], bool]:
    """Rungs that fired, by reference and rung, with whether they were annulled."""
    found = await session.exec(
        select(RungRecord.reference, RungRecord.rung, RungRecord.annulled_at).where(
            col(RungRecord.reference).in_(references)
        )
    )
    return {(reference, rung): annulled_at is not None for reference, rung, annulled_at in found.all()}


async def _bells(session: AsyncSession, references: list[str], causes: set[str]) -> dict[tuple[str, str], list[Told]]:
    """Messages about rungs, by reference and reason."""
    # As text: one row with a word nobody knows must not hide all others.
    columns = (Message.recipient, cast(Message.state, String), Message.send_after, Message.failure)
    found = await session.exec(
        select(Message.reference, Message.cause, *columns)  # type: ignore[call-overload]
        .where(col(Message.reference).in_(references), col(Message.cause).in_(causes))
        .order_by(Message.id)
    )
    bells: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for reference, cause, *told in found.all():
        bells[reference, cause].append(Told(*told))
    return bells


async def _ended(session: AsyncSession, references: list[str]) -> dict[str, datetime]:
    """When the first thing that ends each request was received, refused ones left out."""
    found = await session.exec(
        select(Action.reference, Action.received_at).where(
            col(Action.reference).in_(references),
            col(Action.kind).in_(CLOSING),
            col(Action.state).in_((ActionState.PENDING, ActionState.CLAIMED, ActionState.ACCEPTED, ActionState.LATE)),
        )
    )
    ended: dict[str, datetime] = {}
    for reference, received_at in found.all():
        ended[reference] = min(received_at, ended.get(reference, received_at))
    return ended


def _is_in_time(rung: _Planned, ended: datetime | None) -> bool:
    if rung.waits_for_delivery:
        return _before(rung.made_at, rung)
    return _before(ended, rung) or _before(rung.closed_at, rung)


def _before(instant: datetime | None, rung: _Planned) -> bool:
    return instant is not None and instant < rung.due_at
