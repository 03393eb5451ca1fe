"""What operators ask Temporal's list of workflows: the table of the README, with ``{instant}`` for its example time."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_ROW: Final = re.compile(r"\| (?P<looked_for>[^|]+) \| `(?P<query>[^`]*Liaison[^`]*)` \|")
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|\+08:00)")

QUERIES: Final = {
    "due before an instant": 'LiaisonNextDeadline < "{instant}" AND ExecutionStatus = "Running"',
    "warned, or climbed further, and open": 'LiaisonRung >= 0 AND ExecutionStatus = "Running"',
    "climbed to a deputy president or higher": 'LiaisonRung >= 2 AND ExecutionStatus = "Running"',
    "one department of one court": 'LiaisonCourt = "0104" AND LiaisonDepartment = "0104-d-civil1"',
    "one judge, by id": 'LiaisonJudge = "0104-j01" AND ExecutionStatus = "Running"',
    "waiting to be answered on the spot": 'LiaisonStage = "answering" AND LiaisonProcedure = "summary"',
    "dates that may still move": 'LiaisonProvisional = true AND ExecutionStatus = "Running"',
    "complaints by hotline": 'LiaisonCategory = "complaint" AND LiaisonChannel = "hotline"',
    "counted with an older calendar or policy": "LiaisonCalendarVersion < 10 OR LiaisonPolicyVersion < 1",
}


def queries_of(readme: str) -> dict[str, str]:
    """The table of list queries in a README at the root."""
    rows = _ROW.finditer((ROOT / readme).read_text(encoding="utf-8"))
    return {row["looked_for"].strip(): _INSTANT.sub("{instant}", row["query"]) for row in rows}
