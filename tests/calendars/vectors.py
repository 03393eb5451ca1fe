"""The vector files: tables of expected dates made without any code of ours."""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "data" / "vectors"


def read_vectors(name: str) -> list[dict[str, str]]:
    """Read one file as rows by column name; its comment lines state the rule and are passed over."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))
