"""Who is who in the city's courts: courts, departments, people and posts (design section 5).

A roster holds no name and no telephone number: people are pseudonyms such as ``0104-j03``, and what is personal
stands apart in ``Contact``. A roster is complete: every court has a president, every department a leader and a deputy
president in charge of it, or a declared vacancy; ``liaison.services.directory_file`` refuses anything else.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from liaison.policy.words import CourtLevel, DepartmentKind, HolderKind, Language, StaffRole


class StaffStatus(StrEnum):
    """Whether a person can act; a post nobody fills is declared vacant."""

    PRESENT = "present"
    ABSENT = "absent"
    VACANT = "vacant"


SUPPORT_ROLES = frozenset({StaffRole.ASSISTANT, StaffRole.CLERK, StaffRole.DUTY_DESK})
"""Roles that neither hear cases nor supervise."""


@dataclass(frozen=True, slots=True)
class Court:
    """A court; ``code`` is the digits of its case numbers (``0104``)."""

    code: str
    level: CourtLevel
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who must reply 承办人: a judge (``id`` of staff) or a department's post (``id`` is its code)."""

    id: str
    kind: HolderKind
    court: str
    department: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department with its duty desk; ``code`` is unique in the city (``0104-d-civil1``)."""

    court: str
    code: str
    kind: DepartmentKind
    name_zh: str
    name_en: str

    @property
    def as_holder(self) -> Holder:
        """The department's post, as a holder."""
        return Holder(self.code, HolderKind.DEPARTMENT, self.court, self.code)


