"""Whether messages may leave, and what a book out of a backup must not believe of itself (design section 10, H32).

A book that came out of a backup says "reserved" of messages that went out after the backup was made. So messages are
frozen until an operator has looked, and afterwards the gateway is asked before anything is sent about a request that
was registered before the restoring.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.messages import PARTY
from liaison.db.tables import Action, AnswerDelivery, FollowUp, Message, Request, Sends
from liaison.policy.message_words import MessageState
from liaison.policy.words import ActionState, Stage

_DECIDED: Final = "sends decided"

IN_FLIGHT = timedelta(seconds=30)
"""How long a submission that had begun before a freeze may still be under way; more than an activity may take."""


async def sends(session: AsyncSession) -> Sends | None:
    """What was last decided about sending, as this session saw it first; None if nobody ever froze it."""
    if _DECIDED not in session.info:
        session.info[_DECIDED] = await session.get(Sends, 1)
    decided: Sends | None = session.info[_DECIDED]
    return decided


async def freeze_sends(session: AsyncSession, reason: str, now: datetime) -> Sends:
    """Let no message leave from now on; one freeze after another goes on from the first."""
    row = await session.get(Sends, 1)
    if row is None:
        row = Sends(frozen=False, since=now, reason="")
        session.add(row)
    if not row.frozen:
        row.frozen, row.since = True, now
    row.reason = reason
    return row


async def release_sends(session: AsyncSession, now: datetime) -> int | None:
    """Let messages leave again; how many are handed on anew, None if nothing was frozen.

    What was under way when it was frozen, and what nobody could say of whether it went out, is handed on as submitting:
    its sender asks the gateway first.
    """
    row = await session.get(Sends, 1)
    if row is None or not row.frozen:
        return None
    # Of a restored book nothing is under way, however soon it is released.
    settled = is_restored(row) or now - row.since > IN_FLIGHT
    row.frozen, row.since, row.reason = False, now, ""
    if settled:
        await _ask_about_ambiguous(session)
    handed_on = (MessageState.RESERVED, MessageState.SUBMITTING) if settled else (MessageState.RESERVED,)
    waiting = await session.exec(update(Message).where(col(Message.state).in_(handed_on)).values(handed_on=False))
    return waiting.rowcount


async def _ask_about_ambiguous(session: AsyncSession) -> None:
    """Only where it still matters: for parties, and for staff while the request is open."""
    still_open = select(Request.reference).where(col(Request.stage) != Stage.CLOSED)
    matters = or_(col(Message.recipient) == PARTY, col(Message.reference).in_(still_open))
    await session.exec(
        update(Message)
        .where(col(Message.state) == MessageState.AMBIGUOUS, col(Message.erased_at).is_(None), matters)
        .values(state=MessageState.SUBMITTING)
    )


def is_restored(decided: Sends) -> bool:
    """Whether sending is frozen because the book came out of a backup."""
    return decided.frozen and decided.restored_at is not None and decided.restored_at >= decided.since


async def mark_restored(session: AsyncSession, reason: str, now: datetime) -> int:
    """Say that the book, or Temporal, came out of a backup; how many open requests need a new run.

    The book is what counts: every open request loses its claim and gets the number of a new run chain, so whatever
    Temporal still runs for it is known to be of another time. What closed requests wait for may have lost its run and
    is started at once where it has; a run that goes on is not disturbed by it. Sending is frozen.
    """
    row = await freeze_sends(session, reason, now)
    row.restored_at = now
    opened = await session.exec(
        update(Request)
        .where(col(Request.stage) != Stage.CLOSED, col(Request.attached_to).is_(None))
        .values(run_id=None, stream=Request.stream + 1, leased_until=None)
    )
    await session.exec(update(Action).where(col(Action.state) == ActionState.PENDING).values(leased_until=None))
    for aftercare in (AnswerDelivery, FollowUp):
        await session.exec(update(aftercare).values(leased_until=None))
    return opened.rowcount


async def messages_by_state(session: AsyncSession) -> dict[MessageState, int]:
    """How many messages wait or are in doubt."""
    asked = (MessageState.RESERVED, MessageState.SUBMITTING, MessageState.AMBIGUOUS)
    found = await session.exec(
        select(Message.state, func.count()).where(col(Message.state).in_(asked)).group_by(col(Message.state))
    )
    return dict.fromkeys(asked, 0) | {MessageState(state): count for state, count in found.all()}
