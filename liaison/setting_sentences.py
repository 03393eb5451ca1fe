"""How settings and their faults are written for people: one variable, one short sentence, no secret."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

PREFIX: Final = "LIAISON_"
MASK: Final = "********"

_SHOWN: Final = 40


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def plain(value: object) -> str:
    """A value as a variable holds it; a secret in the clear."""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def masked(value: object) -> str:
    """A value as it may be shown: a database's place without its password, a key not at all."""
    if not isinstance(value, SecretStr):
        return "" if value is None else str(value)
    scheme, separator, rest = value.get_secret_value().partition("://")
    if not separator:
        return MASK
    account, at, place = rest.partition("?")[0].rpartition("@")
    return f"{scheme}://{account.partition(':')[0]}:{MASK}@{place}" if at else f"{scheme}://{place}"


def sentence(fault: ErrorDetails, fields: Mapping[str, FieldInfo]) -> str:
    """One fault, told by the variable, what it must be and what was given."""
    if fault["type"] == "sentence":
        return fault["msg"]
    field = str(fault["loc"][0])
    return f"{variable(field)} must be {_expected(field, fault)}{_instead(fields[field], fault['input'])}."


def _expected(field: str, fault: ErrorDetails) -> str:
    context: dict[str, Any] = fault.get("ctx", {})
    if field.endswith("_port"):
        return "a port number from 1 to 65535"
    if "expected" in context:
        return str(context["expected"]).replace("'", "")
    by_type = {
        "expected": fault["msg"],
        "ip_v4_address": "an IPv4 address",
        "int_parsing": "a whole number",
        "float_parsing": "a number",
        "bool_parsing": "true or false",
        "greater_than": "more than {gt:g}",
        "greater_than_equal": "{ge:g} or more",
        "less_than_equal": "{le:g} or less",
        "string_pattern_mismatch": "1 to 63 letters, digits, dots, hyphens and underscores",
    }
    return by_type.get(fault["type"], "a valid value").format_map(context)


def _instead(field: FieldInfo, value: object) -> str:
    """What was given, shortened; nothing at all where it may be a secret."""
    if SecretStr.__name__ in str(field.annotation):
        return ""
    text = repr(str(value))
    return f", not {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"
