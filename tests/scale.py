"""Small numbers in ``make test``, full numbers in ``make prove``."""

import os

FULL = os.environ.get("PROVE") == "full"


def scaled(small: int, full: int) -> int:
    """``full`` under ``make prove``, else ``small``."""
    return full if FULL else small
