"""What we ask of a trial system; every adapter keeps this promise."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class CaseState(StrEnum):
    """How a case stands, in the words a party may be told."""

    FILED = "filed"
    HEARING_SCHEDULED = "hearing_scheduled"
    IN_TRIAL = "in_trial"
    SUSPENDED = "suspended"
    JUDGED = "judged"
    CLOSED = "closed"


_STATE_WORDS = {
    CaseState.FILED: ("已立案，等待排期", "filed, waiting for a hearing date"),
    CaseState.HEARING_SCHEDULED: ("已排期开庭", "a hearing is scheduled"),
    CaseState.IN_TRIAL: ("审理中", "being tried"),
    CaseState.SUSPENDED: ("中止审理", "proceedings suspended"),
    CaseState.JUDGED: ("已作出裁判", "decided"),
    CaseState.CLOSED: ("已结案", "closed"),
}


@dataclass(frozen=True, slots=True)
class TrialParty:
    """A party of a case; personal data, hence never in a ``repr``. ``phone`` is E.164."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    query_code: str = field(repr=False)
    """The query password 查询密码 printed on the notice of acceptance."""


@dataclass(frozen=True, slots=True)
class TrialCase:
    """A case of one court. ``case_number`` is canonical; ``judge_id`` and ``department`` are ids of the directory."""

    case_number: str = field(repr=False)
    court: str
    department: str
    judge_id: str
    state: CaseState
    parties: tuple[TrialParty, ...]

    @property
    def state_zh(self) -> str:
        """The state in Chinese."""
        return _STATE_WORDS[self.state][0]

    @property
    def state_en(self) -> str:
        """The state in English."""
        return _STATE_WORDS[self.state][1]


class TrialSystem(Protocol):
    """A trial system of the city's courts."""

    async def find_case(self, court: str, case_number: str) -> TrialCase | None:
        """The case of that court with this canonical number.

        A number with a suffix (``号之一``) finds the case of the ruling. None if that court has no such case: callers
        must not let a stranger tell this from a case whose parties do not include him.
        """
        ...
