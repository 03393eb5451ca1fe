"""The directory's CSV as rows: one court, department, person or vacant post a row, columns as in ``Row``.

Made for a clerk with a spreadsheet: columns in any order, a byte order mark and empty rows do no harm, several values
of one cell are separated by semicolons.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from enum import StrEnum


class RowKind(StrEnum):
    """What a row describes."""

    COURT = "court"
    DEPARTMENT = "department"
    PERSON = "person"


@dataclass(frozen=True, order=True)
class LineFault:
    """A fault of the file: its line as an editor counts and one sentence without personal data."""

    line: int
    says: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.says}"


class DirectoryFaults(ValueError):
    """The directory is refused as a whole; ``faults`` names everything wrong with it, by line."""

    def __init__(self, faults: list[LineFault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class Row:
    """One row, every cell as stripped text; empty means nothing is said."""

    line: int
    id: str
    kind: str
    court: str
    department: str
    role: str
    """A court's level, a department's kind, a person's role."""
    name: str
    team: str
    title_zh: str
    """The court's or department's name, the person's position."""
    title_en: str
    office_phone: str
    mobile: str
    in_charge_of: str
    """Department codes of a deputy president, separated by semicolons."""
    stand_in: str
    status: str

    @property
    def charges(self) -> tuple[str, ...]:
        """The departments a deputy president is in charge of."""
        return tuple(code.strip() for code in self.in_charge_of.split(";") if code.strip())

    @property
    def cells(self) -> dict[str, str]:
        """The cells by column."""
        return {column: text for column, text in asdict(self).items() if column != "line"}


COLUMNS = tuple(column.name for column in fields(Row) if column.name != "line")


def read_rows(text: str) -> tuple[list[Row], list[LineFault]]:
    """Split the file into rows; rows with too few or too many cells are kept, as far as they go, beside their fault.

    Raises:
        DirectoryFaults: Nothing can be read: the header is wrong or the text is no CSV.
    """
    (_, header), *body = list(_lines(text)) or [(1, [])]
    header_faults = [LineFault(1, says) for says in _header_faults(header)]
    if header_faults:
        raise DirectoryFaults(header_faults)
    faults = [
        LineFault(line, f"the row has {len(cells)} cells instead of {len(header)}.")
        for line, cells in body
        if len(cells) != len(header)
    ]
    return [_row(line, header, cells) for line, cells in body], faults


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that say something, with the line each begins on (a quoted cell may hold line breaks)."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise DirectoryFaults([LineFault(line, f"this is not CSV: {error}.")]) from error


def _header_faults(header: list[str]) -> Iterator[str]:
    for column in COLUMNS:
        if column not in header:
            yield f"the column {column} is missing."
    for column in dict.fromkeys(header):
        if column not in COLUMNS:
            yield f"the column {column!r} is unknown."
        elif header.count(column) > 1:
            yield f"the column {column} occurs twice."


def _row(line: int, header: list[str], cells: list[str]) -> Row:
    given = dict(zip(header, cells, strict=False))
    return Row(line=line, **{column: given.get(column, "") for column in COLUMNS})
