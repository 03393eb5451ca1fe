"""Calendar and policy versions: immutable, numbered snapshots."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Instant


class CalendarVersion(SQLModel, table=True):
    """A calendar built from a list of notices, kept whole."""

    __tablename__ = "calendar_version"

    number: int = Field(primary_key=True)
    notices: list[dict[str, Any]] = Field(sa_type=JSON)
    final_until: str = Field(max_length=10)
    checksum: str = Field(max_length=64)
    made_at: datetime = Field(sa_type=Instant)


class PolicyVersion(SQLModel, table=True):
    """A policy as parsed from ``policy.toml``."""

    __tablename__ = "policy_version"

    number: int = Field(primary_key=True)
    policy: dict[str, Any] = Field(sa_type=JSON)
    made_at: datetime = Field(sa_type=Instant)
