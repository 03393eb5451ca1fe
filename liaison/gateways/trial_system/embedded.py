"""The trial system of the sample city: a small register in a CSV text, one party of a case a row."""

import csv
import io
from dataclasses import replace

from liaison.gateways.phones import e164
from liaison.gateways.trial_system.port import CaseState, TrialCase, TrialParty
from liaison.policy.case_number import BadCaseNumber, normalise_case_number, without_suffix

COLUMNS = ("case_number", "court", "department", "judge", "state", "party_name", "party_phone", "party_query_code")


class BadTrialRegister(ValueError):
    """The register cannot be read; the message names the line and the reason, never a party."""

    def __init__(self, line: int, says: str) -> None:
        super().__init__(f"trial register, line {line}: {says}")


class EmbeddedTrialSystem:
    """A ``TrialSystem`` that holds its whole register in memory."""

    def __init__(self, register: str) -> None:
        """Read a register.

        Args:
            register: CSV text with the header ``COLUMNS``; rows of one case repeat everything but the party.

        Raises:
            BadTrialRegister: The first row that cannot be read.
        """
        self._cases = _parse(register)

    @classmethod
    def empty(cls) -> "EmbeddedTrialSystem":
        """A register that knows no case: nobody is answered by machine, work orders go where they go without one."""
        return cls(",".join(COLUMNS))

    async def find_case(self, court: str, case_number: str) -> TrialCase | None:
        """See ``TrialSystem.find_case``."""
        case = self._cases.get(case_number) or self._cases.get(without_suffix(case_number))
        return case if case is not None and case.court == court else None


def _parse(register: str) -> dict[str, TrialCase]:
    reader = csv.DictReader(io.StringIO(register.removeprefix("\ufeff")), strict=True, restval="", restkey="surplus")
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise BadTrialRegister(1, f"the columns must be {', '.join(COLUMNS)}")
    cases: dict[str, TrialCase] = {}
    for row in reader:
        case = _case(row, reader.line_num)
        known = cases.get(case.case_number)
        if known is None:
            cases[case.case_number] = case
        elif replace(known, parties=case.parties) == case:
            cases[case.case_number] = replace(known, parties=known.parties + case.parties)
        else:
            raise BadTrialRegister(
                reader.line_num, "court, department, judge or state differs from the case's first row"
            )
    return cases


def _case(row: dict[str, str], line: int) -> TrialCase:
    if "surplus" in row or not all(row.values()):
        raise BadTrialRegister(line, "every column needs a value")
    try:
        number = normalise_case_number(row["case_number"])
        state = CaseState(row["state"])
    except BadCaseNumber as error:
        raise BadTrialRegister(line, str(error)) from error
    except ValueError as error:
        raise BadTrialRegister(line, f"state must be one of {', '.join(CaseState)}") from error
    phone = e164(row["party_phone"])
    if phone is None:
        raise BadTrialRegister(line, "party_phone is not a valid telephone number")
    party = TrialParty(row["party_name"], phone, row["party_query_code"])
    return TrialCase(number, row["court"], row["department"], row["judge"], state, (party,))
