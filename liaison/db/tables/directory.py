"""Courts, departments, staff (Opinions art. 9, 15) and the faults found in them."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Instant, stored_as
from liaison.policy.words import CourtLevel, DepartmentKind, StaffRole


class DirectoryLoad(SQLModel, table=True):
    """A loading of the directory; processes keep the roster they read until a newer one appears."""

    __tablename__ = "directory_load"

    number: int | None = Field(default=None, primary_key=True)
    loaded_at: datetime = Field(sa_type=Instant)
    loaded_by: str = Field(max_length=40)


class CourtRow(SQLModel, table=True):
    """A court."""

    __tablename__ = "court"

    code: str = Field(primary_key=True, max_length=8)
    level: CourtLevel = Field(sa_type=stored_as(CourtLevel))
    name_zh: str = Field(max_length=80)
    name_en: str = Field(max_length=120)


class DepartmentRow(SQLModel, table=True):
    """A department and its duty desk."""

    __tablename__ = "department"

    court: str = Field(primary_key=True, max_length=8)
    code: str = Field(primary_key=True, max_length=40)
    kind: DepartmentKind = Field(sa_type=stored_as(DepartmentKind))
    name_zh: str = Field(max_length=80)
    name_en: str = Field(max_length=120)
    sealed_contact: bytes


class StaffRow(SQLModel, table=True):
    """A person or a declared vacancy. ``sealed_contact`` is key class ``directory``: name and telephones."""

    __tablename__ = "staff"

    id: str = Field(primary_key=True, max_length=40)
    court: str = Field(max_length=8, index=True)
    department: str | None = Field(default=None, max_length=40)
    role: StaffRole = Field(sa_type=stored_as(StaffRole))
    team: str | None = Field(default=None, max_length=40)
    position_zh: str = Field(max_length=80)
    position_en: str = Field(max_length=120)
    status: str = Field(max_length=16)
    stand_in: str | None = Field(default=None, max_length=40)
    in_charge_of: list[str] = Field(default=[], sa_type=JSON)
    sealed_contact: bytes
    mobile_mac: str | None = Field(default=None, max_length=64, index=True)
    """Keyed hash of the mobile number, by which a short message finds its sender; null in rows older than that."""


class Fault(SQLModel, table=True):
    """A post found vacant or absent when it was needed; somebody whom a message could not reach."""

    __tablename__ = "fault"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(max_length=20, index=True)
    rung: int | None = Field(default=None)
    subject: str = Field(max_length=80)
    reason: str = Field(max_length=80)
    found_at: datetime = Field(sa_type=Instant)
