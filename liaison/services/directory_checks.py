"""What makes a directory usable: every fault of its rows, each a sentence (Opinions art. 9; design section 5).

Every check looks at all rows as written, faulty ones included, so that one mistake is told once.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from liaison.gateways.phones import e164
from liaison.policy.roster import SUPPORT_ROLES, StaffStatus
from liaison.policy.words import CourtLevel, DepartmentKind, StaffRole
from liaison.services.directory_rows import LineFault, Row, RowKind

_ROLES = {
    RowKind.COURT: tuple(CourtLevel),
    RowKind.DEPARTMENT: tuple(DepartmentKind),
    RowKind.PERSON: tuple(role for role in StaffRole if role is not StaffRole.DUTY_DESK),
}
_POSTS = (StaffRole.DEPARTMENT_LEADER, StaffRole.DEPUTY_PRESIDENT, StaffRole.PRESIDENT)
_CITY_WIDE = (StaffRole.DEPUTY_PRESIDENT, StaffRole.PRESIDENT)
_LONGEST_CELL = 80
"""Characters of a cell that holds one value; the tables have room for that."""
_ID_FORMS = {
    RowKind.COURT: (r"[0-9]{{2}}|[0-9]{{4}}", "two or four digits, leading zeros included"),
    RowKind.DEPARTMENT: (r"{court}-d-[a-z0-9]{{1,20}}", "{court}-d- and up to 20 small letters or digits"),
    RowKind.PERSON: (r"{court}-[a-z][0-9]{{2,3}}", "{court}-, one small letter and two or three digits"),
}


@dataclass(frozen=True)
class Book:
    """All rows of a directory, by what they describe; of two rows with one id the first counts."""

    rows: tuple[Row, ...]

    @cached_property
    def courts(self) -> dict[str, Row]:
        """Court rows by code."""
        return self._by_id(RowKind.COURT)

    @cached_property
    def departments(self) -> dict[str, Row]:
        """Department rows by code."""
        return self._by_id(RowKind.DEPARTMENT)

    @cached_property
    def people(self) -> dict[str, Row]:
        """Rows of people and vacancies by id."""
        return self._by_id(RowKind.PERSON)

    def _by_id(self, kind: RowKind) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for row in self.rows:
            if row.kind == kind:
                found.setdefault(row.id, row)
        return found


def all_faults(rows: list[Row]) -> list[LineFault]:
    """Every fault of the rows, in no order."""
    book = Book(tuple(rows))
    return [fault for check in _CHECKS for fault in check(book)]


def _identity(book: Book) -> Iterator[LineFault]:
    first_lines: dict[str, int] = {}
    for row in book.rows:
        if row.kind not in set(RowKind):
            yield LineFault(row.line, f"kind {row.kind!r} is none of {', '.join(RowKind)}.")
        elif row.id in first_lines:
            yield LineFault(row.line, f"id {row.id} is taken already by line {first_lines[row.id]}.")
        elif row.court in book.courts:
            pattern, form = (text.format(court=row.court) for text in _ID_FORMS[RowKind(row.kind)])
            if not re.fullmatch(pattern, row.id):
                yield LineFault(row.line, f"id {row.id!r} must have the form {form}.")
        first_lines.setdefault(row.id, row.line)


def _courts(book: Book) -> Iterator[LineFault]:
    for row in book.rows:
        if row.kind == RowKind.COURT and row.court != row.id:
            yield LineFault(row.line, f"a court's row repeats its id {row.id!r} in the column court.")
        elif row.court not in book.courts:
            hint = " A spreadsheet may have dropped a leading zero." if "0" + row.court in book.courts else ""
            yield LineFault(row.line, f"court {row.court!r} has no row of its own.{hint}")


def _roles(book: Book) -> Iterator[LineFault]:
    for row in book.rows:
        known = _ROLES[RowKind(row.kind)] if row.kind in set(RowKind) else ()
        if known and row.role not in known:
            yield LineFault(row.line, f"role {row.role!r} of a {row.kind} is none of {', '.join(known)}.")
        if row.status and row.status not in set(StaffStatus):
            yield LineFault(row.line, f"status {row.status!r} is none of {', '.join(StaffStatus)}.")
        if row.status == StaffStatus.VACANT and row.role not in _POSTS:
            yield LineFault(row.line, f"only these posts can be declared vacant: {', '.join(_POSTS)}.")
        if row.charges and row.role != StaffRole.DEPUTY_PRESIDENT:
            yield LineFault(row.line, "only a deputy_president is in charge of departments.")


def _texts(book: Book) -> Iterator[LineFault]:
    for row in book.rows:
        wanted = ["title_zh", "title_en"]
        if row.kind == RowKind.PERSON and row.status != StaffStatus.VACANT:
            wanted += ["name", "mobile", "office_phone"]
        for column in wanted:
            if not row.cells[column]:
                yield LineFault(row.line, f"{column} is missing.")
        if row.kind == RowKind.PERSON and row.status == StaffStatus.VACANT and row.name:
            yield LineFault(row.line, "a vacant post has no name.")
        if row.kind == RowKind.DEPARTMENT and not (row.mobile or row.office_phone):
            yield LineFault(row.line, "the duty desk needs a mobile or an office_phone.")


def _cells(book: Book) -> Iterator[LineFault]:
    for row in book.rows:
        for column, text in row.cells.items():
            if not text.isprintable() or (len(text) > _LONGEST_CELL and column != "in_charge_of"):
                yield LineFault(row.line, f"{column} has over {_LONGEST_CELL} characters or an unprintable one.")


def _phones(book: Book) -> Iterator[LineFault]:
    for row in book.rows:
        if row.mobile and e164(row.mobile, mobile_only=True) is None:
            yield LineFault(row.line, "mobile is not a valid mobile number.")
        if row.office_phone and e164(row.office_phone) is None:
            yield LineFault(row.line, "office_phone is not a valid telephone number.")


def _places(book: Book) -> Iterator[LineFault]:
    team_departments: dict[tuple[str, str], str] = {}
    for row in book.people.values():
        for code in (row.department, *row.charges):
            department = book.departments.get(code)
            if code and row.court in book.courts and (department is None or department.court != row.court):
                yield LineFault(row.line, f"department {code!r} is not a department of court {row.court}.")
        if not row.department and row.role not in _CITY_WIDE:
            yield LineFault(row.line, f"a {row.role} needs a department.")
        if row.team and team_departments.setdefault((row.court, row.team), row.department) != row.department:
            yield LineFault(row.line, f"team {row.team} of court {row.court} is split between departments.")


def _stand_ins(book: Book) -> Iterator[LineFault]:
    for row in book.people.values():
        other = book.people.get(row.stand_in)
        if not row.stand_in:
            continue
        if other is None or other.court != row.court:
            yield LineFault(row.line, f"stand-in {row.stand_in!r} is not a person of court {row.court}.")
        elif other is row or other.status == StaffStatus.VACANT or other.role in SUPPORT_ROLES:
            yield LineFault(row.line, f"stand-in {row.stand_in} must be another person, a judge or a leader.")


def _posts(book: Book) -> Iterator[LineFault]:
    people = book.people.values()
    for row in book.departments.values():
        leaders = [p for p in people if p.role == StaffRole.DEPARTMENT_LEADER and p.department == row.id]
        deputies = [p for p in people if p.role == StaffRole.DEPUTY_PRESIDENT and row.id in p.charges]
        yield from _exactly_one(row, "department", StaffRole.DEPARTMENT_LEADER, leaders)
        yield from _exactly_one(row, "department", StaffRole.DEPUTY_PRESIDENT, deputies)
    for row in book.courts.values():
        presidents = [p for p in people if p.role == StaffRole.PRESIDENT and p.court == row.id]
        yield from _exactly_one(row, "court", StaffRole.PRESIDENT, presidents)


def _services(book: Book) -> Iterator[LineFault]:
    higher = [row for row in book.courts.values() if row.role == CourtLevel.INTERMEDIATE]
    if len(higher) != 1:
        yield LineFault(1, f"the city needs one intermediate court, not {len(higher)}.")
    for row in book.courts.values():
        kind = DepartmentKind.CASE_FILING if row in higher else DepartmentKind.LITIGATION_SERVICE
        found = [d for d in book.departments.values() if d.role == kind and d.court == row.id]
        yield from _exactly_one(row, "court", kind, found)


def _exactly_one(row: Row, what: str, kind: StrEnum, found: list[Row]) -> Iterator[LineFault]:
    if not found:
        vacancy = " or a declared vacancy" if kind in _POSTS else " department"
        yield LineFault(row.line, f"{what} {row.id} needs a {kind}{vacancy}.")
    for surplus in found[1:]:
        yield LineFault(surplus.line, f"{what} {row.id} has a {kind} already, in line {found[0].line}.")


_CHECKS: tuple[Callable[[Book], Iterator[LineFault]], ...] = (
    _identity,
    _courts,
    _roles,
    _texts,
    _cells,
    _phones,
    _places,
    _stand_ins,
    _posts,
    _services,
)
