"""Reading a policy document: every fault names its place, and nothing unread is let pass."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_LARGEST = 1_000_000
"""No rule needs more of anything, and no time span could hold it."""


class PolicyError(ValueError):
    """A policy document that cannot stand: place and fault in a sentence of each language, no full stop."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class PolicyFaults(PolicyError):
    """Several faults at once, each with sentences of its own."""

    def __init__(self, faults: Sequence[PolicyError]) -> None:
        super().__init__("；".join(fault.zh for fault in faults), "; ".join(fault.en for fault in faults))
        self.faults = tuple(faults)


class Section:
    """One table of the document and its path, for example ``ladder.primary[0]``."""

    def __init__(self, path: str, table: object) -> None:
        if not isinstance(table, dict):
            raise PolicyError(f"{path} 须为一个表", f"{path} must be a table")
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
            raise PolicyError(f"缺少 {self.at(key)}", f"{self.at(key)} is missing")
        return self._table[key]

    def number(self, key: str, *, least: int) -> int:
        """Give a whole number not below ``least``."""
        value = self.value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            zh = f"{self.at(key)} 须为不小于 {least} 的整数"
            raise PolicyError(zh, f"{self.at(key)} must be a whole number, {least} or more")
        if value > _LARGEST:
            raise PolicyError(f"{self.at(key)} 不得大于 {_LARGEST}", f"{self.at(key)} must not exceed {_LARGEST}")
        return value

    def text(self, key: str) -> str:
        """Give a text that is not blank."""
        value = self.value(key)
        if not isinstance(value, str) or not value.strip():
            raise PolicyError(f"{self.at(key)} 须为非空文本", f"{self.at(key)} must be a text")
        return value

    def optional_text(self, key: str) -> str | None:
        """Give a text, or None where the key is absent."""
        return self.text(key) if key in self._table else None

    def flag(self, key: str) -> bool:
        """Give true or false."""
        value = self.value(key)
        if not isinstance(value, bool):
            raise PolicyError(f"{self.at(key)} 须为 true 或 false", f"{self.at(key)} must be true or false")
        return value

    def clock(self, key: str) -> timedelta:
        """Give a time of day, ``HH:MM`` up to ``24:00``, as the time since midnight."""
        return clock(self.at(key), self.value(key))

    def items(self, key: str) -> list[Any]:
        """Give a list with at least one item."""
        value = self.value(key)
        if not isinstance(value, list) or not value:
            zh = f"{self.at(key)} 须为至少一项的列表"
            raise PolicyError(zh, f"{self.at(key)} must be a list with at least one item")
        return value

    def section(self, key: str) -> "Section":
        """Give the table under a key."""
        return Section(self.at(key), self.value(key))

    def finish(self) -> None:
        """Refuse keys nobody has read: a misspelt rule must not be a silent one."""
        if unknown := [self.at(key) for key in self._table if key not in self._read]:
            raise PolicyError(f"未知的项：{'、'.join(unknown)}", f"unknown: {', '.join(unknown)}")


def clock(path: str, value: object) -> timedelta:
    """Read one time of day, ``HH:MM`` up to ``24:00``, as the time since midnight."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise PolicyError(f"{path} 须为 08:30 这样的时刻", f"{path} must be a time of day such as 08:30")
    hours, minutes = value.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def not_a_word(path: str, words: type[StrEnum], value: object) -> PolicyError:
    """What is wrong with a value that is none of the words it may be."""
    return PolicyError(
        f"{path} 须为 {'、'.join(words)} 之一，而不是 {value!r}",
        f"{path} must be one of {', '.join(words)}, not {value!r}",
    )
