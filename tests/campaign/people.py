"""Who is who for the model, read from the rows of the directory and the trial register: no code of the platform."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

Row = dict[str, str]

WARNING_POSTS = ("holder", "department_desk", "liaison_officer")
LADDER = ("department_leader", "deputy_president", "president", "intermediate_president")
"""The posts of rungs 1 to 4 (art. 8); the last exists for primary courts only."""
SUPPORT = {"assistant", "clerk", "duty_desk"}


@dataclass(frozen=True)
class Told:
    """Who hears of a rung: ``post`` that receives, and a staff id or ``desk:<department>``."""

    post: str
    name: str
    in_place_of: str | None = None

    @property
    def staff(self) -> str | None:
        """The person; None for a desk."""
        return None if self.name.startswith("desk:") else self.name


@dataclass(frozen=True)
class People:
    """The city's courts."""

    rows: dict[str, Row]
    judge_of_case: dict[str, tuple[str, str]]
    """Case number to court and judge."""
    parties: frozenset[tuple[str | None, ...]]
    """Court, case number, name and telephone of those who are proven parties."""

    @classmethod
    def read(cls, directory: str, register: str) -> "People":
        """From the two CSV texts."""
        cases = list(csv.DictReader(io.StringIO(register)))
        return cls(
            {row["id"]: row for row in csv.DictReader(io.StringIO(directory))},
            {row["case_number"]: (row["court"], row["judge"]) for row in cases},
            frozenset((row["court"], row["case_number"], row["party_name"], row["party_phone"]) for row in cases),
        )

    @cached_property
    def persons(self) -> list[Row]:
        return [row for row in self.rows.values() if row["kind"] == "person"]

    def is_party(self, *court_case_name_phone: str | None) -> bool:
        return court_case_name_phone in self.parties

    def is_primary(self, court: str) -> bool:
        return self.rows[court]["role"] == "primary"

    def departments(self, court: str) -> list[str]:
        return [r["id"] for r in self.rows.values() if r["kind"] == "department" and r["court"] == court]

    def judges(self, court: str) -> list[str]:
        """Everybody of a court who hears cases."""
        return [row["id"] for row in self.persons if row["court"] == court and self._hears(row)]

    def members(self, holder: str | None) -> list[str]:
        """Who may act for a holder: the judge and his team, or everybody of the department."""
        if holder is None:
            return []
        row = self.rows[holder]
        if row["kind"] == "department":
            return [person["id"] for person in self.persons if person["department"] == holder]
        team = [p["id"] for p in self.persons if p["court"] == row["court"] and p["team"] == row["team"]]
        return team if row["team"] else [holder]

    def department_of(self, holder: str) -> str:
        row = self.rows[holder]
        return holder if row["kind"] == "department" else row["department"]

    def litigation_service(self, court: str) -> str:
        """Where the Intermediate Court is asked, its Case Filing Chamber is that."""
        wanted = "litigation_service" if self.is_primary(court) else "case_filing"
        return next(code for code in self.departments(court) if self.rows[code]["role"] == wanted)

    @property
    def chamber(self) -> str:
        return self.litigation_service("01")

    def first_holder(
        self, court: str, judge: str | None, case: str | None, department: str | None, accused: Iterable[str]
    ) -> str:
        """The judge named, else the case's, else the department named, else litigation service (design 3.4)."""
        of_case = self.judge_of_case.get(case or "", ("", ""))
        for named in (judge, of_case[1] if of_case[0] == court else None):
            if named and self.rows[named]["court"] == court:
                return self._instead_of(named, court, set(accused))
        return department or self.litigation_service(court)

    def told_at(
        self, rung: int, court: str, holder: str | None, department: str | None, accused: set[str]
    ) -> list[Told]:
        """Who hears of a rung, supervisor last; who has two roles hears once."""
        own = department if department in self.departments(court) else self.litigation_service(court)
        leaders = self._leaders(court, own)
        barred = accused | {holder or ""}
        if rung > 0:
            return [self._first_who_can(leaders[rung - 1 :], barred)]
        desk = Told("department_desk", f"desk:{department or own}")
        officer_of = self.litigation_service(court) if self.is_primary(court) else own
        officer = [("liaison_officer", self._leader(officer_of)), *self._leaders(court, officer_of)[1:]]
        told = [self._holder(holder, department or own, leaders, accused), desk, self._first_who_can(officer, barred)]
        return _once(told)

    def _holder(self, holder: str | None, own: str, leaders: list[tuple[str, Row]], accused: set[str]) -> Told:
        if holder is None or self.rows[holder]["kind"] == "department":
            return Told("holder", f"desk:{holder or ''}")
        return self._first_who_can([("holder", self.rows[holder]), *leaders], accused)

    def _leaders(self, court: str, department: str) -> list[tuple[str, Row]]:
        in_court = [row for row in self.persons if row["court"] == court]
        deputy = next(row for row in in_court if department in row["in_charge_of"].split(";"))
        president = next(row for row in in_court if row["role"] == "president")
        chain = [self._leader(department), deputy, president]
        if self.is_primary(court):
            chain.append(next(row for row in self.persons if row["court"] == "01" and row["role"] == "president"))
        return list(zip(LADDER, chain, strict=False))

    def _leader(self, department: str) -> Row:
        return next(
            row for row in self.persons if row["department"] == department and row["role"] == "department_leader"
        )

    def _first_who_can(self, chain: list[tuple[str, Row]], barred: set[str]) -> Told:
        asked = chain[0][1]["id"]
        for post, person in chain:
            acting = self._acting(person, barred)
            if acting is not None:
                return Told(post, acting, asked if acting != asked else None)
        return Told("case_filing_chamber", f"desk:{self.chamber}", asked)

    def _acting(self, person: Row, barred: set[str]) -> str | None:
        if person["id"] in barred:
            return None
        if person["status"] == "present":
            return person["id"]
        stand_in = self.rows.get(person["stand_in"])
        can = stand_in is not None and stand_in["status"] == "present" and stand_in["id"] not in barred
        return stand_in["id"] if stand_in is not None and can else None

    def _instead_of(self, judge: str, court: str, accused: set[str]) -> str:
        acting = self._acting(self.rows[judge], accused)
        if acting and self.rows[acting]["court"] == court and self._hears(self.rows[acting]):
            return acting
        return self.rows[judge]["department"]

    def _hears(self, row: Row) -> bool:
        leads_a_team = row["role"] not in SUPPORT and bool(row["team"])
        return bool(row["department"]) and (row["role"] == "judge" or leads_a_team)


def _once(told: list[Told]) -> list[Told]:
    kept: dict[str, Told] = {}
    for one in told:
        kept.setdefault(one.name, one)
    return list(kept.values())
