"""What gateways tell us unasked: raw first, then read, matched or laid before a clerk."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Instant, stored_as
from liaison.policy.message_words import CallbackKind, InboundState, Mismatch


class CallbackToken(SQLModel, table=True):
    """The secret in a gateway's callback address; two may live at once, so that it can be changed. Only its hash is
    kept."""

    __tablename__ = "callback_token"

    id: str = Field(primary_key=True, max_length=26)
    gateway: str = Field(max_length=32, index=True)
    token_hash: str = Field(max_length=64, unique=True)
    made_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class Callback(SQLModel, table=True):
    """A call of a gateway as it came, sealed under key class ``gateway``; gone after seven days.

    ``settled_at`` is null until everything in it has taken effect; ``failure`` says why it cannot be read.
    """

    id: str = Field(primary_key=True, max_length=26)
    gateway: str = Field(max_length=32)
    kind: CallbackKind = Field(sa_type=stored_as(CallbackKind))
    sealed: bytes
    received_at: datetime = Field(sa_type=Instant, index=True)
    settled_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    failure: str | None = Field(default=None, max_length=200)


class InboundMessage(SQLModel, table=True):
    """A short message somebody sent us; ``sealed`` (key class ``gateway``) holds ``{number, text}`` until seven days
    after it was settled, and nothing then.

    A provider may tell of it twice: ``(gateway, provider_id)`` makes it one.
    """

    __tablename__ = "inbound_message"

    __table_args__ = (
        UniqueConstraint("gateway", "provider_id"),
        Index("ix_inbound_message_state", "state", "id"),
    )

    id: str = Field(primary_key=True, max_length=26)
    gateway: str = Field(max_length=32)
    provider_id: str = Field(max_length=80)
    number_mac: str = Field(max_length=64)
    sealed: bytes
    sent_at: datetime = Field(sa_type=Instant)
    """The provider's send time within bounds: the receive time of what it says."""
    received_at: datetime = Field(sa_type=Instant)
    state: InboundState = Field(sa_type=stored_as(InboundState))
    mismatch: Mismatch | None = Field(default=None, sa_type=stored_as(Mismatch))
    court: str | None = Field(default=None, max_length=8)
    """The court whose clerks see it; null for those of every court."""
    staff: str | None = Field(default=None, max_length=40)
    """Whose number it came from; null for a party's, or a stranger's."""
    reference: str | None = Field(default=None, max_length=20, index=True)
    action_id: str | None = Field(default=None, max_length=26)
    decided_by: str | None = Field(default=None, max_length=40)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str | None = Field(default=None, max_length=200)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)
