"""What workflows, activities and services say to one another.

One frozen dataclass in, one out; later fields get defaults. Instants travel as ISO 8601 text in UTC, dates as
``YYYY-MM-DD``; texts of parties and judges never travel, their ids do. Two clocks are kept apart: ``due_at`` and
``received_at`` are instants of the registration book and compared with one another; ``act_at`` and the ``at`` of a
run's own events are on the workflow's clock. In production the two are one; virtual time shifts the second.
"""

from dataclasses import dataclass, field

from liaison.contract.plans import Planned, Rung
from liaison.policy.words import ActionKind, ActionState, EventKind, HolderKind, Outcome, Procedure, Stage


@dataclass(frozen=True)
class Holder:
    """Who must reply now 承办人: a judge with his team, or a department's post."""

    id: str
    kind: HolderKind
    court: str
    department: str
    post: str
    """The post in both languages; readable in Temporal's UI, hence never a person's name."""
    members: list[str] = field(default_factory=list)
    """Staff ids that may act for the holder, his own included."""


@dataclass(frozen=True)
class RequestStart:
    """Input of ``LiaisonRequestWorkflow``. ``stream`` counts run chains: a repair starts the next."""

    reference: str
    stream: int = 1


@dataclass(frozen=True)
class RequestEnd:
    """Result of ``LiaisonRequestWorkflow``; ``duplicate`` means another run holds the request."""

    reference: str
    outcome: Outcome | None = None
    duplicate: bool = False


@dataclass(frozen=True)
class OpenRequest:
    """Claim a request for a run (design 3.2)."""

    reference: str
    run_id: str
    stream: int


@dataclass(frozen=True)
class Action:
    """Something a person did to a request; its text stays in the database under ``action_id`` (a ULID)."""

    action_id: str
    kind: ActionKind
    by: str
    received_at: str
    detail: str = ""
    """The procedure changed to, the act of supervision, or the claimed reply meant; empty for the other kinds."""
    as_holder: bool = False
    """Given by the holder or his team: refused if, by the time it is taken, they no longer hold the request."""
    claimed: bool = False
    """A reply in a form that anybody can forge: it stops the ladder and waits to be confirmed."""
    holder: str = ""
    """The holder, or whoever is offered the work order, for whom ``by`` acts by the directory of the day; empty where
    nobody looked into it."""


@dataclass(frozen=True)
class Opened:
    """The state of a claimed request; ``duplicate`` tells the run to end."""

    duplicate: bool = False
    court: str = ""
    procedure: Procedure = Procedure.ORDINARY
    stage: Stage = Stage.REGISTERED
    machine_may_answer: bool = False
    plan: int = 1
    calendar_version: int = 0
    policy_version: int = 0
    answer_due_on: str = ""
    answer_due_at: str = ""
    """Exclusive, like a rung's ``due_at``."""
    answer_act_at: str = ""
    """Until then a summary request may be answered; after it the request is ordinary."""
    rungs: list[Rung] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    """Rungs that fired in an earlier run chain: they never fire again."""
    holder: Holder | None = None
    offered: Holder | None = None
    answered_by: Action | None = None
    """An answer given on the spot, at intake."""
    last_seq: int = 1
    """Number of the stream's last event: a run that was reset goes on behind it."""
    claimed: Action | None = None
    """A reply that waits to be confirmed."""
    answer_provisional: bool = False
    answer_counted: str = ""
    """How the limit of a summary request was counted, in both languages and short."""


@dataclass(frozen=True)
class Receipt:
    """What the giver of an action hears at once."""

    action_id: str
    state: ActionState


@dataclass(frozen=True)
class Dispatch:
    """Send the work order out (art. 5)."""

    reference: str
    stream: int
    seq: int


@dataclass(frozen=True)
class RungDue:
    """Record a rung whose limit has passed, or which ``escalated_by`` lifts before its time."""

    reference: str
    stream: int
    seq: int
    rung: int
    escalated_by: str = ""
    reason: str = ""
    at: str = ""
    """When the workflow found it due, on its own clock; empty where ``received_at`` says so."""
    received_at: str = ""
    """Of the late action that found it due before the timer did."""
    resumed: bool = False
    """It fires after its instant because a claimed reply, revoked since, had stopped the ladder."""
    calendar_version: int = 0
    """What the workflow lives by, as ``policy_version``; 0 where an older one did not say."""
    policy_version: int = 0


@dataclass(frozen=True)
class RungRecorded:
    """``held_back`` means a reply received in time waits in the inbox: no rung (design 3.6).

    ``moved`` is the plan in force where it is newer than the workflow's and has the rung later: no rung either.
    ``newer`` is one that the workflow has missed, and by which the rung was due all the same.
    """

    held_back: bool = False
    post: str = ""
    moved: Planned | None = None
    newer: Planned | None = None


@dataclass(frozen=True)
class ApplyAction:
    """Put an accepted action on record and let it take effect."""

    reference: str
    stream: int
    seq: int
    action: Action


@dataclass(frozen=True)
class Applied:
    """Who holds the request now, and to whom it is offered; ``newer`` is the plan where its limits may have changed."""

    holder: Holder | None = None
    offered: Holder | None = None
    newer: Planned | None = None


@dataclass(frozen=True)
class AnswerByMachine:
    """Try to answer a summary request without a person (art. 4)."""

    reference: str
    stream: int
    seq: int


@dataclass(frozen=True)
class MachineAnswer:
    """The answer given, or None where a clerk must look."""

    answer: Action | None = None


@dataclass(frozen=True)
class SignalReply:
    """A reply typed as a plain signal; ``ordinal`` is its place among the run's ``reply`` signals, from 1."""

    reference: str
    stream: int
    seq: int
    ordinal: int
    judge: str
    text: str


@dataclass(frozen=True)
class SignalReplyKept:
    """The reply as an action of the inbox, or why it is none."""

    reply: Action | None = None
    refused: str = ""


@dataclass(frozen=True)
class Confirmed:
    """How a claimed reply came to count: by a person's ``confirmation``, or by silence where there is none."""

    seq: int
    confirmation: Action | None = None


@dataclass(frozen=True)
class CloseRequest:
    """End a request by a reply, an answer or a withdrawal; ``confirmed`` is there for a claimed reply."""

    reference: str
    stream: int
    seq: int
    action: Action
    confirmed: Confirmed | None = None


@dataclass(frozen=True)
class Closed:
    """How the request ended."""

    outcome: Outcome


@dataclass(frozen=True)
class RunEvent:
    """A line of the record that changes nothing else."""

    seq: int
    kind: EventKind
    at: str
    detail: str = ""
    clerk_item: bool = False
    """Whether a clerk should look at it."""


@dataclass(frozen=True)
class RecordEvents:
    """A batch for the background projection."""

    reference: str
    stream: int
    events: list[RunEvent]


@dataclass(frozen=True)
class Purged:
    """What one round of the nightly purge erased by age; ``more`` is left while there is something."""

    requests: int = 0
    messages: int = 0
    more: bool = False
    callbacks: int = 0
    inbound: int = 0


@dataclass(frozen=True)
class HorizonSeen:
    """How far the calendar is announced, and how urgently its next notice should be looked for."""

    announced_until: str
    missing_year: int
    urgency: str
    says: str
    """In both languages."""
