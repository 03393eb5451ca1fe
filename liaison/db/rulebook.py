"""Calendar versions, policy versions and the roster as values, read from the book and kept until newer ones appear."""

from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from calendars.core import BusinessCalendar, build_calendar
from calendars.notice import parse_notice
from liaison.db.directory import read_roster
from liaison.db.errors import DatabaseError
from liaison.db.tables import CalendarVersion, DirectoryLoad, PolicyVersion
from liaison.policy.policy import Policy, parse_policy
from liaison.policy.roster import Roster


class NotSeeded(DatabaseError):
    """The book holds no calendar, policy or directory yet: ``liaison up`` or ``liaison setup`` seeds them."""


class Rulebook:
    """One process's view of the rules. Versions are immutable, so each is built once."""

    def __init__(self) -> None:
        self._calendars: dict[int, BusinessCalendar] = {}
        self._policies: dict[int, Policy] = {}
        self._roster: tuple[int, Roster] | None = None

    async def current(self, session: AsyncSession) -> tuple[BusinessCalendar, Policy]:
        """The newest calendar and policy.

        Raises:
            NotSeeded: There is none.
        """
        calendar = (await session.exec(select(func.max(CalendarVersion.number)))).one()
        policy = (await session.exec(select(func.max(PolicyVersion.number)))).one()
        if calendar is None or policy is None:
            raise NotSeeded("no calendar or policy version is stored")
        return await self.calendar(session, calendar), await self.policy(session, policy)

    async def calendar(self, session: AsyncSession, number: int) -> BusinessCalendar:
        """Calendar version ``number``, for a deadline that was counted with it."""
        if number not in self._calendars:
            row = await session.get_one(CalendarVersion, number)
            self._calendars[number] = build_calendar(map(parse_notice, row.notices), number)
        return self._calendars[number]

    async def policy(self, session: AsyncSession, number: int) -> Policy:
        """Policy version ``number``; a request keeps the one it started with."""
        if number not in self._policies:
            row = await session.get_one(PolicyVersion, number)
            self._policies[number] = parse_policy(row.policy)
        return self._policies[number]

    async def roster(self, session: AsyncSession) -> Roster:
        """Who is who, as last loaded.

        Raises:
            NotSeeded: No directory was ever loaded.
        """
        loaded = (await session.exec(select(func.max(DirectoryLoad.number)))).one()
        if loaded is None:
            raise NotSeeded("no directory is loaded")
        if self._roster is None or self._roster[0] != loaded:
            self._roster = (loaded, await read_roster(session))
        return self._roster[1]
