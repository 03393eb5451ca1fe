"""What a day's reason rests on: the notice that names it, or the closure that takes it off and who decided that."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.day import DayReason
from liaison.db.closures import closures_of
from liaison.db.versions import calendar_version
from liaison.policy.explain import ExplainedDay, Words
from liaison.services.platform import Body


@dataclass(frozen=True)
class Cited:
    """What one calendar version rests on, as one court counts, by date as ISO text.

    Attributes:
        notices: ``{published_on, doc_no, title, url}`` of each notice, by its date of publication.
        closures: ``{id, decided_by, source}`` of the closure that takes a day off; of several, the first entered.
    """

    notices: Mapping[str, Body]
    closures: Mapping[str, Body]

    def notice(self, day: ExplainedDay) -> Body | None:
        """The notice that names a day; None where none does."""
        return None if day.notice_published_on is None else self.notices.get(day.notice_published_on.isoformat())

    def closure(self, day: ExplainedDay) -> Body | None:
        """The closure that a day is off by; None where it is what it is for another reason."""
        return self.closures.get(day.date.isoformat()) if day.reason is DayReason.CLOSURE else None

    def words(self, day: ExplainedDay) -> Words:
        """Why a day is what it is; the calendar knows of a closure only the days, so its decision is added here."""
        closure = self.closure(day)
        if closure is None:
            return Words(day.words_zh, day.words_en)
        number, decided_by, source = closure["id"], closure["decided_by"], closure["source"]
        return Words(
            f"{day.words_zh}（停止办公记录 {number}，{decided_by}决定，依据：{source}）",
            f"{day.words_en} (closure {number}, decided by {decided_by}, source: {source})",
        )


async def cited(session: AsyncSession, number: int, court: str) -> Cited:
    """What calendar version ``number`` rests on, as a court counts."""
    version = await calendar_version(session, number)
    if version is None:
        return Cited({}, {})
    named = ("published_on", "doc_no", "title", "url")
    notices = {document["published_on"]: {name: document[name] for name in named} for document in version.notices}
    closures: dict[str, Body] = {}
    for row in await closures_of(session, version):
        if row.court in (None, court):
            shown = {"id": row.id, "decided_by": row.decided_by, "source": row.source}
            closures = dict.fromkeys(row.days_off, shown) | closures
    return Cited(notices, closures)
