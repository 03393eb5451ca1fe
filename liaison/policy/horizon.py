"""When somebody must look for next year's notice (issue line C31).

The notice of a year came between 25 October and 10 December of the year before in each of the last ten years, on
16 December at the latest in twenty. The longest ladder has 8 business days, so the first dates that need it are those
of requests received from about 20 December on. Nothing stops without it: dates are provisional, and say so.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class Urgency(StrEnum):
    """How urgently a missing notice should be looked for."""

    NONE = "none"
    NOTE = "note"
    WARNING = "warning"
    ALARM = "alarm"


NOTED_FROM: Final = (10, 25)
WARNED_FROM: Final = (12, 1)
ALARMED_FROM: Final = (12, 15)
"""Month and day from which the absence of next year's notice is worth a note, a warning, an alarm."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the calendar is announced, seen from one day.

    Attributes:
        final_until: the last announced day.
        missing_year: the first year without a notice.
        urgency: how urgently that notice should be looked for now.
    """

    final_until: date
    missing_year: int
    urgency: Urgency

    @property
    def en(self) -> str:
        """What there is to do, in English."""
        if self.urgency is Urgency.NONE:
            return f"The calendar is announced until {self.final_until}."
        return (
            f"The notice for {self.missing_year} is not loaded, so dates after {self.final_until} are provisional: "
            "look for it at www.gov.cn and propose it."
        )

    @property
    def zh(self) -> str:
        """The same in Chinese."""
        if self.urgency is Urgency.NONE:
            return f"日历已公布至 {self.final_until}。"
        missing = f"尚未载入 {self.missing_year} 年放假通知，{self.final_until} 之后的日期为暂定"
        return f"{missing}：请到 www.gov.cn 查找并提出。"


def horizon(final_until: date, today: date) -> Horizon:
    """Judge the horizon of a calendar that is announced up to ``final_until``, in Shanghai's ``today``."""
    return Horizon(final_until, final_until.year + 1, _urgency(final_until, today))


def _urgency(final_until: date, today: date) -> Urgency:
    if today > final_until:
        return Urgency.ALARM
    if today.year < final_until.year:
        return Urgency.NONE
    day = (today.month, today.day)
    if day >= ALARMED_FROM:
        return Urgency.ALARM
    if day >= WARNED_FROM:
        return Urgency.WARNING
    return Urgency.NOTE if day >= NOTED_FROM else Urgency.NONE
