"""Small numbers in ``make test``, full numbers in ``make prove``."""

import os
from typing import TypeVar

Size = TypeVar("Size")

FULL = os.environ.get("PROVE") == "full"


def scaled(small: Size, full: Size) -> Size:
    """``full`` under ``make prove``, else ``small``: numbers, or lists of cases."""
    return full if FULL else small
