"""Reading what gateways tell us: by its shape, and a fault without what was in it."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError

from liaison.gateways.sms.port import Unreadable

Shape = TypeVar("Shape", bound=BaseModel)

ProviderId = Annotated[str, StringConstraints(min_length=1, max_length=80)]
"""A provider's name for a message, as long as the book can keep."""


def as_read(shape: type[Shape], raw: bytes) -> Shape:
    """One object of a shape.

    Raises:
        Unreadable: It is not of the shape; the sentence names the place and what is wrong there.
    """
    try:
        return shape.model_validate_json(raw)
    except ValidationError as fault:
        raise _unreadable(fault) from None


def all_as_read(shape: type[Shape], raw: bytes) -> list[Shape]:
    """A list of objects of a shape.

    Raises:
        Unreadable: as ``as_read``.
    """
    try:
        return TypeAdapter(list[shape]).validate_json(raw)  # type: ignore[valid-type]
    except ValidationError as fault:
        raise _unreadable(fault) from None


def _unreadable(fault: ValidationError) -> Unreadable:
    first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"]) or "the whole"
    return Unreadable(f"not of the provider's shape: {first['type']} at {place}")
