"""A year out of an iCalendar file (RFC 5545), as holiday-cn and Apple publish it.

iCalendar has no word for a weekend day that is worked. holiday-cn writes 上班 into SUMMARY; Apple marks such a day
``X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY`` and a day off ``WORK-HOLIDAY``, and in a file with these marks an event
without one is an observance, not a day off. Everything that is not plainly a span of whole days is refused, before any
is used.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Component, vDDDTypes

from calendars.faults import NoticeError, SourceUnreadable, raise_all
from calendars.notice import Notice
from calendars.sources.named_days import ListedDay, days_of_notice, notice_from_days
from calendars.sources.reading import readable_text

_APPLE = "X-APPLE-SPECIAL-DAY"
_APPLE_WORKS = {"ALTERNATE-WORKDAY": True, "WORK-HOLIDAY": False}
_RECURRENCE = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
_ONCE = ("UID", "SEQUENCE", "STATUS", "SUMMARY", "DTSTART", "DTEND", "DURATION", _APPLE)
_LONGEST_BREAK = timedelta(days=31)
_MAKE_UP_NAME = re.compile(r"上班[(（]补(.+?)(?:假期)?[)）]")
_DECORATION = re.compile(r"(?:假期|[(（][休班][)）])$")


@dataclass(frozen=True, slots=True)
class _Span:
    """An event that is whole days; ``works`` is None where an Apple file marks it neither way."""

    summary: str
    first: date
    days: int
    works: bool | None
    cancelled: bool


def parse(content: bytes, year: int, published_on: date) -> Notice:
    """Read the days of one year out of a file of any number of years.

    Args:
        content: the file, at most 1 MB.
        year: which year of the file.
        published_on: when the notice behind it was published, which the file does not say.

    Raises:
        SourceUnreadable: too large, no calendar, or an event that is no span of whole days: it has a time of day or a
            recurrence, ends before it starts, or names a date that does not exist; NoticeFaults if several are so.
        EmptyYear: no day of the year is in the file.
        NoticeError: the days make no notice (see ``parse_notice``).
    """
    first, last = days_of_notice(year)
    events = _load(readable_text(content, "iCalendar 文件", "the iCalendar file")).walk("VEVENT")
    marked = any(_APPLE in event for event in events)
    spans = [span for span in _newest(events, marked) if not span.cancelled and span.works is not None]
    return notice_from_days(
        [listed for span in spans for listed in _listed_days(span) if first <= listed.day <= last],
        year=year,
        title=f"iCalendar file, notice for {year}",
        published_on=published_on,
    )


def _load(text: str) -> Calendar:
    try:
        calendar = Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, RecursionError):
        raise _no_calendar() from None
    if not isinstance(calendar, Calendar):
        raise _no_calendar()
    return calendar


def _no_calendar() -> SourceUnreadable:
    return SourceUnreadable("该文件不是 iCalendar 文件", "the file is not an iCalendar file")


def _newest(events: Sequence[Component], marked: bool) -> list[_Span]:
    """Read every event, and of those with one UID keep the one with the highest SEQUENCE."""
    newest: dict[str, tuple[int, _Span]] = {}
    faults: list[NoticeError] = []
    for place, event in enumerate(events):
        try:
            span = _read(event, marked)
            key, sequence = str(event.get("UID", f"event {place}")), _sequence(event)
            known = newest.setdefault(key, (sequence, span))
            if known[0] == sequence and known[1] != span:
                raise SourceUnreadable(
                    f"两个事件的 UID 同为 {key}，SEQUENCE 亦相同",
                    f"two events have the UID {key} and the same SEQUENCE",
                )
            newest[key] = max(known, (sequence, span), key=lambda numbered: numbered[0])
        except NoticeError as fault:
            faults.append(fault)
    raise_all(faults)
    return [span for _, span in newest.values()]


def _sequence(event: Component) -> int:
    value = event.get("SEQUENCE", 0)
    return value if isinstance(value, int) else 0


def _read(event: Component, marked: bool) -> _Span:
    if event.errors:
        name, why = event.errors[0]
        raise _unreadable(event, f"的 {name} 无法读取", f": {name} cannot be read, {why}")
    for name in _RECURRENCE:
        if name in event:
            raise _unreadable(
                event, f"为重复事件（{name}），仅读取单次事件", f" recurs ({name}); only single events are read"
            )
    for name in _ONCE:
        if isinstance(event.get(name), list):
            raise _unreadable(event, f"有不止一个 {name}", f" has more than one {name}")
    first = _date(event, "DTSTART")
    length = _length(event, first)
    if length <= timedelta():
        raise _unreadable(event, f"始于 {first}，其结束不晚于开始", f" of {first} does not end after it starts")
    if length > _LONGEST_BREAK:
        most = _LONGEST_BREAK.days
        raise _unreadable(event, f"始于 {first}，超过 {most} 天", f" of {first} lasts more than {most} days")
    summary = str(event.get("SUMMARY", ""))
    cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    return _Span(summary, first, length.days, _works(event, summary, marked), cancelled)


def _unreadable(event: Component, zh: str, en: str) -> SourceUnreadable:
    """What is wrong with an event, which is called by its own name."""
    name = str(event.get("SUMMARY") or event.get("UID") or "")[:60]
    return SourceUnreadable(f"事件“{name or '未命名'}”{zh}", f"the event {name or 'without a name'}{en}")


def _length(event: Component, first: date) -> timedelta:
    """DTEND is exclusive; without an end an event is one day."""
    if "DTEND" in event and "DURATION" in event:
        raise _unreadable(event, "同时有 DTEND 和 DURATION", " has both DTEND and DURATION")
    if "DTEND" in event:
        return _date(event, "DTEND") - first
    length = _value(event, "DURATION") if "DURATION" in event else timedelta(days=1)
    if not isinstance(length, timedelta) or length % timedelta(days=1):
        raise _unreadable(event, "的 DURATION 不是整天", " does not last whole days (DURATION)")
    return length


def _date(event: Component, name: str) -> date:
    if name not in event:
        raise _unreadable(event, f"缺少 {name}", f" lacks {name}")
    value = _value(event, name)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _unreadable(
            event, f"的 {name} 含有时刻，仅读取整天", f" has a time of day ({name}); only whole days are read"
        )
    return value


def _value(event: Component, name: str) -> object:
    value = event[name]
    return value.dt if isinstance(value, vDDDTypes) else value


def _works(event: Component, summary: str, marked: bool) -> bool | None:
    if marked:
        return _APPLE_WORKS.get(str(event.get(_APPLE, "")).upper())
    return "上班" in summary


def _listed_days(span: _Span) -> list[ListedDay]:
    make_up = _MAKE_UP_NAME.fullmatch(span.summary)
    name = make_up[1] if make_up else _DECORATION.sub("", span.summary)
    days = (span.first + timedelta(days=offset) for offset in range(span.days))
    return [ListedDay(day, bool(span.works), name.strip() or "假期") for day in days]
