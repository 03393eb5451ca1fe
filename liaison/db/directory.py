"""The directory of courts, departments and staff: replaced whole, contacts sealed under the key ring."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.tables import CourtRow, DepartmentRow, DirectoryLoad, Fault, StaffRow
from liaison.keys import KeyRing
from liaison.policy.recipients import Fault as RosterFault
from liaison.policy.roster import Contact, Court, Department, Roster, Staff, StaffStatus


async def replace_directory(
    session: AsyncSession, ring: KeyRing, roster: Roster, contacts: Mapping[str, Contact], by: str, now: datetime
) -> None:
    """Replace every row. ``contacts`` is keyed by staff id and department code."""
    for table in (StaffRow, DepartmentRow, CourtRow):
        await session.exec(delete(table))
    for court in roster.courts:
        session.add(CourtRow(code=court.code, level=court.level, name_zh=court.name_zh, name_en=court.name_en))
    for department in roster.departments:
        sealed = _seal(ring, department.code, contacts[department.code])
        session.add(DepartmentRow(**_fields(department), sealed_contact=sealed))
    for person in roster.people:
        fields = _fields(person) | {"status": person.status.value, "in_charge_of": list(person.in_charge_of)}
        session.add(StaffRow(**fields, sealed_contact=_seal(ring, person.id, contacts[person.id])))
    session.add(DirectoryLoad(loaded_at=now, loaded_by=by))


async def read_roster(session: AsyncSession) -> Roster:
    """Who is who, without names and telephones."""
    courts = (await session.exec(select(CourtRow).order_by(CourtRow.code))).all()
    departments = (await session.exec(select(DepartmentRow).order_by(DepartmentRow.code))).all()
    people = (await session.exec(select(StaffRow).order_by(StaffRow.id))).all()
    return Roster(
        courts=tuple(Court(row.code, row.level, row.name_zh, row.name_en) for row in courts),
        departments=tuple(Department(row.court, row.code, row.kind, row.name_zh, row.name_en) for row in departments),
        people=tuple(_person(row) for row in people),
    )


async def read_staff_contact(session: AsyncSession, ring: KeyRing, contact_id: str) -> Contact | None:
    """Name and telephones of a staff id or a department code; None if the directory does not know it."""
    person = await session.get(StaffRow, contact_id)
    if person is not None:
        return _open(ring, contact_id, person.sealed_contact)
    found = await session.exec(select(DepartmentRow).where(DepartmentRow.code == contact_id))
    department = found.one_or_none()
    return None if department is None else _open(ring, contact_id, department.sealed_contact)


async def record_faults(
    session: AsyncSession, reference: str, rung: int | None, faults: tuple[RosterFault, ...], now: datetime
) -> None:
    """Enter posts found vacant or absent into the register of faults (design section 5)."""
    for fault in faults:
        subject = fault.staff_id or fault.post.value
        session.add(Fault(reference=reference, rung=rung, subject=subject, reason=fault.kind.value, found_at=now))


def _fields(row: Department | Staff) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _person(row: StaffRow) -> Staff:
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


def _seal(ring: KeyRing, contact_id: str, contact: Contact) -> bytes:
    return ring.seal(json.dumps(asdict(contact), ensure_ascii=False), f"directory/{contact_id}")


def _open(ring: KeyRing, contact_id: str, sealed: bytes) -> Contact:
    return Contact(**json.loads(ring.open(sealed, f"directory/{contact_id}")))
