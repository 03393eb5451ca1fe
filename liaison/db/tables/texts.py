"""Personal data, in named classes only, each sealed under its request's own data key (design section 7)."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from liaison.db import naming as naming
from liaison.db.types import Instant


class DataKey(SQLModel, table=True):
    """A request's data key, wrapped by the key ring. Destroying the row erases the request's texts."""

    __tablename__ = "data_key"

    reference: str = Field(primary_key=True, max_length=20)
    wrapped: bytes


class PartyContact(SQLModel, table=True):
    """Key class ``party``: ``{name, phone, role, query_code, case_number}`` sealed; MACs for equality only."""

    __tablename__ = "party_contact"

    reference: str = Field(primary_key=True, max_length=20)
    sealed: bytes
    phone_mac: str = Field(max_length=64, index=True)
    case_mac: str | None = Field(default=None, max_length=64)


class RequestText(SQLModel, table=True):
    """Key class ``text``: what the party asked (``subject`` is ``content``) or an action said (its id)."""

    __tablename__ = "request_text"

    reference: str = Field(primary_key=True, max_length=20)
    subject: str = Field(primary_key=True, max_length=26)
    sealed: bytes
    written_at: datetime = Field(sa_type=Instant)
