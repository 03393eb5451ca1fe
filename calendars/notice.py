"""A State Council notice on days off, as a value.

A notice names days off and make-up working days (调休上班); every other day follows the week. Notices arrive as
parsed documents (TOML or JSON), whose dates are ISO text and whose ranges are ISO 8601 intervals, both ends in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

SATURDAY = 5


class NoticeError(ValueError):
    """A notice, or a list of notices, contradicts itself or another notice."""


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
    """

    year: int
    title: str
    doc_no: str
    published_on: date
    url: str
    amends: date | None
    holidays: tuple[Holiday, ...]


def parse_notice(document: Mapping[str, Any]) -> Notice:
    """Turn a parsed document into a notice.

    Raises:
        NoticeError: a field is missing, unknown or malformed, a day lies outside the year (December before it is
            allowed), or a make-up day is not on a weekend.
    """
    fields = {"amends": None, **document}
    _require_keys(fields, {"year", "title", "doc_no", "published_on", "url", "amends", "holidays"}, "a notice")
    try:
        notice = Notice(
            year=_year(fields["year"]),
            title=_text(fields, "title"),
            doc_no=_text(fields, "doc_no"),
            published_on=date.fromisoformat(fields["published_on"]),
            url=_text(fields, "url"),
            amends=date.fromisoformat(fields["amends"]) if fields["amends"] else None,
            holidays=tuple(_parse_holiday(holiday) for holiday in fields["holidays"]),
        )
        _check_days(notice)
    except (TypeError, ValueError) as fault:
        raise NoticeError(f"the notice of {document.get('published_on')}: {fault}") from fault
    return notice


def notice_document(notice: Notice) -> dict[str, Any]:
    """Give the document, fit for JSON, that ``parse_notice`` turns back into the same notice."""
    return {
        "year": notice.year,
        "title": notice.title,
        "doc_no": notice.doc_no,
        "published_on": notice.published_on.isoformat(),
        "url": notice.url,
        "amends": notice.amends.isoformat() if notice.amends else None,
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


def _parse_holiday(document: Mapping[str, Any]) -> Holiday:
    _require_keys(document, {"zh", "en", "off", "work"}, "a holiday")
    return Holiday(
        zh=_text(document, "zh"),
        en=_text(document, "en"),
        off=tuple(_parse_range(text) for text in document["off"]),
        work=tuple(date.fromisoformat(text) for text in document["work"]),
    )


def _parse_range(text: str) -> tuple[date, date]:
    start, _, end = text.partition("/")
    first, last = date.fromisoformat(start), date.fromisoformat(end or start)
    if last < first:
        raise NoticeError(f"the range {text} ends before it starts")
    return first, last


def _year(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise NoticeError("year must be a whole number")
    return value


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document[key]
    if not isinstance(value, str) or not value.strip():
        raise NoticeError(f"{key} must be a text")
    return value


def _require_keys(document: Mapping[str, Any], wanted: set[str], what: str) -> None:
    if missing := wanted - document.keys():
        raise NoticeError(f"{what} lacks {', '.join(sorted(missing))}")
    if unknown := document.keys() - wanted:
        raise NoticeError(f"{what} has unknown fields: {', '.join(sorted(unknown))}")


def _check_days(notice: Notice) -> None:
    first, last = date(notice.year - 1, 12, 1), date(notice.year, 12, 31)
    if not any(holiday.off for holiday in notice.holidays):
        raise NoticeError("it names no day off")
    for holiday in notice.holidays:
        for day, works in holiday.days():
            if not first <= day <= last:
                raise NoticeError(f"{day} lies outside the notice for {notice.year}")
            if works and day.weekday() < SATURDAY:
                raise NoticeError(f"{day} is no weekend day, so it cannot be a make-up working day")
