"""From a court's CSV to the register of people: all or nothing (issue line L10)."""

from collections.abc import Mapping
from dataclasses import dataclass

from liaison.gateways.phones import e164
from liaison.policy.roster import Contact, Court, Department, Roster, Staff, StaffStatus
from liaison.policy.words import CourtLevel, DepartmentKind, StaffRole
from liaison.services.directory_checks import all_faults
from liaison.services.directory_rows import DirectoryFaults, Row, RowKind, read_rows


@dataclass(frozen=True, slots=True)
class DirectoryFile:
    """A faultless directory. ``contacts`` has every person by id and every duty desk by department code."""

    roster: Roster
    contacts: Mapping[str, Contact]


def parse_directory(text: str) -> DirectoryFile:
    """Read a directory (columns: ``directory_rows.Row``; model: ``liaison/sample_city/directory.csv``).

    Args:
        text: The whole file, decoded from UTF-8, with or without a byte order mark.

    Raises:
        DirectoryFaults: With every fault by line; nothing of a faulty directory is used.
    """
    rows, faults = read_rows(text)
    faults += all_faults(rows)
    if faults:
        raise DirectoryFaults(faults)
    by_kind = {kind: [row for row in rows if row.kind == kind] for kind in RowKind}
    roster = Roster(
        courts=tuple(_court(row) for row in by_kind[RowKind.COURT]),
        departments=tuple(_department(row) for row in by_kind[RowKind.DEPARTMENT]),
        people=tuple(_staff(row) for row in by_kind[RowKind.PERSON]),
    )
    reachable = by_kind[RowKind.DEPARTMENT] + by_kind[RowKind.PERSON]
    return DirectoryFile(roster, {row.id: _contact(row) for row in reachable})


def _court(row: Row) -> Court:
    return Court(row.id, CourtLevel(row.role), row.title_zh, row.title_en)


def _department(row: Row) -> Department:
    return Department(row.court, row.id, DepartmentKind(row.role), row.title_zh, row.title_en)


def _staff(row: Row) -> Staff:
    return Staff(
        id=row.id,
        court=row.court,
        department=row.department or None,
        role=StaffRole(row.role),
        position_zh=row.title_zh,
        position_en=row.title_en,
        team=row.team or None,
        status=StaffStatus(row.status or StaffStatus.PRESENT),
        stand_in=row.stand_in or None,
        in_charge_of=row.charges,
    )


def _contact(row: Row) -> Contact:
    """A desk is called by its department's name; a vacancy has no name and often no number."""
    name = row.title_zh if row.kind == RowKind.DEPARTMENT else row.name
    return Contact(name, e164(row.mobile), e164(row.office_phone))
