"""A State Council notice on days off, as a value.

A notice names days off and make-up working days (调休上班); every other day follows the week. Notices arrive as
parsed documents (TOML or JSON), whose dates are ISO text and whose ranges are ISO 8601 intervals, both ends in.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from reprlib import repr as brief
from typing import Any

from calendars.faults import DayOutsideYear, DayTwice, EmptyYear, MakeUpOnWeekday, raise_all
from calendars.faults import NoticeError as NoticeError

SATURDAY = 5
_LONGEST_BREAK = timedelta(days=31)
UNKNOWN = "unknown"
"""Stands for a document number or an address nobody could cite."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday of a notice: ranges of days off, both ends in, and the weekend days worked in exchange."""

    zh: str
    en: str
    off: tuple[tuple[date, date], ...]
    work: tuple[date, ...]

    def days(self) -> Iterator[tuple[date, bool]]:
        """Yield every day this holiday names, with True for a working day and False for a day off."""
        for start, end in self.off:
            for offset in range((end - start).days + 1):
                yield start + timedelta(days=offset), False
        for day in self.work:
            yield day, True


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice; its date of publication identifies it.

    ``amends`` is the date of the notice it amends: its holidays then replace, whole, the holidays of the same
    Chinese name there. ``doc_no`` and ``url`` are ``unknown`` rather than guessed.

    Attributes:
        text_sha256: SHA-256, in hex, of the notice's text at ``url``; None where nobody has taken it.
        formula_difference: why the arithmetic of the year (see ``calendars.checks``) does not hold after this
            amendment; None where it holds.
    """

    year: int
    title: str
    doc_no: str
    published_on: date
    url: str
    amends: date | None
    holidays: tuple[Holiday, ...]
    text_sha256: str | None = None
    formula_difference: str | None = None

    def days(self) -> Iterator[tuple[date, bool]]:
        """Yield every day the notice names, with True for a working day and False for a day off."""
        for holiday in self.holidays:
            yield from holiday.days()


def parse_notice(document: Mapping[str, Any]) -> Notice:
    """Turn a parsed document into a notice.

    Raises:
        NoticeError: a field is missing, unknown or malformed, a day lies outside the year (December before it is
            allowed) or is named twice, or a make-up day is not on a weekend; NoticeFaults if several are so.
    """
    fields = {"amends": None, "text_sha256": None, "formula_difference": None, **document}
    try:
        notice = _parse_fields(fields)
    except NoticeError as fault:
        raise NoticeError(
            f"{_named(document)} 的通知：{fault.zh}", f"the notice of {_named(document)}: {fault}"
        ) from fault
    except (TypeError, ValueError) as fault:
        raise NoticeError(f"{_named(document)} 的通知无法读取", f"the notice of {_named(document)}: {fault}") from fault
    raise_all(list(day_faults(notice)))
    return notice


def day_faults(notice: Notice) -> Iterator[NoticeError]:
    """Yield what is wrong with the days of a notice taken by itself."""
    first, last = date(notice.year - 1, 12, 1), date(notice.year, 12, 31)
    if not any(holiday.off for holiday in notice.holidays):
        yield EmptyYear(
            f"{notice.published_on} 发布的 {notice.year} 年通知未列出任何休息日",
            f"the notice of {notice.published_on} for {notice.year} names no day off",
        )
    days = list(notice.days())
    for day, works in days:
        if not first <= day <= last:
            zh = f"{day} 不在 {notice.year} 年通知的范围内"
            yield DayOutsideYear(zh, f"{day} lies outside the notice for {notice.year}")
        if works and day.weekday() < SATURDAY:
            zh = f"{day} 不是周末，不能作为调休上班日"
            yield MakeUpOnWeekday(zh, f"{day} is no weekend day, so it cannot be a make-up working day")
    for day, times in Counter(day for day, _ in days).items():
        if times > 1:
            yield DayTwice(
                f"{notice.published_on} 发布的通知将 {day} 列出 {times} 次",
                f"the notice of {notice.published_on} names {day} {times} times",
            )


def notice_document(notice: Notice) -> dict[str, Any]:
    """Give the document, fit for JSON, that ``parse_notice`` turns back into the same notice."""
    return {
        "year": notice.year,
        "title": notice.title,
        "doc_no": notice.doc_no,
        "published_on": notice.published_on.isoformat(),
        "url": notice.url,
        "amends": notice.amends.isoformat() if notice.amends else None,
        "text_sha256": notice.text_sha256,
        "formula_difference": notice.formula_difference,
        "holidays": [
            {
                "zh": holiday.zh,
                "en": holiday.en,
                "off": [f"{start.isoformat()}/{end.isoformat()}" for start, end in holiday.off],
                "work": [day.isoformat() for day in holiday.work],
            }
            for holiday in notice.holidays
        ],
    }


def _parse_fields(fields: Mapping[str, Any]) -> Notice:
    _require_keys(fields, _NOTICE_FIELDS, "通知", "a notice")
    if fields["formula_difference"] is not None and not fields["amends"]:
        raise NoticeError("仅修改通知可申报 formula_difference", "only an amendment may declare a formula_difference")
    return Notice(
        year=_year(fields["year"]),
        title=_text(fields, "title"),
        doc_no=_text(fields, "doc_no"),
        published_on=_date("published_on", "published_on", fields["published_on"]),
        url=_text(fields, "url"),
        amends=_date("amends", "amends", fields["amends"]) if fields["amends"] else None,
        holidays=tuple(_parse_holiday(holiday) for holiday in _list(fields, "holidays")),
        text_sha256=_digest(fields["text_sha256"]),
        formula_difference=None if fields["formula_difference"] is None else _text(fields, "formula_difference"),
    )


_NOTICE_FIELDS = frozenset(Notice.__dataclass_fields__)


def _parse_holiday(document: object) -> Holiday:
    if not isinstance(document, Mapping):
        raise NoticeError(
            f"假期须含 zh、en、off、work 四项，而不是 {brief(document)}",
            f"a holiday must hold zh, en, off and work, not be {brief(document)}",
        )
    _require_keys(document, {"zh", "en", "off", "work"}, "假期", "a holiday")
    return Holiday(
        zh=_text(document, "zh"),
        en=_text(document, "en"),
        off=tuple(_parse_range(text) for text in _list(document, "off")),
        work=tuple(_date("上班日", "a day of work", text) for text in _list(document, "work")),
    )


def _parse_range(text: object) -> tuple[date, date]:
    if not isinstance(text, str):
        raise NoticeError(
            f"休息日区间须为 2026-02-15/2026-02-23 这样的文本，而不是 {brief(text)}",
            f"a range of days off must be a text such as 2026-02-15/2026-02-23, not {brief(text)}",
        )
    start, _, end = text.partition("/")
    first, last = _date("休息日", "a day off", start), _date("休息日", "a day off", end or start)
    if last < first:
        raise NoticeError(f"区间 {text} 的结束早于开始", f"the range {text} ends before it starts")
    if last - first > _LONGEST_BREAK:
        zh = f"区间 {text} 超过 {_LONGEST_BREAK.days} 天"
        raise NoticeError(zh, f"the range {text} is longer than {_LONGEST_BREAK.days} days")
    return first, last


def _date(what_zh: str, what: str, value: object) -> date:
    if not isinstance(value, str):
        raise NoticeError(
            f"{what_zh} 须为 2026-11-04 这样的文本，而不是 {brief(value)}",
            f"{what} must be a text such as 2026-11-04, not {brief(value)}",
        )
    try:
        return date.fromisoformat(value)
    except ValueError as fault:
        raise NoticeError(
            f"{what_zh} 不是 2026-11-04 这样的日期：{brief(value)}",
            f"{what} is no date such as 2026-11-04: {brief(value)}, {fault}",
        ) from None


def _digest(value: object) -> str | None:
    if value is None or (isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value)):
        return value
    raise NoticeError(
        "text_sha256 须为 64 位小写十六进制数字", "text_sha256 must be 64 hexadecimal digits in lower case"
    )


def _year(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1949 < value < 9999:
        raise NoticeError("year 须为 2026 这样的整数", "year must be a whole number such as 2026")
    return value


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document[key]
    if not isinstance(value, str) or not value.strip():
        raise NoticeError(f"{key} 须为非空文本", f"{key} must be a text")
    return value


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document[key]
    if not isinstance(value, list):
        raise NoticeError(f"{key} 须为列表", f"{key} must be a list")
    return value


def _require_keys(document: Mapping[str, Any], wanted: Set[str], what_zh: str, what: str) -> None:
    if missing := sorted(wanted - document.keys()):
        raise NoticeError(f"{what_zh}缺少 {'、'.join(missing)}", f"{what} lacks {', '.join(missing)}")
    if unknown := sorted(document.keys() - wanted):
        zh = f"{what_zh}含有未知字段：{'、'.join(unknown)}"
        raise NoticeError(zh, f"{what} has unknown fields: {', '.join(unknown)}")


def _named(document: Mapping[str, Any]) -> str:
    return str(document.get("published_on"))
