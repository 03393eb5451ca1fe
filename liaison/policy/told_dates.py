"""Dates as they are told: a provisional one says so (design section 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from liaison.policy.words import Language

PROVISIONAL: Final = "provisional"
"""Parameter of a message that names those of the others that are provisional dates, with blanks between."""

_WORDS: Final = {Language.ZH_CN: "（暂定）", Language.EN: " (provisional)"}


@dataclass(frozen=True, slots=True)
class ToldDate:
    """A day as ISO text, and whether it lies past the last announced one."""

    day: str
    provisional: bool


def due_date(rung: Mapping[str, Any]) -> ToldDate:
    """The date of a rung as plans store it."""
    return ToldDate(str(rung["due_on"]), bool(rung["provisional"]))


def for_operators(date: ToldDate) -> str:
    """A date as it stands in Temporal's UI and on the record, for readers of both languages."""
    return f"{date.day} (provisional 暂定)" if date.provisional else date.day


def date_params(**dates: ToldDate) -> dict[str, str]:
    """Parameters of a message that tells these dates; ``in_words`` makes what is read of them."""
    provisional = " ".join(name for name, date in dates.items() if date.provisional)
    return {name: date.day for name, date in dates.items()} | ({PROVISIONAL: provisional} if provisional else {})


def date_in(params: Mapping[str, str], name: str) -> ToldDate:
    """One of them again."""
    return ToldDate(params[name], name in _provisional(params))


def in_words(params: Mapping[str, str], language: Language) -> dict[str, str]:
    """Parameters as a template takes them: to a provisional date the word is added, so no template says it for itself
    and none has to be approved twice."""
    words = {name: params[name] + _WORDS[language] for name in _provisional(params)}
    return {name: value for name, value in params.items() if name != PROVISIONAL} | words


def _provisional(params: Mapping[str, str]) -> list[str]:
    return params.get(PROVISIONAL, "").split()
