"""The register of people: replaced as a whole, read as a ``Roster``; names and telephones sealed beside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import CourtRow, DepartmentRow, DirectoryLoad, StaffRow
from liaison.keys import KeyRing
from liaison.policy.roster import Contact, Court, Department, Roster, Staff, StaffStatus

NUMBER = "phone"
"""Purpose of the keyed hash of a telephone number: the same for parties and staff, so that a number finds both."""


async def replace_directory(
    session: AsyncSession, ring: KeyRing, roster: Roster, contacts: Mapping[str, Contact], by: str, at: datetime
) -> None:
    """Put a whole directory in place of the one there is and append a line to the list of loadings.

    Args:
        session: The caller's transaction; readers see the old directory or the new one, never a mixture.
        ring: Seals the contacts, key class ``directory``.
        roster: Everybody, without personal data.
        contacts: Of every person by id and every duty desk by department code.
        by: Who loads it, an id.
        at: When, aware.
    """
    for table in (StaffRow, DepartmentRow, CourtRow):
        await session.exec(delete(table))
    session.add_all(CourtRow(**asdict(court)) for court in roster.courts)
    session.add_all(
        DepartmentRow(**asdict(department), sealed_contact=_seal(ring, department.code, contacts))
        for department in roster.departments
    )
    session.add_all(_staff_row(person, ring, contacts) for person in roster.people)
    session.add(DirectoryLoad(loaded_at=at, loaded_by=by))
    await session.flush()


async def newest_load(session: AsyncSession) -> DirectoryLoad | None:
    """The loading in force; None before the first."""
    return (await session.exec(select(DirectoryLoad).order_by(col(DirectoryLoad.number).desc()).limit(1))).first()


async def read_roster(session: AsyncSession) -> Roster:
    """Everybody, ordered by code and id."""
    courts = await session.exec(select(CourtRow).order_by(CourtRow.code))
    departments = await session.exec(select(DepartmentRow).order_by(DepartmentRow.court, DepartmentRow.code))
    people = await session.exec(select(StaffRow).order_by(StaffRow.court, StaffRow.id))
    return Roster(
        courts=tuple(Court(row.code, row.level, row.name_zh, row.name_en) for row in courts),
        departments=tuple(Department(row.court, row.code, row.kind, row.name_zh, row.name_en) for row in departments),
        people=tuple(_staff(row) for row in people),
    )


async def staff_contact(session: AsyncSession, ring: KeyRing, staff_id: str) -> Contact | None:
    """How to reach a person; None if nobody has this id. Personal data."""
    row = await session.get(StaffRow, staff_id)
    return None if row is None else _open(ring, row.id, row.sealed_contact)


async def desk_contact(session: AsyncSession, ring: KeyRing, department: str) -> Contact | None:
    """How to reach a department's duty desk; None if there is no such department."""
    row = (await session.exec(select(DepartmentRow).where(DepartmentRow.code == department))).first()
    return None if row is None else _open(ring, row.code, row.sealed_contact)


def _staff_row(person: Staff, ring: KeyRing, contacts: Mapping[str, Contact]) -> StaffRow:
    fields = asdict(person) | {"in_charge_of": list(person.in_charge_of), "status": person.status.value}
    mobile = contacts[person.id].mobile
    return StaffRow(
        **fields,
        sealed_contact=_seal(ring, person.id, contacts),
        mobile_mac=ring.mac(NUMBER, mobile) if mobile else None,
    )


def _staff(row: StaffRow) -> Staff:
    return Staff(
        id=row.id,
        court=row.court,
        department=row.department,
        role=row.role,
        position_zh=row.position_zh,
        position_en=row.position_en,
        team=row.team,
        status=StaffStatus(row.status),
        stand_in=row.stand_in,
        in_charge_of=tuple(row.in_charge_of),
    )


def _seal(ring: KeyRing, whose: str, contacts: Mapping[str, Contact]) -> bytes:
    return ring.seal(json.dumps(asdict(contacts[whose]), ensure_ascii=False), _place(whose))


def _open(ring: KeyRing, whose: str, sealed: bytes) -> Contact:
    return Contact(**json.loads(ring.open(sealed, _place(whose))))


def _place(whose: str) -> str:
    return f"directory/{whose}"
