"""Waiting for what a worker does in its own time."""

import asyncio
from collections.abc import Awaitable, Callable

SECONDS = 20.0
_PAUSE = 0.02


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Return once ``true`` is.

    Raises:
        TimeoutError: It was not within 20 seconds.
    """
    async with asyncio.timeout(SECONDS):
        while True:
            if await true():
                return
            await asyncio.sleep(_PAUSE)
