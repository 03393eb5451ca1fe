"""What may stand in a log line: no person's number, no case number, no key, and no field nobody has vouched for.

Two nets (ASVS 16.2.5). By name: text under a field that is not in ``PLAIN_FIELDS`` is hidden, whatever it says.
By shape: mobile, identity card and case numbers, API keys, query strings and the values that database and validation
errors quote are replaced wherever they stand, exception texts included.
"""

import re
from collections.abc import Mapping
from typing import Final

HIDDEN: Final = "[hidden]"

PLAIN_FIELDS: Final = frozenset(
    {
        # Put there by the chain itself; their text still passes the shapes below.
        *("event", "level", "logger", "process", "timestamp", "exception", "stack"),
        # Ids and words of ours, free of personal data by design (section 6).
        *("reference", "references", "stage", "outcome", "procedure", "channel", "category", "court", "department"),
        *("kind", "state", "status", "reason", "error", "error_type", "action", "rung", "post", "key_id", "request_id"),
        *("reply_id", "message_id", "event_kind", "calendar_version", "policy_version", "due_on", "due_at", "act_at"),
        # Where and how it ran.
        *(
            "method",
            "route",
            "path",
            "address",
            "home",
            "profile",
            "version",
            "revision",
            "signal",
            "component",
            "child",
        ),
        *(
            "workflow_id",
            "run_id",
            "workflow_type",
            "activity_type",
            "task_queue",
            "namespace",
            "identity",
            "child",
            "component",
        ),
    }
)

_TO_ASCII: Final = str.maketrans("０１２３４５６７８９＋－（）［］〔〕Ｘｘ", "0123456789+-()[][]Xx")

_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼最港澳台兵军"

_SHAPES: Final = (
    # （2026）粤0104民初1234号之一, brackets of any kind or none.
    (
        re.compile(rf"[(\[]?\s*\d{{4}}\s*[)\]]?\s*[{_PROVINCES}]\w{{0,16}}?\d+\s*号(?:之[一二三四五六七八九十]+)?"),
        "[case]",
    ),
    # Resident identity number, GB 11643: place, date of birth, order, check character.
    (re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dXx](?!\d)"), "[id]"),
    # Mobile number of the mainland, with or without +86 and the usual gaps.
    (re.compile(r"(?<!\d)(?:(?:\+|00)?86[-\s]?)?1[3-9]\d(?:[-\s]?\d{4}){2}(?!\d)"), "[mobile]"),
    # Our API keys and anybody's bearer credentials.
    (re.compile(r"jl_[A-Za-z0-9-]+_[0-9a-f]{8,}|(?<=[Bb]earer )\S+"), "[key]"),
    # A query string may hold a case number in percent signs or a name.
    (re.compile(r"(?<=[\w/])\?[^\s\"'?=]+=[^\s\"']*"), "?[query]"),
    # SQLAlchemy, pydantic and PostgreSQL quote the values they choke on, names among them.
    (re.compile(r"\[parameters: .*"), "[parameters hidden]"),
    (re.compile(r"input_value=(?:.*(?=, input_type=)|.*)"), "input_value=[hidden]"),
    (re.compile(r"DETAIL:  .*"), "DETAIL: [hidden]"),
)


def redact_text(text: str) -> str:
    """The same text without personal data that can be told by its shape; full-width digits become plain ones."""
    text = text.translate(_TO_ASCII)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


def redact_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of a log line, fit to be written: known text redacted by shape, unknown text hidden.

    Flags and small numbers pass under any name; a number long enough to be a telephone number counts as text.
    """
    return {name: _redact(name, value) for name, value in fields.items()}


def _redact(name: str, value: object) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and redact_text(str(value)) == str(value):
        return value
    if name not in PLAIN_FIELDS:
        return HIDDEN
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_text(str(item)) for item in value]
    return redact_text(str(value))
