"""Reading a policy document: every fault names its place, and nothing unread is let pass."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


class PolicyError(ValueError):
    """A policy document that cannot stand; the text is a sentence naming the place and the fault."""


class Section:
    """One table of the document and its path, for example ``ladder.primary[0]``."""

    def __init__(self, path: str, table: object) -> None:
        if not isinstance(table, dict):
            raise PolicyError(f"{path} must be a table")
        self._path = path
        self._table: dict[str, Any] = table
        self._read: set[str] = set()

    def names(self) -> Iterator[str]:
        """Give the names in the table in their order."""
        return iter(self._table)

    def at(self, key: str) -> str:
        """Give the path of a key."""
        return f"{self._path}.{key}" if self._path else key

    def value(self, key: str) -> object:
        """Give a value as it stands."""
        self._read.add(key)
        if key not in self._table:
            raise PolicyError(f"{self.at(key)} is missing")
        return self._table[key]

    def number(self, key: str, *, least: int) -> int:
        """Give a whole number not below ``least``."""
        value = self.value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise PolicyError(f"{self.at(key)} must be a whole number, {least} or more")
        return value

    def text(self, key: str) -> str:
        """Give a text that is not blank."""
        value = self.value(key)
        if not isinstance(value, str) or not value.strip():
            raise PolicyError(f"{self.at(key)} must be a text")
        return value

    def optional_text(self, key: str) -> str | None:
        """Give a text, or None where the key is absent."""
        return self.text(key) if key in self._table else None

    def flag(self, key: str) -> bool:
        """Give true or false."""
        value = self.value(key)
        if not isinstance(value, bool):
            raise PolicyError(f"{self.at(key)} must be true or false")
        return value

    def clock(self, key: str) -> timedelta:
        """Give a time of day, ``HH:MM`` up to ``24:00``, as the time since midnight."""
        return clock(self.at(key), self.value(key))

    def items(self, key: str) -> list[Any]:
        """Give a list with at least one item."""
        value = self.value(key)
        if not isinstance(value, list) or not value:
            raise PolicyError(f"{self.at(key)} must be a list with at least one item")
        return value

    def section(self, key: str) -> "Section":
        """Give the table under a key."""
        return Section(self.at(key), self.value(key))

    def finish(self) -> None:
        """Refuse keys nobody has read: a misspelt rule must not be a silent one."""
        if unknown := [self.at(key) for key in self._table if key not in self._read]:
            raise PolicyError(f"unknown: {', '.join(unknown)}")


def clock(path: str, value: object) -> timedelta:
    """Read one time of day, ``HH:MM`` up to ``24:00``, as the time since midnight."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise PolicyError(f"{path} must be a time of day such as 08:30")
    hours, minutes = value.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
