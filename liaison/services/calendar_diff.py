"""Two calendar versions side by side: each day that differs with what both say, and the open requests it may move."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.core import BusinessCalendar, changed_days
from liaison.db.open_plans import DaySpan, count_touched
from liaison.db.tables import CalendarVersion
from liaison.policy.explain import day_words
from liaison.services.platform import Body

Courts = frozenset[str]


def courts_of(*versions: CalendarVersion) -> Courts:
    """The courts with closures of their own in any of these versions."""
    return frozenset(each["court"] for version in versions for each in version.closures if each["court"] is not None)


def difference(old: BusinessCalendar, new: BusinessCalendar, courts: Courts) -> Body:
    """What changes from one version to the other.

    Returns:
        ``{"from", "to", "announced_until": {"before", "after"}, "days": [{"on", "court", "before", "after"}]}``; a day
        that only becomes announced, and is worked or not as was assumed, is none of ``days``. A court is named where
        the day differs for it and not for the city, or for the city and not for it: its own closure stays.
    """
    city = _differing(old, new, None)
    days: list[tuple[str | None, date]] = [(None, day) for day in sorted(city)]
    days += [(court, day) for court in sorted(courts) for day in sorted(_differing(old, new, court) ^ city)]
    return {
        "from": old.number,
        "to": new.number,
        "announced_until": {"before": old.final_until.isoformat(), "after": new.final_until.isoformat()},
        "days": [_shown(old.of(court), new.of(court), court, day) for court, day in days],
    }


async def movable(session: AsyncSession, old: BusinessCalendar, new: BusinessCalendar, courts: Courts) -> int:
    """Open requests of which a date may move, or become final, between two versions (calendar.md 5.3).

    Those of a court with closures of its own are looked for on the days that change for it, not for the city.
    """
    of_whom: list[str | None] = [None, *sorted(courts)]
    spans = [(court, span) for court in of_whom for span in _spans(sorted(changed_days(old, new, court)))]
    return await count_touched(session, spans, apart=courts)


def _differing(old: BusinessCalendar, new: BusinessCalendar, court: str | None) -> frozenset[date]:
    ours, theirs = old.of(court), new.of(court)
    changed = changed_days(old, new, court)
    return frozenset(day for day in changed if ours.is_business_day(day) is not theirs.is_business_day(day))


def _shown(old: BusinessCalendar, new: BusinessCalendar, court: str | None, day: date) -> Body:
    return {"on": day.isoformat(), "court": court, "before": _side(old, day), "after": _side(new, day)}


def _side(calendar: BusinessCalendar, day: date) -> Body:
    found = calendar.day(day)
    words = day_words(found)
    return {"works": found.works, "announced": found.announced, "zh": words.zh, "en": words.en}


def _spans(days: Iterable[date]) -> Iterator[DaySpan]:
    """Days in order, gathered into spans without a gap."""
    first = last = None
    for day in days:
        if last is not None and day - last == timedelta(days=1):
            last = day
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = day
    if first is not None and last is not None:
        yield first, last
