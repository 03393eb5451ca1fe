"""Waiting until something is so, with an end to patience."""

import asyncio
import time
from collections.abc import Callable

PATIENCE_SECONDS = 900.0


async def until(true: Callable[[], bool]) -> None:
    """Return once it is true.

    Raises:
        TimeoutError: It was not within a quarter of an hour.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.1)
