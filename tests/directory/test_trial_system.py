"""The embedded trial register: what it holds, how it is asked, who is a party."""

import csv
import io
from collections.abc import Callable

import pytest

from liaison.gateways.phones import e164
from liaison.gateways.trial_system.embedded import BadTrialRegister, EmbeddedTrialSystem
from liaison.gateways.trial_system.identity import identifies
from liaison.gateways.trial_system.port import CaseState, TrialCase, TrialParty, TrialSystem
from liaison.policy.case_number import normalise_case_number
from liaison.policy.roster import Roster
from liaison.policy.words import StaffRole

README_EXAMPLE = "（2026）粤0104民初1234号"


@pytest.fixture(scope="module")
def trial_system(register_text: str) -> TrialSystem:
    return EmbeddedTrialSystem(register_text)


@pytest.mark.parametrize("serial", [1234, 77, 78, *range(3000, 3040)])
async def test_the_promised_cases_of_yuexiu_have_judges_of_yuexiu(
    trial_system: TrialSystem, roster: Roster, serial: int
) -> None:
    case = await trial_system.find_case("0104", f"（2026）粤0104民初{serial}号")
    assert case is not None

    judge = roster.staff(case.judge_id)
    assert judge is not None and (judge.court, judge.role, judge.is_present) == ("0104", StaffRole.JUDGE, True)
    assert len(case.parties) == 2


async def test_every_case_agrees_with_the_directory(
    trial_system: TrialSystem, roster: Roster, register_text: str
) -> None:
    rows = list(csv.DictReader(io.StringIO(register_text)))
    cases = {(row["court"], row["case_number"]) for row in rows}
    found = [await trial_system.find_case(court, number) for court, number in cases]

    assert len(found) == 52 and {case.court for case in found if case} >= {"01", "0104", "0111", "0117", "0192"}
    assert len({case.judge_id for case in found if case and case.court == "0104"}) == 5
    for case in found:
        assert case is not None and normalise_case_number(case.case_number) == case.case_number
        holder = roster.holder(case.judge_id)
        assert holder is not None and (holder.court, holder.department) == (case.court, case.department)


@pytest.mark.parametrize("column", ["party_phone", "party_query_code"])
def test_no_two_parties_share_a_telephone_or_a_query_code(register_text: str, column: str) -> None:
    values = [row[column] for row in csv.DictReader(io.StringIO(register_text))]

    assert len(values) == len(set(values)) == 104


@pytest.mark.parametrize(("court", "number"), [("0105", README_EXAMPLE), ("0104", "（2026）粤0104民初9999号")])
async def test_no_such_case_in_that_court(trial_system: TrialSystem, court: str, number: str) -> None:
    assert await trial_system.find_case(court, number) is None


async def test_a_later_ruling_finds_its_case(trial_system: TrialSystem) -> None:
    case = await trial_system.find_case("0104", README_EXAMPLE)

    assert case is not None and await trial_system.find_case("0104", f"{README_EXAMPLE}之一") == case


def test_every_state_can_be_told_in_both_languages() -> None:
    cases = [TrialCase(README_EXAMPLE, "0104", "0104-d-civil1", "0104-j01", state, ()) for state in CaseState]

    assert len({case.state_zh for case in cases}) == len({case.state_en for case in cases}) == len(CaseState)


PLAINTIFF = TrialParty("罗湛棠", "+8613900005001", "QCYBBM6T")
COMPANY = TrialParty("Anna Luo Trading Ltd", "+8613900005002", "FHVEYYKT")
CASE = TrialCase(README_EXAMPLE, "0104", "0104-d-civil1", "0104-j01", CaseState.IN_TRIAL, (PLAINTIFF, COMPANY))

IDENTITY = [
    # name, telephone, query code, who it is
    ("罗湛棠", "13900005001", None, PLAINTIFF),
    (" 罗 湛棠 ", "+86 139 0000 5001", None, PLAINTIFF),
    ("罗湛棠", "１３９００００５００１", "", PLAINTIFF),
    ("ANNA LUO trading ltd", "13900005002", None, COMPANY),
    ("somebody", "13900009999", "QCYBBM6T", PLAINTIFF),
    ("somebody", "", " qcyb bm6t", PLAINTIFF),
    ("罗湛棠", "13900005001", "WRONG123", PLAINTIFF),
    ("罗湛棠", "13900005001", "FHVEYYKT", COMPANY),  # the code says whose number is answered
    ("罗湛棠", "13900005002", None, None),  # one party's name, the other's telephone
    ("罗湛棠", "13900009999", None, None),
    ("罗湛", "13900005001", None, None),
    ("", "13900005001", None, None),
    ("罗湛棠", "", None, None),
    ("罗湛棠", "13900009999", "QCYBBM6", None),
    ("罗湛棠", "13900009999", "\ud800", None),
]


@pytest.mark.parametrize(("name", "phone", "query_code", "expected"), IDENTITY)
def test_identity(name: str, phone: str, query_code: str | None, expected: TrialParty | None) -> None:
    assert identifies(CASE, name, phone, query_code) is expected


def test_empty_entries_of_the_register_identify_nobody() -> None:
    blank = TrialCase(README_EXAMPLE, "0104", "d", "j", CaseState.FILED, (TrialParty("", "+8613900005001", ""),))

    assert identifies(blank, "", "13900005001", "") is None


def test_no_party_shows_itself_in_a_repr() -> None:
    assert repr(PLAINTIFF) == "TrialParty()" and "1234" not in repr(CASE)


HEADER = "case_number,court,department,judge,state,party_name,party_phone,party_query_code\n"
ROW = f"{README_EXAMPLE},0104,0104-d-civil1,0104-j01,filed,罗湛棠,13900005001,QCYBBM6T\n"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda t: "", "line 1: the columns must be case_number, court"),
        (lambda t: t.replace("粤", "", 1), "line 2: not a case number"),
        (lambda t: t.replace("filed", "pending"), "line 2: state must be one of filed, hearing_scheduled"),
        (lambda t: t.replace("13900005001", "139"), "line 2: party_phone is not a valid telephone number"),
        (lambda t: t.replace("罗湛棠", ""), "line 2: every column needs a value"),
        (lambda t: t.replace(",QCYBBM6T", ""), "line 2: every column needs a value"),
        (lambda t: t.replace("QCYBBM6T", "QCYBBM6T,x"), "line 2: every column needs a value"),
        (lambda t: t + ROW.replace("j01", "j02"), "line 3: court, department, judge or state differs"),
    ],
)
def test_a_register_that_cannot_be_read(spoil: Callable[[str], str], says: str) -> None:
    with pytest.raises(BadTrialRegister, match=f"^trial register, {says}"):
        EmbeddedTrialSystem(spoil(HEADER + ROW))


@pytest.mark.parametrize(
    ("text", "mobile_only", "expected"),
    [
        ("139 0000 1001", True, "+8613900001001"),
        ("+852 2123 4567", False, "+85221234567"),
        ("020-12368", False, "+862012368"),
        ("020-83210001", True, None),
        ("020-83210001 ext. 5", False, None),
        ("139", False, None),
        ("call me", False, None),
    ],
)
def test_telephone_numbers(text: str, mobile_only: bool, expected: str | None) -> None:
    assert e164(text, mobile_only=mobile_only) == expected
