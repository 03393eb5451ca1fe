"""A notice from a plain list of days, as feeds and packages give them: day, worked or off, name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from calendars.faults import EmptyYear, NoticeError
from calendars.notice import SATURDAY, UNKNOWN, Notice, parse_notice
from calendars.statutory import FIRST_YEAR, LAST_YEAR

_ENGLISH = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明": "Tomb-Sweeping Day",
    "劳动": "Labour Day",
    "端午": "Dragon Boat Festival",
    "中秋": "Mid-Autumn Festival",
    "国庆": "National Day",
}


@dataclass(frozen=True, slots=True)
class ListedDay:
    """A day that a source lists, in its own words."""

    day: date
    works: bool
    name: str


def days_of_notice(year: int) -> tuple[date, date]:
    """Give the first and last day a notice for a year sets: its December belongs to the notice of the year after.

    Every notice so far has it so; a file of many years, or a package, does not say which notice named a day.

    Raises:
        NoticeError: there are no notices for such a year.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NoticeError(
            f"年份须在 {FIRST_YEAR} 至 {LAST_YEAR} 之间，而不是 {year}",
            f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}, not be {year}",
        )
    return date(year - 1, 12, 1), date(year, 11, 30)


def notice_from_days(
    days: Iterable[ListedDay], *, year: int, title: str, published_on: date, url: str = UNKNOWN
) -> Notice:
    """Make the notice a list of days amounts to; its document number stays unknown, so it amends nothing.

    Args:
        days: the listed days; those of one name become one holiday.
        year: the year the notice is for.
        title: what the source is, since the notice's own title is not in it.
        published_on: when the notice was published, as the person who proposes says.
        url: an address the source cites.

    Raises:
        NoticeError: no day is listed, or the days make no notice (see ``parse_notice``).
    """
    # Days off first: the holidays then stand in order of their breaks, as in a notice.
    listed = sorted(days, key=lambda entry: (entry.works, entry.day))
    if not listed:
        raise EmptyYear(
            f"该来源未列出 {year} 年的任何一天，即尚未公布",
            f"{title}: no day of {year} is listed, so it is not announced there",
        )
    known = frozenset(entry.day for entry in listed)
    by_name: dict[str, list[ListedDay]] = {}
    for entry in listed:
        by_name.setdefault(entry.name, []).append(entry)
    return parse_notice(
        {
            "year": year,
            "title": title,
            "doc_no": UNKNOWN,
            "published_on": published_on.isoformat(),
            "url": url,
            "holidays": [_holiday(name, entries, known) for name, entries in by_name.items()],
        }
    )


def _holiday(name: str, entries: Sequence[ListedDay], listed: frozenset[date]) -> dict[str, Any]:
    return {
        "zh": name,
        "en": english_name(name),
        "off": [f"{start}/{end}" for start, end in _runs([entry.day for entry in entries if not entry.works], listed)],
        "work": [entry.day.isoformat() for entry in entries if entry.works],
    }


def _runs(days: Sequence[date], listed: frozenset[date]) -> list[list[date]]:
    """Join days off in a row, over a weekend nobody lists too; a day listed twice stays two runs, to be refused."""
    runs: list[list[date]] = []
    for day in days:
        if runs and runs[-1][1] < day and all(_is_plain_weekend(gap, listed) for gap in _between(runs[-1][1], day)):
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return runs


def _between(start: date, end: date) -> list[date]:
    return [start + timedelta(days=offset) for offset in range(1, (end - start).days)]


def _is_plain_weekend(day: date, listed: frozenset[date]) -> bool:
    return day.weekday() >= SATURDAY and day not in listed


def english_name(text: str) -> str:
    """Give the holidays that a Chinese text names, in English; the text itself if it names none we know."""
    found = sorted((place, english) for word, english in _ENGLISH.items() if (place := text.find(word)) >= 0)
    return " and ".join(english for _, english in found) or text
