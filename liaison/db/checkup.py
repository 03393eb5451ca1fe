"""What ``liaison doctor`` reads in the book."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.directory import staff_contact
from liaison.db.tables import Event, Request, StaffRow
from liaison.keys import KeyRing
from liaison.policy.words import Stage

_AT_ONCE = 500
"""References in one query; SQLite takes a limited number of parameters."""


async def newest_record_at(session: AsyncSession) -> datetime | None:
    """When the newest line of the record was written; None while there is none."""
    newest = select(Event.recorded_at).order_by(col(Event.id).desc()).limit(1)
    return (await session.exec(newest)).first()


async def try_ring(session: AsyncSession, ring: KeyRing) -> None:
    """Open one sealed contact of the directory, if there is one.

    Raises:
        KeysError: The ring belongs to another book.
    """
    someone = (await session.exec(select(func.min(StaffRow.id)))).first()
    if someone is not None:
        await staff_contact(session, ring, someone)


@dataclass(frozen=True)
class Claim:
    """Which run a request's row means: the first id of the chain that claimed it, and the chain's number."""

    run_id: str | None
    stream: int


async def claims_expected(session: AsyncSession, registered_before: datetime) -> dict[str, Claim]:
    """Open requests old enough to have a running workflow, by reference."""
    found = await session.exec(
        select(Request.reference, Request.run_id, Request.stream).where(
            col(Request.stage) != Stage.CLOSED,
            col(Request.attached_to).is_(None),
            col(Request.registered_at) < registered_before,
        )
    )
    return {reference: Claim(run_id, stream) for reference, run_id, stream in found.all()}


async def without_open_row(session: AsyncSession, references: Iterable[str], closed_before: datetime) -> list[str]:
    """Those of the references that stand in no row, in an attached one, or in one closed before an instant."""
    asked = sorted(references)
    alive: set[str] = set()
    for start in range(0, len(asked), _AT_ONCE):
        found = await session.exec(
            select(Request.reference).where(
                col(Request.reference).in_(asked[start : start + _AT_ONCE]),
                col(Request.attached_to).is_(None),
                (col(Request.stage) != Stage.CLOSED) | (col(Request.closed_at) >= closed_before),
            )
        )
        alive.update(found.all())
    return [reference for reference in asked if reference not in alive]
