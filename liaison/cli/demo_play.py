"""The demo's play: a request is submitted, days pass, perhaps its holder replies; each day is told as it ends."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from calendars.core import SHANGHAI, BusinessCalendar, shanghai_date
from liaison.cli.demo_city import DemoCity
from liaison.cli.demo_record import Record, Sent, read_record
from liaison.policy.roster import Roster
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, Category, Channel, CourtLevel, Language, PartyRole, ReplyKind
from liaison.services.access import scope_of
from liaison.services.actions import ActionInput, take_action
from liaison.services.intake import Intake, accept_request
from liaison.services.platform import Body
from liaison.services.relay import relay_once
from liaison.supervisor import HostFault

COURTS: Final = {CourtLevel.PRIMARY: "0104", CourtLevel.INTERMEDIATE: "01"}
"""Where the request is made: Yuexiu District's court, or the Intermediate Court itself."""

QUESTION: Final = "我多次拨打承办法官电话均无人接听，请问我的案件何时开庭？"
REPLY: Final = "您好，您的案件定于下周三上午九时在第五法庭开庭，传票已寄出，有疑问请致电书记员。"
REPLY_AT: Final = time(11)
DAY_ENDS: Final = time(23, 59)
"""Short of midnight, when rungs fall due, so that a day's story holds that day alone."""

LONGEST: Final = timedelta(days=60)
A_MOMENT: Final = timedelta(seconds=1)
TRIES: Final = 6
RELAY_WAITS: Final = timedelta(seconds=5)

Happening = Body | Sent
"""A line of the book's record as the API shows it, or a message from the outbox's log."""


@dataclass(frozen=True)
class Script:
    """What is to be played; ``reply_on_day`` counts business days after receipt."""

    received_at: datetime
    court_level: CourtLevel
    reply_on_day: int | None

    @property
    def court(self) -> str:
        """The code of the court."""
        return COURTS[self.court_level]


@dataclass(frozen=True)
class Day:
    """A day that has passed. ``business_day`` counts from receipt, None where none is counted; happenings by time."""

    date: date
    business_day: int | None
    is_worked: bool
    is_receipt: bool
    is_provisional: bool
    happenings: tuple[Happening, ...]


class Play:
    """One request's life; ``record`` is the latest look at it. Made by ``begin``."""

    def __init__(
        self, city: DemoCity, script: Script, clerk: Scope, reference: str, calendar: BusinessCalendar, roster: Roster
    ) -> None:
        self.roster = roster
        self.record: Record
        self._city = city
        self._script = script
        self._clerk = clerk
        self._reference = reference
        self._calendar = calendar
        self._day0 = shanghai_date(script.received_at)

    @classmethod
    async def begin(cls, city: DemoCity, script: Script) -> "Play":
        """Submit the request and see it dispatched."""
        platform, keys = city.platform, city.credentials
        channel = await scope_of(platform, keys.channel_key)
        answer = await accept_request(platform, channel, _intake(script), "demo-request", "demo-request")
        async with platform.db.read() as session:
            calendar, _ = await platform.rulebook.current(session)
            roster = await platform.rulebook.roster(session)
        clerk = await scope_of(platform, keys.clerk_key)
        play = cls(city, script, clerk, answer.body["reference"], calendar, roster)
        await play._look()
        return play

    async def days(self) -> AsyncGenerator[Day, None]:
        """Play until nothing more can happen, and to the end of the ladder even where a reply stopped it.

        Raises:
            HostFault: The play does not come to its end.
        """
        today, last = self._day0, self._last_day()
        while today <= last or not self.record.is_over:
            if today > self._day0 + LONGEST:
                raise HostFault("The demo did not come to its end; please report this.")
            if today == self._reply_date():
                await self._advance_to(today, REPLY_AT)
                await self._reply()
            await self._advance_to(today, DAY_ENDS)
            await self._look()
            yield self._day(today)
            today += timedelta(days=1)

    def _business_day(self, day: date) -> int | None:
        """The number of a day after the day of receipt; None where nobody works, and for the day of receipt itself."""
        worked = day > self._day0 and self._calendar.is_business_day(day)
        return self._calendar.count(self._day0, day) if worked else None

    def _day(self, day: date) -> Day:
        happenings: list[Happening] = [*self.record.events, *self.record.sent]
        return Day(
            date=day,
            business_day=self._business_day(day),
            is_worked=self._calendar.is_business_day(day),
            is_receipt=day == self._day0,
            is_provisional=self._calendar.is_provisional(day),
            happenings=tuple(sorted((h for h in happenings if moment(h).date() == day), key=moment)),
        )

    def _last_day(self) -> date:
        ladder_ends = shanghai_date(datetime.fromisoformat(self.record.request["deadlines"][-1]["due_at"]))
        return max(ladder_ends, self._reply_date() or ladder_ends)

    def _reply_date(self) -> date | None:
        number = self._script.reply_on_day
        return None if number is None else self._calendar.nth_business_day(self._day0, number)

    async def _reply(self) -> None:
        """The holder, whoever he is by now, replies with his own key."""
        platform, keys = self._city.platform, self._city.credentials
        holder = await scope_of(platform, keys.judge_keys[self.record.request["holder"]["id"]])
        reply = ActionInput(ActionKind.REPLY, text={"kind": ReplyKind.TEXT.value, "text": REPLY})
        await take_action(platform, holder, self._reference, reply, "demo-reply", "demo-reply")
        await self._look()

    async def _advance_to(self, day: date, hour: time) -> None:
        world = self._city.world
        await world.advance_to(max(datetime.combine(day, hour, SHANGHAI), world.now() + A_MOMENT))

    async def _look(self) -> None:
        """Look again, when all is at rest; what a busy machine left undone the relay does, as in every worker."""
        for _ in range(TRIES):
            await self._city.world.advance(A_MOMENT)
            self.record = await read_record(self._city, self._clerk, self._reference)
            if not self.record.waits:
                return
            await self._city.world.advance(RELAY_WAITS)
            await relay_once(self._city.platform)
        raise HostFault("This machine is too busy for the demo; try again.")


def moment(happening: Happening) -> datetime:
    """When it happened, on Shanghai's clock."""
    at = happening.at if isinstance(happening, Sent) else happening["at"]
    return datetime.fromisoformat(at).astimezone(SHANGHAI)


def _intake(script: Script) -> Intake:
    return Intake(
        channel=Channel.HOTLINE,
        court=script.court,
        category=Category.JUDGE_CONTACT,
        content=QUESTION,
        party_name="演示当事人",
        phone="13912345678",
        party_role=PartyRole.PARTY,
        language=Language.ZH_CN,
        judge=f"{script.court}-j01",
        received_at=script.received_at,
    )
