"""Notices out of files and packages, and what a second source says of them (issue line C03)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from calendars.checks import compare
from calendars.core import BusinessCalendar
from calendars.faults import NoticeError, NoticeFaults
from calendars.notice import Notice, parse_notice
from liaison.services.errors import Fault, Refused, Slug

Opinion = Mapping[date, bool] | None
"""Whether each day is worked, by a second source; empty where it does not know, None where there is no second one."""

_SECOND: Final = "holidays"

STEPS_ZH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "notice": "通知内容",
        "source": "来源文件",
        "empty_year": "空白年份",
        "days": "日期",
        "make_up_days": "调休上班日",
        "year_formula": "年度工作日算式",
        "statutory_days": "法定节假日",
        "announced_days": "已公布的日期",
    }
)
"""The steps of the import, by the names that faults bear."""


@dataclass(frozen=True)
class NoticeInput:
    """A notice as handed in.

    Attributes:
        source: ``notice``, ``holidays``, ``json_feed`` or ``icalendar``.
        document: A notice typed in from its text.
        text: The content of a file.
        year: Which year.
        published_on: When the notice was published, where its source does not know.
    """

    source: str
    document: Mapping[str, Any] | None = None
    text: str = ""
    year: int = 0
    published_on: date = date.min


async def read_notice(given: NoticeInput) -> Notice:
    """The notice that a source amounts to; what a file makes its reader do does not hold up other calls.

    Raises:
        Refused: ``INVALID``, a sentence for each fault.
    """
    try:
        return await asyncio.to_thread(_read, given)
    except NoticeError as fault:
        raise refusal_of(fault) from None


def refusal_of(fault: NoticeError) -> Refused:
    """A notice's faults as the API tells them, each with the step that found it."""
    faults = fault.faults if isinstance(fault, NoticeFaults) else [fault]
    return Refused(Slug.INVALID, faults=tuple(_told(each) for each in faults))


def second_opinion(year: int, source: str) -> Opinion:
    """What the package ``holidays`` says of the days that a notice may set: a year and the December before it.

    Args:
        year: The year of the notice.
        source: Where the notice comes from: the package is no second source for itself.
    """
    if source == _SECOND:
        return None
    # Loaded when asked: the package fills 20 megabytes of every process that has it.
    from calendars.sources import holidays_package

    opinion = holidays_package.opinion(date(year - 1, 12, 1), date(year, 12, 31))
    # It may know the December by the notice of the year before alone, and then nothing of this one.
    return opinion if date(year, 1, 1) in opinion else {}


def compared(calendar: BusinessCalendar, year: int, opinion: Opinion) -> list[dict[str, Any]]:
    """Findings about the second source: each day it holds otherwise, that it agrees, or that it does not know.

    Args:
        calendar: The calendar with the proposed notice in force.
        year: The year of that notice.
        opinion: Of ``second_opinion``.
    """
    if opinion is None:
        return [
            _finding(
                "第二来源：本提案本身取自 holidays 软件包，别无其他来源，未作比对。",
                "Second source: the proposal itself comes from the package holidays and there is no other, so nothing "
                "was compared.",
            )
        ]
    if not opinion:
        return [
            _finding(
                f"第二来源：holidays 软件包尚无 {year} 年的安排，无从比对。",
                f"Second source: the package holidays does not know {year}, so nothing was compared.",
            )
        ]
    found = compare(calendar, opinion, _SECOND)
    if not found:
        return [
            _finding(
                f"第二来源：holidays 软件包与本日历自 {year - 1} 年 12 月 1 日至 {year} 年末逐日一致。",
                f"Second source: the package holidays agrees on every day from {year - 1}-12-01 to {year}-12-31.",
            )
        ]
    return [
        {
            **_finding(
                f"第二来源不一致：{each.day} 本通知为{_zh(each.ours)}，{each.source} 为{_zh(each.theirs)}。",
                f"Second source disagrees: on {each.day} this notice says {_en(each.ours)}, "
                f"{each.source} says {_en(each.theirs)}.",
            ),
            "day": each.day.isoformat(),
            "ours": each.ours,
            "theirs": each.theirs,
            "source": each.source,
        }
        for each in found
    ]


def _read(given: NoticeInput) -> Notice:
    if given.document is not None:
        return parse_notice(given.document)
    from calendars.sources import holidays_package, icalendar_file, json_feed

    match given.source:
        case "holidays":
            return holidays_package.propose(given.year, given.published_on)
        case "json_feed":
            return json_feed.parse(given.text, given.published_on)
        case _:
            return icalendar_file.parse(given.text.encode("utf-8"), given.year, given.published_on)


def _told(fault: NoticeError) -> Fault:
    said = fault.en.rstrip(".")
    return Fault("/document", f"{STEPS_ZH[fault.step]}：{fault.zh}。", f"{said[:1].upper()}{said[1:]}.")


def _finding(zh: str, en: str) -> dict[str, Any]:
    return {"step": "second_source", "zh": zh, "en": en}


def _zh(works: bool) -> str:
    return "上班" if works else "休息"


def _en(works: bool) -> str:
    return "working" if works else "off"
