"""Starting a re-plan once its version is committed; should it fail, the relay starts what the book says is due."""

import structlog

from liaison.services.platform import Platform
from liaison.services.replanning import start_replan
from liaison.services.starting import TEMPORAL_AWAY

_log = structlog.get_logger()


async def replan_soon(platform: Platform, *, calendar: int, policy: int | None = None) -> None:
    """Start the re-plan that the transaction before has asked for.

    Args:
        platform: The parts.
        calendar: The calendar version that open requests are brought to.
        policy: The policy version, where they are brought to one.
    """
    try:
        await start_replan(platform, calendar=calendar, policy=policy)
    except TEMPORAL_AWAY as error:
        _log.warning("a re-plan is left to the relay", calendar=calendar, error_type=type(error).__name__)
