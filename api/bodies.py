"""The body of a call: read within bounds, parsed strictly, no text in it that a database or a message cannot hold."""

import json
import re
from collections.abc import Iterator
from email.message import Message
from typing import Any, Final

from fastapi import Request

from api.faults import pointer_to
from calendars.sources.reading import MAX_BYTES
from liaison.services.errors import Fault, Refused, Slug

LONGEST_BODY: Final = 64 * 1024
"""Bytes."""

LONGEST_WITH_A_FILE: Final = 2 * MAX_BYTES + LONGEST_BODY
"""Bytes of a body that brings a file: JSON may write three bytes of Chinese as six of an escape."""

LONGEST_OF_A_PROVIDER: Final = 1024 * 1024
"""Bytes of a provider's call: it brings what it has gathered, and a receipt that is not taken is a message in doubt."""

_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")


class NotJson(Exception):
    """The body says that it is something other than JSON."""


async def read_json(request: Request, longest: int = LONGEST_BODY) -> Any:
    """The JSON value a call brings; NUL and lone surrogates may still be in it, see ``unfit_texts``.

    Raises:
        Refused: over ``longest`` bytes, not UTF-8, not JSON, a field twice in one object.
        NotJson: another media type.
    """
    _check_media_type(request.headers.get("content-type"))
    body = await read_within(request, longest)
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        # Without its cause: the parser's message quotes what a party wrote.
        raise Refused(Slug.MALFORMED) from None


def unfit_texts(value: Any) -> tuple[Fault, ...]:
    """A fault for every text, names of fields included, that holds NUL or a lone surrogate."""
    return tuple(
        Fault(
            pointer_to(place),
            "文字中含有不可接受的字符（空字符或残缺的代理项）。",
            "The text holds NUL or a lone surrogate.",
        )
        for place in _unfit_places(value)
    )


def _unfit_places(value: Any) -> Iterator[tuple[str | int, ...]]:
    # A stack of its own: so many bytes of brackets nest deeper than Python calls may.
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        place, item = waiting.pop()
        if isinstance(item, str) and _UNFIT.search(item):
            yield place
        elif isinstance(item, list):
            waiting.extend(((*place, index), part) for index, part in reversed(list(enumerate(item))))
        elif isinstance(item, dict):
            yield from ((*place, name) for name in item if _UNFIT.search(name))
            waiting.extend(((*place, name), part) for name, part in reversed(item.items()))


def _check_media_type(header: str | None) -> None:
    if not header:
        return
    message = Message()
    message["content-type"] = header
    if message.get_content_type() != "application/json":
        raise NotJson


async def read_within(request: Request, longest: int) -> bytes:
    """The body, given up at the first byte too many: neither a header nor a chunked body can fill the memory."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            raise Refused(Slug.TOO_LARGE)
    return bytes(body)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands twice in one object")
    return fields


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
