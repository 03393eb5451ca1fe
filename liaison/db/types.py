"""Column types: instants are stored in UTC and never naive; enums are stored by value."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator

from liaison.db.errors import UnknownWord


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC. Naive ones are refused at this border (design section 4)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was about to be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """A ``StrEnum`` stored as its value in a VARCHAR: a new member needs no migration."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> StrEnum | None:
        if value is None:
            return None
        try:
            return self.words(value)
        except ValueError:
            raise UnknownWord(f"{self.words.__name__} has no {str(value)[:32]!a}") from None


Counter = cast(type[Any], BigInteger().with_variant(Integer(), "sqlite"))
"""The key of a table that grows for ever: SQLite counts in 64 bits only what it calls INTEGER."""


def stored_as(words: type[StrEnum]) -> type[Any]:
    """``Word`` of an enum as SQLModel's ``sa_type``, whose annotation knows classes only."""
    return cast(type[Any], Word(words))
