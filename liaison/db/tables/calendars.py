"""Calendar and policy versions: immutable, numbered snapshots, and what they are made from."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Instant, stored_as
from liaison.policy.words import ProposalKind, ProposalState


class CalendarVersion(SQLModel, table=True):
    """A calendar built from notices and closures, kept whole.

    One that ships with the program has no proposal and no approver, and is proposed by its release.
    """

    __tablename__ = "calendar_version"

    number: int = Field(primary_key=True)
    notices: list[dict[str, Any]] = Field(sa_type=JSON)
    closures: list[dict[str, Any]] = Field(default=[], sa_type=JSON, sa_column_kwargs={"server_default": "[]"})
    """``{id, court, days}`` of each closure that counts as days off; ``court`` null for the whole city."""
    final_until: str = Field(max_length=10)
    checksum: str = Field(max_length=64)
    made_at: datetime = Field(sa_type=Instant)
    reason: str | None = Field(default=None, max_length=400)
    proposal: str | None = Field(default=None, max_length=26)
    proposed_by: str | None = Field(default=None, max_length=40)
    approved_by: str | None = Field(default=None, max_length=40)


class PolicyVersion(SQLModel, table=True):
    """A policy as parsed from ``policy.toml``."""

    __tablename__ = "policy_version"

    number: int = Field(primary_key=True)
    policy: dict[str, Any] = Field(sa_type=JSON)
    made_at: datetime = Field(sa_type=Instant)
    cites: str | None = Field(default=None, max_length=400)
    """The document that allows a policy laxer than the Opinions."""
    proposal: str | None = Field(default=None, max_length=26)
    proposed_by: str | None = Field(default=None, max_length=40)
    approved_by: str | None = Field(default=None, max_length=40)


class Proposal(SQLModel, table=True):
    """A notice or a policy that one person proposed and another approves. ``id`` is a ULID."""

    id: str = Field(primary_key=True, max_length=26)
    kind: ProposalKind = Field(sa_type=stored_as(ProposalKind))
    document: dict[str, Any] = Field(sa_type=JSON)
    source: str = Field(max_length=40)
    base_version: int
    """The newest version when it was proposed: on another one the checks would have said something else."""
    findings: list[dict[str, Any]] = Field(default=[], sa_type=JSON)
    state: ProposalState = Field(default=ProposalState.PROPOSED, sa_type=stored_as(ProposalState), index=True)
    proposed_by: str = Field(max_length=40)
    proposed_at: datetime = Field(sa_type=Instant)
    decided_by: str | None = Field(default=None, max_length=40)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = Field(default=None, max_length=400)
    """Why it was rejected; or who said afterwards that an approved policy holds for open requests, too."""
    made_version: int | None = Field(default=None)


class Closure(SQLModel, table=True):
    """A hall closed, for the city or one court. Never updated: an amendment is a row that replaces another."""

    id: str = Field(primary_key=True, max_length=26)
    replaces: str | None = Field(default=None, max_length=26, unique=True)
    court: str | None = Field(default=None, max_length=8)
    from_at: datetime = Field(sa_type=Instant)
    to_at: datetime = Field(sa_type=Instant)
    days_off: list[str] = Field(default=[], sa_type=JSON)
    """The dates that count as days off, by the decision of a person; none while the clocks run."""
    decided_by: str = Field(max_length=200)
    source: str = Field(max_length=400)
    entered_by: str = Field(max_length=40)
    entered_at: datetime = Field(sa_type=Instant)
    made_version: int | None = Field(default=None)


class Replan(SQLModel, table=True):
    """How far the open requests have been brought to new rules. ``id`` is that of its workflow."""

    id: str = Field(primary_key=True, max_length=64)
    calendar_version: int
    policy_version: int | None = Field(default=None)
    """The policy that open requests are moved to; null where they keep theirs."""
    started_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    passes: int = Field(default=0)
    moved: int = Field(default=0)
    made_final: int = Field(default=0)
    untouched: int = Field(default=0)
    remaining: int = Field(default=0)
    """Requests still to be reached when last counted."""
