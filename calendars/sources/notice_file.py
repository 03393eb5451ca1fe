"""A notice typed in by a person as TOML or JSON: the form of the packaged notices, and the only one that may amend."""

import json
import tomllib
from typing import Any

from calendars.faults import SourceUnreadable
from calendars.notice import Notice, parse_notice
from calendars.sources.reading import readable_text


def parse(content: str | bytes) -> Notice:
    """Read a notice file, JSON if it begins with a brace, else TOML.

    Raises:
        SourceUnreadable: too large, or neither of the two.
        NoticeError: what it says is no notice (see ``parse_notice``).
    """
    text = readable_text(content, "通知文件", "the notice file")
    return parse_notice(_json(text) if text.lstrip().startswith("{") else _toml(text))


def _json(text: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise SourceUnreadable("通知文件不是 JSON", f"the notice file is not JSON: {fault}") from None
    return document


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise SourceUnreadable("通知文件不是 TOML", f"the notice file is not TOML: {fault}") from None
