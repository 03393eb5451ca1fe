"""Which open requests cannot be read: a word nobody knows, a key that is gone, a text that was damaged."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col, select, true
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.messages import WANTED
from liaison.db.sound import spoilt_keys
from liaison.db.tables import Action, Message, PartyContact, Request, RequestText, RungRecord, WorkOrder
from liaison.db.tables import DataKey as DataKeyRow
from liaison.keys import DataKey, KeyRing, KeysError
from liaison.policy.words import Stage

_OPEN = select(Request.reference).where(col(Request.stage) != Stage.CLOSED)
_TABLES = (Request, Action, WorkOrder, RungRecord)


async def spoilt_requests(session: AsyncSession, ring: KeyRing) -> list[str]:
    """References of open requests of which a row cannot be read or a text cannot be opened, in order.

    Their workflows wait, each for itself, and go on by themselves once the row is mended.
    """
    spoilt: set[str] = set()
    for table in _TABLES:
        key = col(table.reference)
        spoilt.update(await spoilt_keys(session, select(table).where(key.in_(_OPEN)), key))
    return sorted(spoilt | await _closed_for_ever(session, ring))


async def _closed_for_ever(session: AsyncSession, ring: KeyRing) -> set[str]:
    """Requests whose key or any of whose texts does not open."""
    wrapped = await _of_open(session, DataKeyRow.reference, DataKeyRow.wrapped)
    keys = {reference: _unwrap(ring, reference, secret) for reference, secret in wrapped}
    keyless = {reference for reference in (await session.exec(_OPEN)).all() if keys.get(reference) is None}
    damaged = {
        reference
        for reference, place, sealed in await _sealed(session)
        if (key := keys.get(reference)) is not None and not _opens(key, place, sealed)
    }
    return keyless | damaged


async def _sealed(session: AsyncSession) -> list[tuple[str, str, bytes]]:
    """Reference, place and ciphertext of everything that may have to be opened."""
    wanted = col(Message.state).in_(WANTED)
    contacts = await _of_open(session, PartyContact.reference, PartyContact.sealed)
    texts = await _of_open(session, RequestText.reference, RequestText.subject, RequestText.sealed)
    messages = await _of_open(session, Message.reference, Message.id, Message.sealed_params, only=wanted)
    return [
        *((reference, f"party/{reference}", sealed) for reference, sealed in contacts),
        *((reference, f"text/{reference}/{subject}", sealed) for reference, subject, sealed in texts),
        *((reference, f"message/{message}", sealed) for reference, message, sealed in messages),
    ]


async def _of_open(session: AsyncSession, reference: Any, *columns: Any, only: Any = None) -> Sequence[Any]:
    condition = true() if only is None else only
    found = await session.exec(select(reference, *columns).where(col(reference).in_(_OPEN), condition))
    return list(found.all())


def _unwrap(ring: KeyRing, reference: str, wrapped: bytes) -> DataKey | None:
    try:
        return ring.unwrap(wrapped, reference.encode())
    except KeysError:
        return None


def _opens(key: DataKey, place: str, sealed: bytes) -> bool:
    try:
        key.open(sealed, place)
    except KeysError:
        return False
    return True
