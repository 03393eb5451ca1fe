"""What a request causes in the world, worked off one after the other in the order it was caused."""

from collections import deque
from collections.abc import Awaitable, Callable

from temporalio import workflow

Effect = Callable[[], Awaitable[None]]


class Effects:
    """A queue beside the deadlines: an effect that has to wait for the database holds up later effects, no timer."""

    def __init__(self) -> None:
        self._waiting: deque[Effect] = deque()
        self._busy = False
        self.failure: Exception | None = None
        """What broke an effect. Nobody awaits the working task, so whoever waits must raise this."""

    def add(self, effect: Effect) -> None:
        """Have ``effect`` run after all that were added before."""
        self._waiting.append(effect)

    async def work(self) -> None:
        """Work off effects for ever."""
        while True:
            await workflow.wait_condition(lambda: bool(self._waiting))
            self._busy = True
            while self._waiting:
                try:
                    await self._waiting.popleft()()
                except Exception as error:
                    self.failure = error
                    return
            self._busy = False

    async def settled(self) -> None:
        """Wait until nothing is left to do."""
        await workflow.wait_condition(lambda: self.failure is not None or not (self._waiting or self._busy))
        self.raise_failure()

    def raise_failure(self) -> None:
        """Raise what broke an effect, so that the workflow task fails visibly and can be mended.

        Not the failure itself: an activity's would end the workflow, and a request never ends by a fault of ours.
        """
        if self.failure is not None:
            raise RuntimeError("an effect broke") from self.failure
