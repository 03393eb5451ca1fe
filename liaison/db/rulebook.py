"""Calendar versions, policy versions and the roster as values, read from the book and kept until newer ones appear."""

from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.closure import Closure
from calendars.core import BusinessCalendar, build_calendar
from calendars.notice import parse_notice
from liaison.db.directory import read_roster
from liaison.db.errors import CalendarDamaged, DatabaseError
from liaison.db.tables import CalendarVersion, DirectoryLoad, PolicyVersion
from liaison.policy.policy import Policy, stored_policy
from liaison.policy.roster import Roster


class NotSeeded(DatabaseError):
    """The book holds no calendar, policy or directory yet: ``liaison up`` or ``liaison setup`` seeds them."""


class Rulebook:
    """One process's view of the rules. Versions are immutable, so each is built once."""

    def __init__(self) -> None:
        self._calendars: dict[int, BusinessCalendar] = {}
        self._policies: dict[int, Policy] = {}
        self._reasons: dict[int, str] = {}
        self._roster: tuple[int, Roster] | None = None

    async def current(self, session: AsyncSession) -> tuple[BusinessCalendar, Policy]:
        """The newest calendar and policy.

        Raises:
            NotSeeded: There is none.
        """
        newest = await _newest(session)
        if newest.calendar is None or newest.policy is None:
            raise NotSeeded("no calendar or policy version is stored")
        return await self.calendar(session, newest.calendar), await self.policy(session, newest.policy)

    async def calendar(self, session: AsyncSession, number: int) -> BusinessCalendar:
        """Calendar version ``number``, for a deadline that was counted with it.

        Raises:
            CalendarDamaged: It is not what was approved; nothing is counted with it until the book is mended.
        """
        if number not in self._calendars:
            row = await session.get_one(CalendarVersion, number)
            self._calendars[number] = approved_calendar(row)
        return self._calendars[number]

    async def reason(self, session: AsyncSession, number: int) -> str:
        """Why there is calendar version ``number``: as its approver said, else its latest notice."""
        if number not in self._reasons:
            self._reasons[number] = _reason(await session.get_one(CalendarVersion, number))
        return self._reasons[number]

    async def damaged_calendars(self, session: AsyncSession) -> list[int]:
        """Numbers of the calendar versions that are not what was approved, in order."""
        numbers = await session.exec(select(CalendarVersion.number).order_by(col(CalendarVersion.number)))
        damaged = []
        for number in numbers.all():
            try:
                await self.calendar(session, number)
            except CalendarDamaged:
                damaged.append(number)
        return damaged

    async def policy(self, session: AsyncSession, number: int) -> Policy:
        """Policy version ``number``; a request keeps the one it started with."""
        if number not in self._policies:
            row = await session.get_one(PolicyVersion, number)
            self._policies[number] = stored_policy(row.policy)
        return self._policies[number]

    async def roster(self, session: AsyncSession) -> Roster:
        """Who is who, as last loaded.

        Raises:
            NotSeeded: No directory was ever loaded.
        """
        loaded = (await _newest(session)).directory
        if loaded is None:
            raise NotSeeded("no directory is loaded")
        if self._roster is None or self._roster[0] != loaded:
            self._roster = (loaded, await read_roster(session))
        return self._roster[1]


def calendar_of(row: CalendarVersion) -> BusinessCalendar:
    """The calendar of a stored version: its notices, less the days off by closures."""
    closures = (Closure(each["court"], tuple(map(date.fromisoformat, each["days"]))) for each in row.closures)
    return build_calendar(map(parse_notice, row.notices), row.number, tuple(closures))


def approved_calendar(row: CalendarVersion) -> BusinessCalendar:
    """The calendar of a stored version, if it is what was approved.

    Raises:
        CalendarDamaged: It is not.
    """
    try:
        calendar = calendar_of(row)
    except ValueError as fault:
        raise CalendarDamaged(f"calendar version {row.number} in the database cannot be read: {fault}") from fault
    if calendar.checksum != row.checksum:
        raise CalendarDamaged(f"calendar version {row.number} in the database does not match its checksum")
    return calendar


def _reason(version: CalendarVersion) -> str:
    if version.reason:
        return version.reason
    newest = max(version.notices, key=lambda notice: str(notice["published_on"]))
    return f"{newest['title']} {newest['doc_no']}"


class _Newest(NamedTuple):
    """Numbers of the newest versions; None where there is none."""

    calendar: int | None
    policy: int | None
    directory: int | None


async def _newest(session: AsyncSession) -> _Newest:
    """The newest versions as this session saw them first: what hangs together is decided by one set of rules."""
    if _NEWEST not in session.info:
        session.info[_NEWEST] = _Newest(*(await session.exec(_NUMBERS)).one())
    newest: _Newest = session.info[_NEWEST]
    return newest


_NEWEST: Final = "newest versions"
_NUMBERS: Final = select(
    *(
        select(func.max(column)).scalar_subquery()
        for column in (CalendarVersion.number, PolicyVersion.number, DirectoryLoad.number)
    )
)
