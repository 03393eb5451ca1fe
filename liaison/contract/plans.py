"""What a request's plan is to its workflow, and how newer rules reach it (design 3.3)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rung:
    """One rung of a plan; 0 is the warning."""

    rung: int
    business_day: int
    due_on: str
    due_at: str
    """Exclusive: on time means received before it."""
    act_at: str
    """``due_at`` plus the spread of the work, on the workflow's clock: the only instant it is waited for."""
    provisional: bool
    post: str
    """The post told at this rung, in both languages."""
    counted: str = ""
    """How its date was counted, in both languages and short."""


@dataclass(frozen=True)
class PlanLadder:
    """Count the dates of a request anew, with the newest calendar, ``calendar`` at least.

    ``policy`` is the policy version it moves to, by the explicit word of whoever approved it; None leaves it its own.
    """

    reference: str
    stream: int
    seq: int
    calendar: int
    policy: int | None = None


@dataclass(frozen=True)
class Planned:
    """The plan in force. ``says`` is the sentence on what has changed, empty if nothing has."""

    calendar_version: int = 0
    policy_version: int = 0
    answer_due_on: str = ""
    answer_due_at: str = ""
    answer_act_at: str = ""
    rungs: list[Rung] = field(default_factory=list)
    says: str = ""
    answer_provisional: bool = False
    answer_counted: str = ""
    """How the limit of a summary request was counted, in both languages and short."""
    refused: str = ""
    """Why there is no such plan to be made; nothing else is set then."""


@dataclass(frozen=True)
class LookAtLimit:
    """Look whether a summary request's limit has passed; the versions are those its workflow lives by."""

    reference: str
    stream: int
    calendar_version: int
    policy_version: int


@dataclass(frozen=True)
class LimitSeen:
    """What the book knows of the limit to answer on the spot.

    Attributes:
        newer: the plan in force where the workflow has missed it: the limit may be another.
        closed: the book is of a later time than this run, and its request is over.
    """

    newer: Planned | None = None
    closed: bool = False


@dataclass(frozen=True)
class ReplanStart:
    """Input of ``ReplanWorkflow``: bring every open request to these rules. The other fields outlive a continuation.

    Attributes:
        calendar: the calendar version, at least.
        policy: the policy version open requests are moved to; None where they keep theirs.
        passes: how many passes over the book were made before.
        pause: seconds to wait after the next pass that leaves some requests behind.
    """

    calendar: int
    policy: int | None = None
    passes: int = 0
    pause: float = 2.0


@dataclass(frozen=True)
class FindMovable:
    """Look at a page of open requests counted by older rules; ``after`` is where the last page ended."""

    calendar: int
    policy: int | None = None
    after: str = ""


@dataclass(frozen=True)
class Movable:
    """Requests of which a date moves or becomes final; the others of the page are marked and left alone."""

    references: list[str] = field(default_factory=list)
    after: str = ""
    """Where the page ended; empty if it was the last."""


@dataclass(frozen=True)
class SignalRequests:
    """Tell these requests of newer rules."""

    references: list[str]
    calendar: int
    policy: int | None = None


@dataclass(frozen=True)
class Signalled:
    """How many heard it; ``absent`` have no running workflow, as while their start is still to be repeated."""

    told: int = 0
    absent: int = 0


@dataclass(frozen=True)
class KeepProgress:
    """Note how far a re-plan has come; ``settled`` says that it may end if nothing is left."""

    calendar: int
    policy: int | None
    passes: int
    settled: bool = False


@dataclass(frozen=True)
class ReplanCounts:
    """What became of the open requests so far; ``remaining`` are still counted by older rules."""

    moved: int = 0
    made_final: int = 0
    untouched: int = 0
    remaining: int = 0
    finished: bool = False
