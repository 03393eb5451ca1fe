"""What the API shows; services make these values, the models describe and, in tests, hold them to it.

Instants are RFC 3339 in Shanghai's offset (+08:00), dates are YYYY-MM-DD.
"""

from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.recipients import FaultKind
from liaison.policy.words import (
    ActionKind,
    ActionState,
    Category,
    CourtLevel,
    EventKind,
    HolderKind,
    Language,
    Outcome,
    PartyRole,
    Post,
    Procedure,
    Stage,
)
from liaison.services.rungs_today import Reason

Item = TypeVar("Item")


class View(BaseModel):
    """Something shown; a field nobody described is a fault of ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Page(View, Generic[Item]):
    """Part of a list; ask again with ``cursor=next_cursor`` until it is null."""

    items: list[Item]
    next_cursor: str | None


class HolderView(View):
    """Who must reply 承办人: a pseudonym or a department's code, and the post in both languages."""

    id: str
    kind: HolderKind
    post: str


class SupervisionState(View):
    """The supervision process 督办 of a request that was not replied to in time."""

    since: AwareDatetime
    rung: int
    supervisor: str | None
    last_act: str | None


class DeadlineView(View):
    """A rung of the ladder. A reply is on time when received before ``due_at``, the end of ``due_on``."""

    rung: int = Field(description="0 is the warning.")
    business_day: int
    due_on: date
    due_at: AwareDatetime
    provisional: bool = Field(description="Whether the date lies past the last day the State Council announced.")


class RequestView(View):
    """Where a request stands."""

    reference: str
    procedure: Procedure
    stage: Stage
    outcome: Outcome | None
    received_at: AwareDatetime
    holder: HolderView | None = Field(description="Null until the request is dispatched.")
    supervision: SupervisionState | None
    deadlines: list[DeadlineView]
    calendar_version: int
    policy_version: int
    attached_to: str | None = Field(default=None, description="The open request on the same matter, if there is one.")


class PartyView(View):
    """Who asked, and how to reach him."""

    name: str
    phone: str = Field(description="E.164.")
    role: PartyRole
    language: Language


class ContentView(View):
    """What a party asked, for those who must read it."""

    reference: str
    content: str
    case_number: str | None
    party: PartyView
    about: list[str] | None = Field(default=None, description="Ids of those complained of, if there are any.")


class EventView(View):
    """A line of the record of a request."""

    reference: str
    stream: str = Field(description="intake, inbox, messages, or the run of the workflow that wrote the line.")
    seq: int
    kind: EventKind
    at: AwareDatetime
    actor: str
    detail: dict[str, Any]


class Feed(View):
    """Lines of the record of many requests. ``reference``, ``stream`` and ``seq`` together tell one from another."""

    items: list[EventView]
    next_cursor: str = Field(description="Send it as `after` to go on; never null, on an empty page neither.")


class ActionView(View):
    """What somebody did to a request and what became of it."""

    id: str
    reference: str
    kind: ActionKind
    by: str
    on_behalf_of: str | None = Field(description="The holder, where a member of his team acted.")
    detail: str
    target: dict[str, str] | None
    received_at: AwareDatetime
    state: ActionState = Field(description="Pending until the workflow has taken it.")
    refusal: str | None
    settled_at: AwareDatetime | None
    location: str
    text: dict[str, Any] | None = Field(default=None, description="What was said, for those who may read it.")


class SupervisionView(View):
    """A request in a leader's inbox, with the party's full text (Opinions art. 8); days are business days."""

    reference: str
    rung: int
    post: Post
    in_place_of: str | None = Field(description="Whose place the reader takes, where that one is away.")
    court: str
    category: Category
    content: str
    received_at: AwareDatetime
    days_since_receipt: int
    days_overdue: int
    holder: HolderView | None
    last_act: str | None
    due_at: AwareDatetime
    sent_at: AwareDatetime
    opened_at: AwareDatetime = Field(description="When the reader first saw it; with the first reading, now.")


class MessageView(View):
    """A message to somebody; its text is masked."""

    id: str
    reference: str
    cause: str
    message_class: MessageClass
    template: str
    language: Language
    recipient: str = Field(description="A staff id, a desk, or `party`.")
    text: str
    state: MessageState
    reserved_at: AwareDatetime
    send_after: AwareDatetime
    submitted_at: AwareDatetime | None
    settled_at: AwareDatetime | None
    attempts: int
    gateway: str | None
    provider_id: str | None
    failure: str | None
    useful_until: AwareDatetime | None = Field(description="After that it expires instead of being sent.")
    repeats: int = Field(description="How often it was sent once more after doubt: people may have it twice.")
    gathered_into: str | None = Field(description="The digest that told a leader of it among others.")
    tried: list[str] = Field(description="Gateways that took it and could not deliver it.")


class RegisterFaultView(View):
    """A post found vacant or absent when it was needed, or somebody whom a message could not reach."""

    reference: str
    rung: int | None
    subject: str = Field(description="A post, a staff id, a desk, or `party`; the message says why it failed.")
    reason: FaultKind
    found_at: AwareDatetime


class BellsView(View):
    """How many messages about rungs are where."""

    sent: int
    waiting: int = Field(description="For their window.")
    superseded: int = Field(description="A reply came before the bell.")
    failed: int
    ambiguous: int = Field(description="The gateway cannot say whether it took them.")


class MissView(View):
    """A rung that did not fire, or that nobody heard of."""

    reference: str
    rung: int
    due_at: AwareDatetime
    act_at: AwareDatetime = Field(description="When the work was planned: spread after `due_at`.")
    reason: Reason
    detail: str


class RungsView(View):
    """What became of the rungs that fell due within one day of Shanghai."""

    on: date
    due: int = Field(description="Those of requests that were not answered in time.")
    recorded: int
    annulled: int = Field(description="Recorded, and annulled by a reply that proved to be in time.")
    answered_in_time: int = Field(description="Not due: what ended the request was received before.")
    to_come: int = Field(description="Due, and their planned instant still lies ahead.")
    missed: int
    bells: BellsView
    all_fired: bool
    misses: list[MissView] = Field(description="At most 200.")


class DeadlinesView(View):
    """The dates a request received at that time in that court would have."""

    received_at: AwareDatetime
    court: str
    court_level: CourtLevel
    deadlines: list[DeadlineView]
    calendar_version: int
    policy_version: int
