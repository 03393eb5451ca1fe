"""Keyset pages ``{items, next_cursor}``; a cursor is the last key of a page, opaque to callers."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from liaison.services.errors import Fault, Refused, Slug
from liaison.services.platform import Body

Row = TypeVar("Row")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

_KEY = re.compile("[!-~]{1,64}")
_LAST_NUMBER = 2**31 - 1
"""PostgreSQL refuses to compare a column of numbers with a greater one."""


def key_of(cursor: str | None, parameter: str = "cursor") -> str:
    """The key a page begins after; empty for the first page. ``parameter`` is the name callers know it by.

    Raises:
        Refused: ``INVALID``, the cursor was not made here.
    """
    if not cursor:
        return ""
    try:
        key = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError):
        raise bad_cursor(parameter) from None
    if not _KEY.fullmatch(key):
        raise bad_cursor(parameter)
    return key


def number_of(cursor: str | None, parameter: str = "cursor") -> int:
    """The same for a numbered list."""
    key = key_of(cursor, parameter)
    if not key:
        return 0
    if not key.isdecimal() or int(key) > _LAST_NUMBER:
        raise bad_cursor(parameter)
    return int(key)


def page(rows: Sequence[Row], limit: int, key: Callable[[Row], str | int | None], show: Callable[[Row], Body]) -> Body:
    """One page of rows that were read with ``limit + 1``: the extra row tells that there are more."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {"items": [show(row) for row in shown], "next_cursor": cursor_at(key(shown[-1])) if more else None}


def cursor_at(key: str | int | None) -> str:
    """The cursor of a page that begins after this key."""
    return base64.urlsafe_b64encode(str(key).encode("ascii")).decode("ascii")


def bad_cursor(parameter: str = "cursor") -> Refused:
    """The refusal of a cursor that no page gave."""
    fault = Fault(f"/{parameter}", "分页游标无效。", "This cursor was not given by a page.")
    return Refused(Slug.INVALID, "分页游标无效。", "The cursor is not valid.", (fault,))
