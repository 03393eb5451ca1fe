"""How long to wait between two looks at what others do."""

import asyncio

SHORTEST_SECONDS, LONGEST_SECONDS = 0.1, 1.0
LONGER = 1.4


class Pauses:
    """Each longer than the one before: looking takes the machine from those it waits for."""

    def __init__(self) -> None:
        self._next = SHORTEST_SECONDS

    async def pause(self) -> None:
        """Wait."""
        await asyncio.sleep(self._next)
        self._next = min(LONGER * self._next, LONGEST_SECONDS)
