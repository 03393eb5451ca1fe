"""From what pydantic found wrong to faults with an RFC 6901 pointer and a sentence in each language."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from liaison.services.errors import Fault

_UNKNOWN: Final = ("此值不可接受。", "This value is not acceptable.")

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("缺少必填字段。", "This field is required."),
    "extra_forbidden": ("未知字段。", "This field is not known here."),
    "string_type": ("应为字符串。", "This must be a string."),
    "string_too_long": ("最多 {max_length} 个字符。", "At most {max_length} characters are allowed."),
    "string_too_short": ("不得为空。", "This must not be empty."),
    "string_pattern_mismatch": ("格式不正确。", "This does not have the form it must have."),
    "enum": ("应为以下之一：{expected}。", "This must be one of {expected}."),
    "literal_error": ("应为以下之一：{expected}。", "This must be one of {expected}."),
    "union_tag_invalid": ("应为以下之一：{expected_tags}。", "This must be one of {expected_tags}."),
    "union_tag_not_found": ("缺少必填字段。", "This field is required."),
    "list_type": ("应为数组。", "This must be an array."),
    "too_long": ("最多 {max_length} 项。", "At most {max_length} items are allowed."),
    "model_type": ("应为 JSON 对象。", "This must be a JSON object."),
    "model_attributes_type": ("应为 JSON 对象。", "This must be a JSON object."),
    "bool_parsing": ("应为 true 或 false。", "This must be true or false."),
    "int_parsing": ("应为整数。", "This must be a whole number."),
    "greater_than_equal": ("不得小于 {ge}。", "This must be at least {ge}."),
    "less_than_equal": ("不得大于 {le}。", "This must be at most {le}."),
    "two_languages": ("{zh}", "{en}"),
}
"""Sentences by pydantic's error type; ``two_languages`` is the type of our own validators."""


def pointer_to(place: Sequence[str | int]) -> str:
    """The RFC 6901 pointer to a place, "" for the whole document; what no encoding can hold is replaced."""
    parts = (str(part).encode("utf-8", "replace").decode("utf-8") for part in place)
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def faults_of_body(errors: Iterable[Mapping[str, Any]], tagged_by: str = "") -> tuple[Fault, ...]:
    """Faults of a body.

    Args:
        errors: pydantic's, with ``type``, ``loc`` and ``ctx``.
        tagged_by: the field that decides between several shapes, whose value pydantic puts before each place.
    """
    faults = []
    for error in errors:
        place = tuple(error["loc"])
        if tagged_by:
            place = (tagged_by,) if str(error["type"]).startswith("union_tag") else place[1:]
        faults.append(_fault(place, error))
    return tuple(faults)


def faults_of_parameters(errors: Iterable[Mapping[str, Any]]) -> tuple[Fault, ...]:
    """Faults of query parameters; the pointer is a slash and the parameter's name."""
    return tuple(_fault(tuple(error["loc"])[1:], error) for error in errors)


def _fault(place: Sequence[str | int], error: Mapping[str, Any]) -> Fault:
    zh, en = _SENTENCES.get(error["type"], _UNKNOWN)
    context = error.get("ctx", {})
    return Fault(pointer_to(place), zh.format(**context), en.format(**context))