@dataclass(frozen=True, slots=True)
class Staff:
    """A person, or a vacant post. ``in_charge_of`` holds the department codes of a deputy president."""

    id: str
    court: str
    department: str | None
    role: StaffRole
    position_zh: str
    position_en: str
    team: str | None = None
    status: StaffStatus = StaffStatus.PRESENT
    stand_in: str | None = None
    in_charge_of: tuple[str, ...] = ()

    @property
    def is_present(self) -> bool:
        """Neither absent nor a vacancy."""
        return self.status is StaffStatus.PRESENT

    @property
    def as_holder(self) -> Holder | None:
        """The person as a holder, if he hears cases: a judge, or a leader with a trial team of his own."""
        if self.department is None or self.role in SUPPORT_ROLES:
            return None
        if self.role is not StaffRole.JUDGE and self.team is None:
            return None
        return Holder(self.id, HolderKind.JUDGE, self.court, self.department)


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a person or a duty desk; personal data, hence never in a ``repr``. Numbers are E.164."""

    name: str = field(repr=False)
    mobile: str | None = field(repr=False)
    office_phone: str | None = field(repr=False)


@dataclass(frozen=True)
class Roster:
    """The city's register of people. Lookups by what outsiders send answer None; the others raise KeyError."""

    courts: tuple[Court, ...]
    departments: tuple[Department, ...]
    people: tuple[Staff, ...]

    def court(self, code: str) -> Court | None:
        """The court with this code."""
        return self._courts.get(code)

    def is_intermediate(self, code: str) -> bool:
        """Whether this is the Intermediate Court's code; that of no court is not."""
        found = self.court(code)
        return found is not None and found.level is CourtLevel.INTERMEDIATE

    def department(self, court: str, code: str) -> Department | None:
        """The department with this code, if it belongs to that court."""
        found = self._departments.get(code)
        return found if found is not None and found.court == court else None

    def staff(self, staff_id: str) -> Staff | None:
        """The person, or the declared vacancy, with this id."""
        return self._people.get(staff_id)

    def holder(self, holder_id: str) -> Holder | None:
        """The judge or the department with this id, as somebody who can be given a work order."""
        if (department := self._departments.get(holder_id)) is not None:
            return department.as_holder
        person = self._people.get(holder_id)
        return person.as_holder if person is not None else None

    def team_of(self, staff_id: str) -> tuple[Staff, ...]:
        """The other members of a person's trial team, whether present or not; a team belongs to one court."""
        person = self._people.get(staff_id)
        if person is None or person.team is None:
            return ()
        return tuple(p for p in self.people if (p.court, p.team) == (person.court, person.team) and p.id != staff_id)

    def members_of(self, holder: Holder) -> tuple[str, ...]:
        """Staff ids that may act for a holder: the judge and his team, or everybody of the department."""
        if holder.kind is HolderKind.JUDGE:
            return (holder.id, *(mate.id for mate in self.team_of(holder.id)))
        return tuple(p.id for p in self.people if p.department == holder.department)

    def holders_for(self, staff_id: str) -> tuple[str, ...]:
        """Ids of the holders a person may act for: himself, the others of his team, his department."""
        person = self._people.get(staff_id)
        if person is None:
            return ()
        mates = (mate.id for mate in self.team_of(staff_id))
        return (staff_id, *mates, *([person.department] if person.department else []))

    def post_of(self, holder: Holder) -> str:
        """The holder's post in both languages, never a name: ``Judge, First Civil Chamber 民事审判第一庭法官``."""
        department = self._departments[holder.department]
        if holder.kind is HolderKind.DEPARTMENT:
            return f"{department.name_en} {department.name_zh}"
        person = self._people[holder.id]
        return f"{person.position_en}, {department.name_en} {department.name_zh}{person.position_zh}"

    def office_of(self, holder: Holder, language: Language) -> str:
        """The holder's court and department as a party hears of them; never who the judge is."""
        court, department = self._courts[holder.court], self._departments[holder.department]
        if language is Language.ZH_CN:
            return f"{court.name_zh}{department.name_zh}"
        return f"{department.name_en}, {court.name_en}"

    def leader_of(self, department: str) -> Staff:
        """The department's leader 部门负责人."""
        return self._leaders[department]

    def deputy_of(self, department: str) -> Staff:
        """The deputy president in charge of the department 分管副院长."""
        return self._deputies[department]

    def president_of(self, court: str) -> Staff:
        """The court's president 院长."""
        return self._presidents[court]

    def intermediate_president(self) -> Staff:
        """The president of the Intermediate Court, last on a primary court's ladder (art. 8)."""
        return self._presidents[self._intermediate.code]

    def case_filing_chamber(self) -> Department:
        """The Case Filing Chamber of the Intermediate Court 立案庭 (art. 9-12)."""
        return self._kinds[self._intermediate.code, DepartmentKind.CASE_FILING]

    def litigation_service(self, court: str) -> Department:
        """The court's litigation service department; in the Intermediate Court the Case Filing Chamber is that."""
        if self._courts[court].level is CourtLevel.INTERMEDIATE:
            return self.case_filing_chamber()
        return self._kinds[court, DepartmentKind.LITIGATION_SERVICE]

    def liaison_department(self, department: str) -> Department:
        """The department whose leader is the liaison officer for ``department`` (art. 9): itself in the Intermediate
        Court, the litigation service department in a primary court."""
        own = self._departments[department]
        if self._courts[own.court].level is CourtLevel.INTERMEDIATE:
            return own
        return self.litigation_service(own.court)

    def liaison_officer(self, department: str) -> Staff:
        """The liaison officer 联络员 for the department (art. 9)."""
        return self.leader_of(self.liaison_department(department).code)

    @cached_property
    def _courts(self) -> dict[str, Court]:
        return {court.code: court for court in self.courts}

    @cached_property
    def _departments(self) -> dict[str, Department]:
        return {department.code: department for department in self.departments}

    @cached_property
    def _people(self) -> dict[str, Staff]:
        return {person.id: person for person in self.people}

    @cached_property
    def _kinds(self) -> dict[tuple[str, DepartmentKind], Department]:
        return {(department.court, department.kind): department for department in self.departments}

    @cached_property
    def _intermediate(self) -> Court:
        return next(court for court in self.courts if court.level is CourtLevel.INTERMEDIATE)

    @cached_property
    def _leaders(self) -> dict[str, Staff]:
        return {p.department: p for p in self.people if p.department and p.role is StaffRole.DEPARTMENT_LEADER}

    @cached_property
    def _deputies(self) -> dict[str, Staff]:
        deputies = (person for person in self.people if person.role is StaffRole.DEPUTY_PRESIDENT)
        return {department: deputy for deputy in deputies for department in deputy.in_charge_of}

    @cached_property
    def _presidents(self) -> dict[str, Staff]:
        return {person.court: person for person in self.people if person.role is StaffRole.PRESIDENT}
