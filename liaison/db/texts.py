"""Texts and contacts: sealed on the way in, opened on the way out, nowhere else readable."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.errors import RequestUnknown
from liaison.db.tables import DataKey as DataKeyRow
from liaison.db.tables import PartyContact, RequestText
from liaison.keys import DataKey, KeyRing, new_data_key

CONTENT = "content"
"""Subject of the party's own text."""

_KEY: Final = "data key"
_PARTY: Final = "party"


@dataclass(frozen=True)
class Party:
    """Who asked; personal data, hence never in a ``repr``. ``phone`` is E.164."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    role: str
    query_code: str | None = field(default=None, repr=False)
    case_number: str | None = field(default=None, repr=False)


async def create_data_key(session: AsyncSession, ring: KeyRing, reference: str) -> DataKey:
    """A fresh data key for a new request, stored wrapped."""
    key = new_data_key()
    session.add(DataKeyRow(reference=reference, wrapped=ring.wrap(key, reference.encode())))
    session.info[_KEY, reference] = key
    return key


async def data_key(session: AsyncSession, ring: KeyRing, reference: str) -> DataKey:
    """The request's data key, read and unwrapped once a session.

    Raises:
        RequestUnknown: There is none: no such request, or its texts were erased.
    """
    if (_KEY, reference) not in session.info:
        row = await session.get(DataKeyRow, reference)
        if row is None:
            raise RequestUnknown(reference)
        return _unwrapped(session, ring, reference, row.wrapped)
    key: DataKey = session.info[_KEY, reference]
    return key


async def write_text(
    session: AsyncSession, key: DataKey, reference: str, subject: str, text: str, at: datetime
) -> None:
    """Keep a text under ``CONTENT`` or an action's id."""
    sealed = key.seal(text, f"text/{reference}/{subject}")
    session.add(RequestText(reference=reference, subject=subject, sealed=sealed, written_at=at))


async def read_text(session: AsyncSession, key: DataKey, reference: str, subject: str) -> str | None:
    """A kept text, or None."""
    row = await session.get(RequestText, (reference, subject))
    return None if row is None else key.open(row.sealed, f"text/{reference}/{subject}")


async def write_contact(
    session: AsyncSession, key: DataKey, reference: str, party: Party, phone_mac: str, case_mac: str | None
) -> None:
    """Keep who asked."""
    sealed = key.seal(json.dumps(asdict(party), ensure_ascii=False), f"party/{reference}")
    session.add(PartyContact(reference=reference, sealed=sealed, phone_mac=phone_mac, case_mac=case_mac))


async def read_contact(session: AsyncSession, ring: KeyRing, reference: str) -> Party:
    """Who asked, read with the key and opened once a session.

    Raises:
        RequestUnknown: There is none: no such request, or its texts were erased.
    """
    if (_PARTY, reference) not in session.info:
        found = await session.exec(
            select(DataKeyRow.wrapped, PartyContact.sealed)
            .join(PartyContact, col(PartyContact.reference) == col(DataKeyRow.reference))
            .where(DataKeyRow.reference == reference)
        )
        row = found.one_or_none()
        if row is None:
            raise RequestUnknown(reference)
        wrapped, sealed = row
        key = _unwrapped(session, ring, reference, wrapped)
        session.info[_PARTY, reference] = Party(**json.loads(key.open(sealed, f"party/{reference}")))
    party: Party = session.info[_PARTY, reference]
    return party


def _unwrapped(session: AsyncSession, ring: KeyRing, reference: str, wrapped: bytes) -> DataKey:
    if (_KEY, reference) not in session.info:
        session.info[_KEY, reference] = ring.unwrap(wrapped, reference.encode())
    key: DataKey = session.info[_KEY, reference]
    return key
