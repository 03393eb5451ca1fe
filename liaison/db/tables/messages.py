"""Messages to people: every one is a row before it is sent."""

from datetime import datetime

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Instant, stored_as
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.words import Language

_NOT_ERASED = text("settled_at IS NOT NULL AND erased_at IS NULL")


class Message(SQLModel, table=True):
    """One message; ``sealed_params`` (key class ``message``) holds the template's parameters as JSON, and nothing once
    they were erased by age.

    ``idempotency_key`` names the reason and the recipient, so one reason never makes two messages to one person.
    """

    __table_args__ = (
        Index("ix_message_open", "state", "send_after"),
        Index("ix_message_erasable", "settled_at", sqlite_where=_NOT_ERASED, postgresql_where=_NOT_ERASED),
        Index("ix_message_provider", "provider_id"),
        Index("ix_message_number", "number_mac", "submitted_at"),
    )

    id: str = Field(primary_key=True, max_length=26)
    idempotency_key: str = Field(max_length=160, unique=True)
    reference: str = Field(max_length=20, index=True)
    cause: str = Field(max_length=64)
    message_class: MessageClass = Field(sa_type=stored_as(MessageClass))
    template: str = Field(max_length=40)
    language: Language = Field(sa_type=stored_as(Language))
    recipient: str = Field(max_length=40)
    """A staff id, ``desk:<court>/<department>``, or ``party``."""
    sealed_params: bytes
    state: MessageState = Field(default=MessageState.RESERVED, sa_type=stored_as(MessageState))
    reserved_at: datetime = Field(sa_type=Instant)
    send_after: datetime = Field(sa_type=Instant)
    handed_on: bool = Field(default=False)
    """Whether a sender has taken charge: the relay hands on what a dying process left behind."""
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)
    attempts: int = Field(default=0)
    """How often it was taken, and the number of the taking under way; what ended in flow control does not count."""
    useful_until: datetime | None = Field(default=None, sa_type=Instant)
    """After that nobody is helped by it, and it expires."""
    number_mac: str | None = Field(default=None, max_length=64)
    """Keyed hash of the number it was taken for: what a day's messages to one number are counted by."""
    repeats: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How often it was sent once more after doubt whether it had gone: marked, because people may have it twice."""
    gathered_into: str | None = Field(default=None, max_length=26)
    """The digest that told what this message would have told."""
    tried: list[str] = Field(default=[], sa_type=JSON, sa_column_kwargs={"server_default": "[]"})
    """Gateways that took it and could not deliver it."""
    gateway: str | None = Field(default=None, max_length=32)
    provider_id: str | None = Field(default=None, max_length=80)
    failure: str | None = Field(default=None, max_length=200)


class Sends(SQLModel, table=True):
    """The one row that says whether messages may leave; without it they may."""

    id: int = Field(default=1, primary_key=True)
    frozen: bool
    since: datetime = Field(sa_type=Instant)
    reason: str = Field(max_length=200)
    restored_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the book last came out of a backup: what was registered before may have been told since, whatever its rows
    say."""
