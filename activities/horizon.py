"""The daily look for next year's notice (issue line C31): a line of the log that grows more urgent as the year ends."""

from collections.abc import Mapping
from logging import ERROR, INFO, WARNING
from typing import Final

import structlog
from temporalio import activity

from activities.tools import Tools
from calendars.core import shanghai_date
from liaison.contract.messages import HorizonSeen
from liaison.policy.horizon import Urgency, horizon

LEVELS: Final[Mapping[Urgency, int]] = {
    Urgency.NONE: INFO,
    Urgency.NOTE: INFO,
    Urgency.WARNING: WARNING,
    Urgency.ALARM: ERROR,
}

_log = structlog.get_logger()


class CalendarHorizon:
    """Looks how far the calendar is announced."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def look_at_horizon(self) -> HorizonSeen:
        """Look whether next year's notice is missing, and say so in the log."""
        async with self._tools.db.read() as session:
            calendar, _ = await self._tools.rulebook.current(session)
        seen = horizon(calendar.final_until, shanghai_date(self._tools.clock()))
        _log.log(
            LEVELS[seen.urgency],
            "the calendar's horizon",
            announced_until=seen.final_until.isoformat(),
            missing_year=seen.missing_year,
            urgency=seen.urgency.value,
        )
        return HorizonSeen(seen.final_until.isoformat(), seen.missing_year, seen.urgency, f"{seen.en} {seen.zh}")
