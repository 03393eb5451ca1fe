"""Message texts as data, in Chinese and English."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from liaison.policy.words import Language

Templates = Mapping[str, Mapping[str, str]]
"""Template id to language to text with ``{parameters}``."""


def packaged_templates() -> Templates:
    """Read the texts that ship with the program; for composition roots."""
    return tomllib.loads((files("liaison.gateways.sms") / "templates.toml").read_text(encoding="utf-8"))


def render(templates: Templates, template: str, language: Language, params: Mapping[str, str]) -> str:
    """The text of a message.

    Raises:
        KeyError: No such template, or a parameter is missing: a fault of ours, never of a recipient.
    """
    return templates[template][language].format_map(params)
