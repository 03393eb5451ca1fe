"""Newer rules for a city: books that begin with older calendars, and versions approved as if somebody had."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlmodel import col, delete, select

from calendars.notice import Notice, notice_document
from calendars.packaged import packaged_notices
from liaison.contract.names import replan_id
from liaison.db.rulebook import calendar_of
from liaison.db.tables import CalendarVersion, PolicyVersion, Replan
from liaison.services.replanning import start_replan
from tests.city import City


def notices_until(day: str) -> list[Notice]:
    """The packaged notices published up to a day, oldest first."""
    known = sorted(packaged_notices(), key=lambda notice: notice.published_on)
    return [notice for notice in known if notice.published_on <= date.fromisoformat(day)]


async def forget_notices_after(city: City, day: str) -> int:
    """Make the book one of that day: it knows no later notice. The number of its newest calendar version."""
    newest = len(notices_until(day))
    async with city.tools.db.write() as session:
        await session.exec(delete(CalendarVersion).where(col(CalendarVersion.number) > newest))
    return newest


async def put_policy(city: City, **changes: Any) -> int:
    """Put another policy in force: that of today with these changes. Its version."""
    async with city.tools.db.write() as session:
        newest = (await session.exec(select(PolicyVersion).order_by(col(PolicyVersion.number).desc()))).first()
        assert newest is not None
        number = newest.number + 1
        document = newest.policy | changes | {"version": number}
        session.add(PolicyVersion(number=number, policy=document, made_at=city.tools.clock()))
    return number


async def write_version(
    city: City, number: int, notices: Sequence[Notice], closures: Sequence[dict[str, Any]] = (), reason: str = ""
) -> None:
    """An approved calendar version and the row of its re-plan, in one transaction."""
    now = city.tools.clock()
    version = CalendarVersion(
        number=number,
        notices=[notice_document(notice) for notice in notices],
        closures=list(closures),
        final_until="",
        checksum="",
        made_at=now,
        reason=reason or None,
    )
    calendar = calendar_of(version)
    version.final_until, version.checksum = calendar.final_until.isoformat(), calendar.checksum
    async with city.tools.db.write() as session:
        session.add(version)
        session.add(Replan(id=replan_id(number, None), calendar_version=number, started_at=now))


async def approve(city: City, number: int, notices: Sequence[Notice]) -> str:
    """Approve a version and start its re-plan; the workflow's id."""
    await write_version(city, number, notices)
    return await start_replan(city.platform, calendar=number, policy=None)


async def replan_of(city: City, number: int) -> Replan:
    """How far the re-plan to a calendar version is."""
    async with city.tools.db.read() as session:
        return await session.get_one(Replan, replan_id(number, None))
