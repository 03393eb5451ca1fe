"""Keeping a rate within one process, of what a task queue cannot count."""

import asyncio


class Pace:
    """Lets those who wait pass in turn, so many a second."""

    def __init__(self, rate: float) -> None:
        """``rate`` is how many."""
        self._pause = 1 / rate
        self._next = 0.0

    async def turn(self, longest: float) -> bool:
        """Return when it is the caller's turn; False at once, and nobody's place taken, if he would wait longer than so
        many seconds."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._next)
        if at - now > longest:
            return False
        self._next = at + self._pause
        if at > now:
            await asyncio.sleep(at - now)
        return True
