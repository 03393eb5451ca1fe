"""Reading what gateways tell us: by its shape, and a fault without what was in it."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from liaison.gateways.sms.port import Unreadable

Shape = TypeVar("Shape", bound=BaseModel)
Item = TypeVar("Item")

WITHOUT_NUL: Final = r"^[^\x00]*$"
"""PostgreSQL keeps no text with NUL in it, and looks for none."""

ProviderId = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=WITHOUT_NUL)]
"""A provider's name for a message, as long as the book can keep."""

Code = Annotated[str, StringConstraints(pattern=WITHOUT_NUL)]
"""A word of a provider's own, or one of ours that it gives back."""

_ELEMENTS: Final = TypeAdapter(list[Any])
_HALF_CHARACTER: Final = re.compile(r"[\ud800-\udfff]")


def as_read(shape: type[Shape], raw: bytes) -> Shape:
    """One object of a shape.

    Raises:
        Unreadable: It is not of the shape; the sentence names the place and what is wrong there.
    """
    try:
        return shape.model_validate_json(raw)
    except ValidationError as fault:
        raise _unreadable(fault) from None


def each_as_read(shape: type[Shape], raw: bytes, read: Callable[[Shape], Item]) -> tuple[Item | Unreadable, ...]:
    """What the objects of a list say; one that cannot be read keeps no other from being heard, and a character that is
    none not even its own.

    Args:
        shape: Of each object.
        raw: The list.
        read: What an object of the shape says.

    Returns:
        One for each; where it is not of the shape, what is wrong there.

    Raises:
        Unreadable: It is no list, or none of its objects can be read.
    """
    try:
        elements = _elements(raw)
    except ValidationError as fault:
        raise _unreadable(fault) from None
    items = tuple(_element_as_read(shape, place, element, read) for place, element in enumerate(elements))
    if items and all(isinstance(item, Unreadable) for item in items):
        raise Unreadable(f"not of the provider's shape: {items[0]}")
    return items


def _elements(raw: bytes) -> list[Any]:
    try:
        return _ELEMENTS.validate_json(raw)
    except ValidationError:
        if (mended := _mended(raw)) is None:
            raise
        return _ELEMENTS.validate_json(mended)


def _mended(raw: bytes) -> bytes | None:
    """The same with U+FFFD for what is no character: octets that are not UTF-8, half a surrogate pair, as a provider
    leaves it who cuts an emoji in two. Control characters stand for themselves. None if it is no JSON even so."""
    try:
        said = json.loads(raw.decode("utf-8", "replace"), strict=False)
        whole = json.dumps(said, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    return _HALF_CHARACTER.sub("\ufffd", whole).encode()


def _element_as_read(
    shape: type[Shape], place: int, element: object, read: Callable[[Shape], Item]
) -> Item | Unreadable:
    try:
        return read(shape.model_validate(element))
    except ValidationError as fault:
        return Unreadable(_first_of(fault, place))


def _unreadable(fault: ValidationError) -> Unreadable:
    return Unreadable(f"not of the provider's shape: {_first_of(fault)}")


def _first_of(fault: ValidationError, *before: int) -> str:
    first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{first['type']} at {'.'.join(str(step) for step in (*before, *_place(first))) or 'the whole'}"


def _place(fault: ErrorDetails) -> tuple[int | str, ...]:
    # The name of a field that there should not be is the provider's text, whatever that may hold.
    return fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
