"""The nightly purge: personal data older than the policy's ages are destroyed, a batch a transaction."""

import time
from dataclasses import asdict
from typing import Final

import structlog
from temporalio import activity

from activities.tools import Tools
from liaison.contract.messages import Purged
from liaison.db.purging import purge_batch

SECONDS: Final = 8.0
"""How long one round works; well within the time of an activity."""

_log = structlog.get_logger()


class Purging:
    """Erases by age."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def purge(self) -> Purged:
        """Erase what is older than the policy's ages, for a few seconds."""
        began, total = time.monotonic(), Purged(more=True)
        while total.more and time.monotonic() - began < SECONDS:
            async with self._tools.db.write() as session:
                _, policy = await self._tools.rulebook.current(session)
                erased = await purge_batch(session, policy.retention, self._tools.clock())
            total = Purged(
                requests=total.requests + erased.requests,
                messages=total.messages + erased.messages,
                callbacks=total.callbacks + erased.callbacks,
                inbound=total.inbound + erased.inbound,
                more=erased.more,
            )
        _log.info("purged by age", **asdict(total))
        return total
