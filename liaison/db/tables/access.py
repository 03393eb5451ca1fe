"""API keys and the answers given under idempotency keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Instant, stored_as
from liaison.policy.words import KeyRole


class ApiKey(SQLModel, table=True):
    """A key; only the hash of its secret is kept. ``court`` null means every court."""

    __tablename__ = "api_key"

    id: str = Field(primary_key=True, max_length=40)
    secret_hash: str = Field(max_length=64)
    role: KeyRole = Field(sa_type=stored_as(KeyRole))
    court: str | None = Field(default=None, max_length=8)
    staff: str | None = Field(default=None, max_length=40)
    channels: list[str] = Field(default=[], sa_type=JSON)
    scopes: list[str] = Field(default=[], sa_type=JSON)
    expires_at: datetime = Field(sa_type=Instant)


class Idempotency(SQLModel, table=True):
    """What a key's ``Idempotency-Key`` stood for, and the answer it got (design section 8)."""

    key_id: str = Field(primary_key=True, max_length=40)
    key: str = Field(primary_key=True, max_length=200)
    operation: str = Field(max_length=80)
    fingerprint: str = Field(max_length=64)
    location: str = Field(max_length=200)
    answer: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    created_at: datetime = Field(sa_type=Instant, index=True)
