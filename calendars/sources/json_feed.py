"""A year in the shape of NateScarlet/holiday-cn: ``{year, papers: [address], days: [{name, date, isOffDay}]}``.

A feed is a proposal for a person to look at. It cites no document number, so it can neither amend a notice nor take
back a day that is announced.
"""

import json
from datetime import date
from typing import Any

from calendars.faults import SourceUnreadable
from calendars.notice import UNKNOWN, Notice
from calendars.sources.named_days import ListedDay, notice_from_days
from calendars.sources.reading import readable_text


def parse(content: str | bytes, published_on: date) -> Notice:
    """Read a feed.

    Args:
        content: the feed, at most 1 MB.
        published_on: when the notice behind it was published, which the feed does not say.

    Raises:
        SourceUnreadable: too large, not JSON, or of another shape.
        EmptyYear: no day is listed: the year is not announced.
        NoticeError: the days make no notice (see ``parse_notice``).
    """
    feed = _load(readable_text(content, "数据文件", "the feed"))
    year, days, papers = feed.get("year"), feed.get("days"), feed.get("papers")
    if not isinstance(year, int) or isinstance(year, bool) or not isinstance(days, list):
        raise SourceUnreadable(
            "数据文件须含整数 year 和列表 days", "the feed must hold year, a whole number, and days, a list"
        )
    title = f"JSON feed, notice for {year}"
    return notice_from_days(
        map(_listed_day, days), year=year, title=title, published_on=published_on, url=_address(papers)
    )


def _load(text: str) -> dict[str, Any]:
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise SourceUnreadable("数据文件不是 JSON", f"the feed is not JSON: {fault}") from None
    if not isinstance(feed, dict):
        raise SourceUnreadable("数据文件不是 JSON 对象", "the feed is not a JSON object")
    return feed


def _address(papers: object) -> str:
    match papers:
        case [str(address), *_] if address.startswith(("https://", "http://")):
            return address
    return UNKNOWN


def _listed_day(entry: object) -> ListedDay:
    match entry:
        case {"name": str(name), "date": str(day), "isOffDay": bool(off)} if name.strip():
            try:
                return ListedDay(date.fromisoformat(day), not off, name)
            except ValueError:
                raise SourceUnreadable(
                    f"数据文件列出的日期不存在：{day}", f"the feed names a day that does not exist: {day}"
                ) from None
    raise SourceUnreadable(
        f"数据文件中的每一天须含 name、date、isOffDay，而不是 {str(entry)[:100]}",
        f"a day of the feed must hold name, date and isOffDay, not be {str(entry)[:100]}",
    )
