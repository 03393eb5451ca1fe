"""The terminal's language: Chinese where the locale says so, English otherwise."""

import os
from typing import Final

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


def is_chinese() -> bool:
    """Whether the locale's variables, the strongest that is set, begin with ``zh``."""
    chosen = next((value for name in _VARIABLES if (value := os.environ.get(name))), "")
    return chosen.lower().startswith("zh")


def say(zh: str, en: str) -> str:
    """The one of two wordings that the terminal's language asks for."""
    return zh if is_chinese() else en


def accept_language() -> str:
    """The ``Accept-Language`` header for the API."""
    return say("zh-CN", "en")
