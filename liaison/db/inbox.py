"""The inbox: what people did to requests, kept before Temporal hears of it (design section 3)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import Action, Request, RungRecord, WorkOrder
from liaison.db.texts import data_key, read_text, write_text
from liaison.keys import KeyRing
from liaison.policy.words import ActionKind, ActionState, Post, Stage

CLOSING = (ActionKind.REPLY, ActionKind.ANSWER, ActionKind.WITHDRAWAL)
"""Kinds that end a request when they take effect."""


async def insert_action(session: AsyncSession, ring: KeyRing, action: Action, text: dict[str, Any] | None) -> None:
    """Keep an action, and what it says sealed under its id."""
    session.add(action)
    await session.flush()
    if text is not None:
        key = await data_key(session, ring, action.reference)
        sealed = json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        await write_text(session, key, action.reference, action.id, sealed, action.received_at)


async def find_action(session: AsyncSession, reference: str, action_id: str) -> Action | None:
    """One action of a request."""
    found = await session.exec(select(Action).where(Action.id == action_id, Action.reference == reference))
    return found.one_or_none()


async def kept_action(session: AsyncSession, action_id: str) -> Action:
    """One action, for whoever was told its id."""
    return await session.get_one(Action, action_id)


async def actions_of(
    session: AsyncSession, reference: str, kind: ActionKind, after: str, limit: int
) -> Sequence[Action]:
    """A request's actions of one kind with ids greater than ``after``, oldest first."""
    found = await session.exec(
        select(Action)
        .where(Action.reference == reference, col(Action.kind) == kind, col(Action.id) > after)
        .order_by(Action.id)
        .limit(limit)
    )
    return found.all()


async def action_texts(
    session: AsyncSession, ring: KeyRing, reference: str, ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What actions say, by action id; those that say nothing, or were erased by age, are left out."""
    if not ids or (await session.get_one(Request, reference)).erased_at is not None:
        return {}
    key = await data_key(session, ring, reference)
    texts = {action_id: await read_text(session, key, reference, action_id) for action_id in ids}
    return {action_id: json.loads(text) for action_id, text in texts.items() if text is not None}


async def replies_kept(session: AsyncSession, reference: str) -> Sequence[Action]:
    """Replies to a request that were not refused, oldest first."""
    found = await session.exec(
        select(Action)
        .where(
            Action.reference == reference,
            col(Action.kind) == ActionKind.REPLY,
            col(Action.state) != ActionState.REFUSED,
        )
        .order_by(Action.id)
    )
    return found.all()


async def settle_action(
    session: AsyncSession, action_id: str, state: ActionState, at: datetime, refusal: str | None = None
) -> bool:
    """Write what became of a pending or claimed action, once; False if it was settled before."""
    settled = await session.exec(
        update(Action)
        .where(col(Action.id) == action_id, col(Action.state).in_((ActionState.PENDING, ActionState.CLAIMED)))
        .values(state=state, settled_at=at, refusal=refusal, leased_until=None)
    )
    return settled.rowcount == 1


async def is_closed(session: AsyncSession, reference: str) -> bool:
    """Whether the request has ended."""
    return (await session.get_one(Request, reference)).stage is Stage.CLOSED


async def work_order_in_force(session: AsyncSession, reference: str, number: int) -> WorkOrder | None:
    """The work order a request is held under; None before dispatch."""
    return await session.get(WorkOrder, (reference, number))


async def offer_of(session: AsyncSession, reference: str, number: int) -> WorkOrder | None:
    """The newest work order offered beyond number ``number``: its taker has neither signed in nor returned it."""
    found = await session.exec(
        select(WorkOrder)
        .where(
            WorkOrder.reference == reference,
            col(WorkOrder.number) > number,
            col(WorkOrder.held_from).is_(None),
            col(WorkOrder.ended_at).is_(None),
        )
        .order_by(col(WorkOrder.number).desc())
        .limit(1)
    )
    return found.first()


async def is_supervised_by(session: AsyncSession, reference: str, staff: str | None, *, chamber: bool) -> bool:
    """Whether the request lies in a leader's inbox, or in the Case Filing Chamber's."""
    mine = col(RungRecord.post) == Post.CASE_FILING_CHAMBER if chamber else col(RungRecord.recipient) == staff
    found = await session.exec(
        select(RungRecord.rung)
        .where(RungRecord.reference == reference, mine, col(RungRecord.annulled_at).is_(None))
        .limit(1)
    )
    return found.first() is not None
