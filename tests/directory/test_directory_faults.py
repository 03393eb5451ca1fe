"""Every fault of a directory: its line, its sentence, and nothing else told."""

import csv
import io
from collections.abc import Callable

import pytest

from liaison.services.directory_file import parse_directory
from liaison.services.directory_rows import COLUMNS, DirectoryFaults

Rows = list[dict[str, str]]
Change = Callable[[Rows], None]


def cell(row_id: str, **cells: str) -> Change:
    return lambda rows: next(row for row in rows if row["id"] == row_id).update(cells)


def without(row_id: str) -> Change:
    return lambda rows: rows.remove(next(row for row in rows if row["id"] == row_id))


def twice(row_id: str, **cells: str) -> Change:
    return lambda rows: rows.append(dict(next(row for row in rows if row["id"] == row_id), **cells))


def faults_of(text: str) -> list[tuple[int, str]]:
    with pytest.raises(DirectoryFaults) as refused:
        parse_directory(text)
    assert str(refused.value) == "\n".join(f"line {fault.line}: {fault.says}" for fault in refused.value.faults)
    return [(fault.line, fault.says) for fault in refused.value.faults]


def written(rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


ROLES = "judge, assistant, department_leader, deputy_president, president, clerk"
POSTS = "department_leader, deputy_president, president"
UNFIT = "has over 80 characters or an unprintable one."
STAND_IN = "must be another person, a judge or a leader."

CASES: list[tuple[Change, str, str]] = [
    # the change, the row the fault is told of (END: the row added last, 1: the header), the sentence
    (cell("0104-j06", kind="judge"), "0104-j06", "kind 'judge' is none of court, department, person."),
    (twice("0104-j06"), "END", "id 0104-j06 is taken already by line 47."),
    (cell("0104-j07", id="0104-wanglin"), "0104-wanglin", "id '0104-wanglin' must have the form {p}."),
    (cell("0104-j07", id="0105-j07"), "0105-j07", "id '0105-j07' must have the form {p}."),
    (cell("0104-j07", court="104"), "0104-j07", "court '104' has no row of its own. {zero}"),
    (cell("0104-j07", court="0199"), "0104-j07", "court '0199' has no row of its own."),
    (cell("0104", court="0105"), "0104", "a court's row repeats its id '0104' in the column court."),
    (cell("0104-j06", role="jugde"), "0104-j06", f"role 'jugde' of a person is none of {ROLES}."),
    (cell("0104-j06", role="duty_desk"), "0104-j06", f"role 'duty_desk' of a person is none of {ROLES}."),
    (
        cell("0104-d-civil1", role="court"),
        "0104-d-civil1",
        "role 'court' of a department is none of chamber, litigation_service, case_filing.",
    ),
    (cell("0104", role="high"), "0104", "role 'high' of a court is none of primary, intermediate."),
    (cell("0104-j06", status="ill"), "0104-j06", "status 'ill' is none of present, absent, vacant."),
    (cell("0104-j06", status="vacant", name=""), "0104-j06", f"only these posts can be declared vacant: {POSTS}."),
    (
        cell("0104-l05", in_charge_of="0104-d-civil1"),
        "0104-l05",
        "only a deputy_president is in charge of departments.",
    ),
    (cell("0104-j06", name=""), "0104-j06", "name is missing."),
    (cell("0104-j06", title_en=""), "0104-j06", "title_en is missing."),
    (cell("0104-j06", title_en="J" * 81), "0104-j06", f"title_en {UNFIT}"),
    (cell("0104-j06", title_zh="法\x7f官"), "0104-j06", f"title_zh {UNFIT}"),
    (cell("0104-l02", mobile=""), "0104-l02", "mobile is missing."),
    (cell("0118-v01", name="邬岚舟"), "0118-v01", "a vacant post has no name."),
    (
        cell("0104-d-civil1", mobile="", office_phone=""),
        "0104-d-civil1",
        "the duty desk needs a mobile or an office_phone.",
    ),
    (cell("0104-j06", mobile="1390000"), "0104-j06", "mobile is not a valid mobile number."),
    (cell("0104-j06", mobile="020-83210001"), "0104-j06", "mobile is not a valid mobile number."),
    (cell("0104-j06", office_phone="12-34"), "0104-j06", "office_phone is not a valid telephone number."),
    (
        cell("0104-j07", department="0105-d-civil1"),
        "0104-j07",
        "department '0105-d-civil1' is not a department of court 0104.",
    ),
    (
        cell("0104-v02", in_charge_of="0104-d-criminal;0104-d-enforcement;0104-d-tax"),
        "0104-v02",
        "department '0104-d-tax' is not a department of court 0104.",
    ),
    (cell("0104-j07", department=""), "0104-j07", "a judge needs a department."),
    (cell("0104-j07", team="t1"), "0104-j07", "team t1 of court 0104 is split between departments."),
    (cell("0106-l02", stand_in="0106-j09"), "0106-l02", "stand-in '0106-j09' is not a person of court 0106."),
    (cell("0106-l02", stand_in="0104-j01"), "0106-l02", "stand-in '0104-j01' is not a person of court 0106."),
    (cell("0106-l02", stand_in="0106-l02"), "0106-l02", f"stand-in 0106-l02 {STAND_IN}"),
    (cell("0104-l02", stand_in="0104-a01"), "0104-l02", f"stand-in 0104-a01 {STAND_IN}"),
    (cell("0118-l02", stand_in="0118-v01"), "0118-l02", f"stand-in 0118-v01 {STAND_IN}"),
    (
        without("0104-l03"),
        "0104-d-civil2",
        "department 0104-d-civil2 needs a department_leader or a declared vacancy.",
    ),
    (
        cell("0104-v02", in_charge_of="0104-d-criminal"),
        "0104-d-enforcement",
        "department 0104-d-enforcement needs a deputy_president or a declared vacancy.",
    ),
    (without("0104-p01"), "0104", "court 0104 needs a president or a declared vacancy."),
    (twice("0104-p01", id="0104-p02"), "END", "court 0104 has a president already, in line 34."),
    (
        twice("0104-l03", id="0104-l09"),
        "END",
        "department 0104-d-civil2 has a department_leader already, in line 39.",
    ),
    (cell("0104-d-service", role="chamber"), "0104", "court 0104 needs a litigation_service department."),
    (
        cell("0104-d-civil1", role="litigation_service"),
        "0104-d-civil1",
        "court 0104 has a litigation_service already, in line 29.",
    ),
    (cell("01-d-filing", role="chamber"), "01", "court 01 needs a case_filing department."),
]
FORMS = {
    "p": "0104-, one small letter and two or three digits",
    "zero": "A spreadsheet may have dropped a leading zero.",
}


@pytest.mark.parametrize(("change", "row_id", "says"), CASES, ids=[f"{row}: {says}"[:60] for _, row, says in CASES])
def test_one_mistake_is_told_once_by_line(directory_text: str, change: Change, row_id: str, says: str) -> None:
    rows = list(csv.DictReader(io.StringIO(directory_text)))
    change(rows)
    line = len(rows) + 1 if row_id == "END" else 2 + [row["id"] for row in rows].index(row_id)

    assert faults_of(written(rows)) == [(line, says.format(**FORMS))]


def test_all_mistakes_are_told_at_once_in_order_of_lines(directory_text: str) -> None:
    rows = list(csv.DictReader(io.StringIO(directory_text)))
    for change in (cell("0192-p01", mobile="1"), cell("01-p01", name=""), cell("01-p01", mobile="")):
        change(rows)

    assert [line for line, _ in faults_of(written(rows))] == [7, 7, 128]


def test_a_department_code_shows_its_court(directory_text: str) -> None:
    faults = faults_of(directory_text.replace("0104-d-criminal", "0104-criminal"))

    assert faults == [(32, "id '0104-criminal' must have the form 0104-d- and up to 20 small letters or digits.")]


def test_a_city_needs_exactly_one_intermediate_court(directory_text: str) -> None:
    rows = list(csv.DictReader(io.StringIO(directory_text)))
    cell("0104", role="intermediate")(rows)

    assert (1, "the city needs one intermediate court, not 2.") in faults_of(written(rows))


def test_a_leading_zero_lost_from_a_court_is_explained(directory_text: str) -> None:
    faults = faults_of(directory_text.replace("\n0118,court,0118", "\n118,court,118"))

    assert (117, "id '118' must have the form two or four digits, leading zeros included.") in faults


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda text: "", [(1, f"the column {column} is missing.") for column in sorted(COLUMNS)]),
        (lambda text: text.replace("stand_in,", "standin,", 1), [
            (1, "the column 'standin' is unknown."), (1, "the column stand_in is missing."),
        ]),
        (lambda text: text.replace("status\n", "status,team\n", 1), [(1, "the column team occurs twice.")]),
        (lambda text: text.replace("\n01,court", '\n"01,court', 1), [(2, "this is not CSV: unexpected end of data.")]),
    ],
    ids=["empty", "misspelt column", "doubled column", "open quote"],
)  # fmt: skip
def test_a_file_that_cannot_be_read(
    directory_text: str, spoil: Callable[[str], str], expected: list[tuple[int, str]]
) -> None:
    assert faults_of(spoil(directory_text)) == expected


def test_a_row_of_another_width_is_told_and_still_counts(directory_text: str) -> None:
    lines = directory_text.splitlines()
    lines[6] += ",,"

    assert faults_of("\n".join(lines)) == [(7, "the row has 16 cells instead of 14.")]


def test_a_line_break_in_a_cell_does_not_shift_the_lines_told(directory_text: str) -> None:
    broken = directory_text.replace("Guangzhou Intermediate", '"Guangzhou\nIntermediate', 1).replace(
        "Court,", 'Court",', 1
    )

    assert faults_of(broken.replace("13900001001", "1", 1)) == [
        (2, f"title_en {UNFIT}"),
        (8, "mobile is not a valid mobile number."),
    ]
