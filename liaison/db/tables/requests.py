"""The request, its plans, record, actions and work orders. No personal data in any of these columns."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint, text
from sqlalchemy import false as sa_false
from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Counter, Instant, stored_as
from liaison.policy.words import (
    ActionKind,
    ActionState,
    AsksFor,
    Category,
    Channel,
    CourtLevel,
    EventKind,
    HolderKind,
    Language,
    Outcome,
    Post,
    Procedure,
    StaffRole,
    Stage,
)

_CLOSED = text("closed_at IS NOT NULL")


class Request(SQLModel, table=True):
    """One request 诉求. ``run_id`` is null until a workflow run has claimed the row (design 3.2)."""

    __table_args__ = (
        Index("ix_request_unclaimed", "run_id", "registered_at"),
        Index("ix_request_court_stage", "court", "stage", "reference"),
        Index("ix_request_holder", "holder_id", "stage"),
        Index("ix_request_next_due", "stage", "next_due_at"),
        Index("ix_request_key", "key_id", "reference"),
        # Open requests stand in no page of it, so that registering one costs nothing.
        Index("ix_request_closed", "closed_at", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
    )

    reference: str = Field(primary_key=True, max_length=20)
    key_id: str = Field(max_length=40)
    channel: Channel = Field(sa_type=stored_as(Channel))
    court: str = Field(max_length=8)
    court_level: CourtLevel = Field(sa_type=stored_as(CourtLevel))
    category: Category = Field(sa_type=stored_as(Category))
    asks_for: AsksFor | None = Field(default=None, sa_type=stored_as(AsksFor))
    language: Language = Field(sa_type=stored_as(Language))
    department: str | None = Field(default=None, max_length=40)
    """The department asked for, then the department that holds the request."""
    judge: str | None = Field(default=None, max_length=40)
    """The judge named by the party."""
    about: list[str] = Field(default=[], sa_type=JSON)
    """Staff ids complained of by name."""
    triage_reason: str = Field(max_length=200)
    procedure: Procedure = Field(sa_type=stored_as(Procedure))
    stage: Stage = Field(default=Stage.REGISTERED, sa_type=stored_as(Stage))
    outcome: Outcome | None = Field(default=None, sa_type=stored_as(Outcome))
    received_at: datetime = Field(sa_type=Instant)
    registered_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)
    """When its data key and contact were destroyed by age; the record and its dates stay."""

    holder_id: str | None = Field(default=None, max_length=40)
    holder_kind: HolderKind | None = Field(default=None, sa_type=stored_as(HolderKind))
    holder_post: str | None = Field(default=None, max_length=200)
    holder_team: str | None = Field(default=None, max_length=40)
    work_order: int = Field(default=0)
    """Number of the work order in force; 0 before dispatch."""

    supervised_since: datetime | None = Field(default=None, sa_type=Instant)
    rung: int | None = Field(default=None)
    """The highest rung recorded; null while all is on time."""
    supervisor: str | None = Field(default=None, max_length=40)
    last_act: str | None = Field(default=None, max_length=32)
    next_due_at: datetime | None = Field(default=None, sa_type=Instant)

    plan: int = Field(default=1)
    calendar_version: int
    policy_version: int
    attached_to: str | None = Field(default=None, max_length=20, index=True)
    open_matter: str | None = Field(default=None, max_length=64, unique=True)
    """MAC of phone, case number and category while the request is open: one open request a matter."""

    run_id: str | None = Field(default=None, max_length=64)
    stream: int = Field(default=1)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)


class Plan(SQLModel, table=True):
    """The dates of a request under one calendar and policy version; never updated."""

    reference: str = Field(primary_key=True, max_length=20)
    number: int = Field(primary_key=True)
    calendar_version: int
    policy_version: int
    reason: str = Field(max_length=80)
    made_at: datetime = Field(sa_type=Instant)
    day0: str = Field(max_length=10)
    last_due_on: str | None = Field(default=None, max_length=10)
    """Of its last rung; null in plans older than the column."""
    answer_due_on: str = Field(max_length=10)
    answer_act_at: datetime = Field(sa_type=Instant)
    rungs: list[dict[str, Any]] = Field(sa_type=JSON)
    """``{rung, business_day, due_on, due_at, act_at, notify_at, provisional}`` each."""


class Event(SQLModel, table=True):
    """A line of the append-only record. ``detail`` holds ids, dates and words, never texts."""

    __table_args__ = (UniqueConstraint("reference", "stream", "seq"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=Counter)
    reference: str = Field(max_length=20, index=True)
    stream: str = Field(max_length=16)
    seq: int
    kind: EventKind = Field(sa_type=stored_as(EventKind))
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(max_length=64)
    detail: dict[str, Any] = Field(default={}, sa_type=JSON)
    recorded_at: datetime = Field(sa_type=Instant)


class Action(SQLModel, table=True):
    """The inbox: what people did to requests, kept before Temporal hears of it. ``id`` is a ULID."""

    __table_args__ = (
        Index("ix_action_pending", "state", "leased_until"),
        Index("ix_action_request", "reference", "kind", "id"),
    )

    id: str = Field(primary_key=True, max_length=26)
    reference: str = Field(max_length=20)
    kind: ActionKind = Field(sa_type=stored_as(ActionKind))
    by: str = Field(max_length=40)
    key_id: str = Field(max_length=40)
    on_behalf_of: str | None = Field(default=None, max_length=40)
    """The holder, where a member of his team acted: both names are kept."""
    detail: str = Field(default="", max_length=40)
    claimed: bool = Field(default=False, sa_column_kwargs={"server_default": sa_false()})
    """A reply in a form that anybody can forge, as a short message: it stops the ladder and waits to be confirmed."""
    target: dict[str, str] | None = Field(default=None, sa_type=JSON)
    """``{"judge": id}`` or ``{"department": code}`` of a transfer or appointment."""
    received_at: datetime = Field(sa_type=Instant)
    state: ActionState = Field(default=ActionState.PENDING, sa_type=stored_as(ActionState))
    refusal: str | None = Field(default=None, max_length=200)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)


class WorkOrder(SQLModel, table=True):
    """A work order 工单 and its holder's own share of the party's clock."""

    __tablename__ = "work_order"

    reference: str = Field(primary_key=True, max_length=20)
    number: int = Field(primary_key=True)
    holder_id: str = Field(max_length=40)
    holder_kind: HolderKind = Field(sa_type=stored_as(HolderKind))
    court: str = Field(max_length=8)
    department: str = Field(max_length=40)
    post: str = Field(max_length=200)
    team: str | None = Field(default=None, max_length=40)
    given_by: str = Field(max_length=40)
    """``platform`` for the first one, else the staff id of whoever passed it on."""
    action_id: str | None = Field(default=None, max_length=26)
    sent_at: datetime = Field(sa_type=Instant)
    signed_in_at: datetime | None = Field(default=None, sa_type=Instant)
    signed_in_by: str | None = Field(default=None, max_length=40)
    held_from: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class RungRecord(SQLModel, table=True):
    """A rung 督办层级 that fired, exactly once by its key; the leader's inbox is made of these rows."""

    __tablename__ = "rung_record"

    __table_args__ = (Index("ix_rung_record_recipient", "recipient", "reference"),)

    reference: str = Field(primary_key=True, max_length=20)
    round: int = Field(primary_key=True)
    rung: int = Field(primary_key=True)
    post: Post = Field(sa_type=stored_as(Post))
    recipient: str | None = Field(default=None, max_length=40)
    recipient_role: StaffRole | None = Field(default=None, sa_type=stored_as(StaffRole))
    in_place_of: str | None = Field(default=None, max_length=80)
    charged_to: str | None = Field(default=None, max_length=40)
    """The holder at the due instant: a fault is charged to whoever held the request."""
    due_at: datetime = Field(sa_type=Instant)
    recorded_at: datetime = Field(sa_type=Instant)
    escalated_by: str | None = Field(default=None, max_length=40)
    opened_at: datetime | None = Field(default=None, sa_type=Instant)
    annulled_at: datetime | None = Field(default=None, sa_type=Instant)


class ClerkItem(SQLModel, table=True):
    """Something a clerk of the platform should look at."""

    __tablename__ = "clerk_item"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(max_length=20, index=True)
    stream: str = Field(max_length=16)
    seq: int
    reason: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=Instant)
    done_at: datetime | None = Field(default=None, sa_type=Instant)
