"""What gateways tell us: kept as it came, then worked off; and the tokens of their addresses."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from liaison.db.sound import sound_rows
from liaison.db.tables import Callback, CallbackToken
from liaison.keys import KeyRing
from liaison.policy.message_words import CallbackKind

LIVE_TOKENS = 2
"""So many addresses of one gateway may be good at once: the old one until the provider calls the new one."""


async def keep_callback(
    session: AsyncSession, ring: KeyRing, callback_id: str, gateway: str, kind: CallbackKind, raw: bytes, now: datetime
) -> Callback:
    """Keep a call sealed, key class ``gateway``; bytes of whatever kind."""
    sealed = ring.seal(raw.decode("latin-1"), _place(callback_id))
    row = Callback(id=callback_id, gateway=gateway, kind=kind, sealed=sealed, received_at=now)
    session.add(row)
    await session.flush()
    return row


def open_callback(ring: KeyRing, callback: Callback) -> bytes:
    """The call as it came. Personal data."""
    return ring.open(callback.sealed, _place(callback.id)).encode("latin-1")


async def lease_callbacks(
    session: AsyncSession, now: datetime, received_before: datetime, until: datetime, limit: int
) -> Sequence[Callback]:
    """Calls that have not taken effect and can be read, oldest first, leased until ``until``."""
    free = or_(col(Callback.leased_until).is_(None), col(Callback.leased_until) <= now)
    waiting = (col(Callback.settled_at).is_(None), col(Callback.received_at) < received_before, free)
    chosen = select(Callback.id).where(*waiting).order_by(Callback.id).limit(limit).with_for_update(skip_locked=True)
    leased = await session.exec(
        update(Callback)
        .where(col(Callback.id).in_(chosen), free)
        .values(leased_until=until)
        .returning(col(Callback.id))
    )
    ids = list(leased.scalars())
    return await sound_rows(
        session, select(Callback).where(col(Callback.id).in_(ids)).order_by(Callback.id), col(Callback.id)
    )


async def settle_callback(session: AsyncSession, callback_id: str, now: datetime, failure: str | None = None) -> None:
    """Everything in it has taken effect, but for what can never be read."""
    settled = update(Callback).where(col(Callback.id) == callback_id)
    await session.exec(settled.values(settled_at=now, leased_until=None, failure=failure))


async def postpone_callback(
    session: AsyncSession, callback: Callback, now: datetime, least: timedelta, failure: str | None = None
) -> None:
    """Leave a call alone for a quarter of its age: what it speaks of is not known yet, and may never be."""
    later = now + max(least, (now - callback.received_at) / 4)
    postponed = update(Callback).where(col(Callback.id) == callback.id)
    await session.exec(postponed.values(leased_until=later, failure=failure))


async def unread_callbacks(session: AsyncSession, among: int) -> Sequence[tuple[datetime, str, str]]:
    """Those of the newest ``among`` calls of which something could not be read: when, by whom and why, newest first."""
    calls = select(Callback.received_at, Callback.gateway, col(Callback.failure))
    newest = calls.order_by(col(Callback.received_at).desc()).limit(among).subquery()
    read = select(newest.c.received_at, newest.c.gateway, newest.c.failure)
    unread = read.where(newest.c.failure.is_not(None)).order_by(newest.c.received_at.desc())
    return [(received_at, gateway, failure) for received_at, gateway, failure in await session.exec(unread)]


async def find_live_token(session: AsyncSession, gateway: str, token_hash: str) -> CallbackToken | None:
    """The token of a gateway's address, unless it was revoked."""
    found = await session.exec(_live(gateway).where(CallbackToken.token_hash == token_hash))
    return found.one_or_none()


async def count_live_tokens(session: AsyncSession, gateway: str) -> int:
    """How many addresses of a gateway are good."""
    live = _live(gateway).subquery()
    return (await session.exec(select(func.count()).select_from(live))).one()


async def all_tokens(session: AsyncSession) -> Sequence[CallbackToken]:
    """Every token there ever was, oldest first, without what it was made from."""
    return (await session.exec(select(CallbackToken).order_by(CallbackToken.id))).all()


async def find_token(session: AsyncSession, token_id: str) -> CallbackToken | None:
    """A token by its id."""
    return await session.get(CallbackToken, token_id, with_for_update=True)


def _live(gateway: str) -> SelectOfScalar[CallbackToken]:
    return select(CallbackToken).where(CallbackToken.gateway == gateway, col(CallbackToken.revoked_at).is_(None))


def _place(callback_id: str) -> str:
    return f"gateway/callback/{callback_id}"
