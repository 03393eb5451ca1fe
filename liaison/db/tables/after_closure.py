"""What a closed request still waits for: that its answer reaches the party, and what the party thinks of it."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Instant, stored_as
from liaison.policy.message_words import DeliveryMeans, DeliveryState, FollowUpState


class AnswerDelivery(SQLModel, table=True):
    """How far a request's answer has come to its party (design section 3.8); the clerks' call list is made of these."""

    __tablename__ = "answer_delivery"

    reference: str = Field(primary_key=True, max_length=20)
    action_id: str = Field(max_length=26)
    court: str = Field(max_length=8)
    state: DeliveryState = Field(default=DeliveryState.UNDER_WAY, sa_type=stored_as(DeliveryState), index=True)
    since: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    """The last rung's instant of a primary court, exclusive: an answer not made by then fires it (art. 8)."""
    to_call_since: datetime | None = Field(default=None, sa_type=Instant)
    to_call_reason: str | None = Field(default=None, max_length=200)
    made_at: datetime | None = Field(default=None, sa_type=Instant)
    made_by: str | None = Field(default=None, max_length=40)
    means: DeliveryMeans | None = Field(default=None, sa_type=stored_as(DeliveryMeans))
    said_under: str | None = Field(default=None, max_length=26)
    """Subject of the text that says whom a person told what; null for a message."""
    leased_until: datetime | None = Field(default=None, sa_type=Instant)


class FollowUp(SQLModel, table=True):
    """Follow-up 回访 of a closed request: asked up to three times on different days; a rating of 1 to 3."""

    __tablename__ = "follow_up"

    reference: str = Field(primary_key=True, max_length=20)
    state: FollowUpState = Field(default=FollowUpState.ASKING, sa_type=stored_as(FollowUpState), index=True)
    since: datetime = Field(sa_type=Instant)
    tries: int = Field(default=0)
    asked_at: datetime | None = Field(default=None, sa_type=Instant)
    rating: int | None = Field(default=None)
    """A late one where the state says that the tries had ended without any."""
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    redo_offered_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the party said that this was no answer, and a redo was offered."""
    said_under: str | None = Field(default=None, max_length=26)
    """Subject of the party's own words; null where it gave a number alone."""
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
