"""Closures of halls: clocks run on, unless the Case Filing Chamber decides which dates are days off (C30)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from calendars.closure import ClosureError
from calendars.core import shanghai_date
from liaison.db.closures import earlier_than, find_closure, insert_closure, list_closures
from liaison.db.rulebook import NotSeeded, approved_calendar, calendar_of
from liaison.db.tables import CalendarVersion, Closure
from liaison.db.versions import add_calendar_version, lock_rules, newest_calendar
from liaison.services.deciding import decides_for_the_city
from liaison.services.errors import Fault, Refused, Slug
from liaison.services.once import Call, carry_out
from liaison.services.paging import DEFAULT_LIMIT, key_of, page
from liaison.services.platform import Answer, Body, Platform
from liaison.services.replanning import start_replan
from liaison.services.show import shown

ENTERS = "enter_closure"
AMENDS = "amend_closure"


@dataclass(frozen=True)
class ClosureInput:
    """A closure as entered.

    Attributes:
        from_at: When the hall closes, aware.
        to_at: When it opens again, aware.
        days_off: The dates that count as days off; a person decides, never a computer. None while the clocks run.
        decided_by: Who decided.
        source: Where the decision stands.
    """

    from_at: datetime
    to_at: datetime
    days_off: tuple[date, ...]
    decided_by: str
    source: str


async def enter_closure(platform: Platform, court: str | None, given: ClosureInput, call: Call) -> Answer:
    """Enter a closure of one court, or of the whole city.

    Returns:
        201 with the closure; ``made_version`` is the calendar version it made where it counts.

    Raises:
        Refused: ``FORBIDDEN``, ``INVALID`` with every fault, ``KEY_REUSED``.
    """

    async def effect(session: AsyncSession) -> Answer:
        await _refuse_unless_chamber(platform, session, call, given.days_off)
        await lock_rules(session)
        await _check(platform, session, court, given)
        closure = _row(court, given, call, platform.clock())
        return await _keep(session, closure, None, platform.clock())

    return await _and_replan(platform, await carry_out(platform, call, ENTERS, effect))


async def amend_closure(platform: Platform, closure_id: str, given: ClosureInput, call: Call) -> Answer:
    """Put another closure of the same court in a closure's place: longer, ended early, or with other days off.

    Raises:
        Refused: ``NOT_FOUND``, ``FORBIDDEN``, ``CONFLICT`` where it was replaced already, ``INVALID``, ``KEY_REUSED``.
    """

    async def effect(session: AsyncSession) -> Answer:
        await lock_rules(session)
        old, replaced_by = await _existing(session, closure_id)
        await _refuse_unless_chamber(platform, session, call, (*old.days_off, *given.days_off))
        if replaced_by is not None:
            zh, en = f"该记录已被 {replaced_by} 取代。", f"It was replaced already, by {replaced_by}."
            raise Refused(Slug.CONFLICT, zh, en)
        await _check(platform, session, old.court, given)
        closure = _row(old.court, given, call, platform.clock(), replaces=old.id)
        return await _keep(session, closure, old, platform.clock())

    return await _and_replan(platform, await carry_out(platform, call, AMENDS, effect))


async def closures_view(platform: Platform, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Body:
    """Closures, oldest first, replaced ones included."""
    async with platform.db.read() as session:
        rows = await list_closures(session, key_of(cursor), limit + 1)
    return page(rows, limit, lambda row: row[0].id, lambda row: show_closure(*row))


async def closure_view(platform: Platform, closure_id: str) -> Body:
    """One closure.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        return show_closure(*await _existing(session, closure_id))


def show_closure(closure: Closure, replaced_by: str | None) -> Body:
    """A closure as people see it."""
    return {
        "id": closure.id,
        "court": closure.court,
        "from": shown(closure.from_at),
        "to": shown(closure.to_at),
        "days_off": closure.days_off,
        "decided_by": closure.decided_by,
        "source": closure.source,
        "entered_by": closure.entered_by,
        "entered_at": shown(closure.entered_at),
        "replaces": closure.replaces,
        "replaced_by": replaced_by,
        "made_version": closure.made_version,
    }


async def _refuse_unless_chamber(
    platform: Platform, session: AsyncSession, call: Call, days_off: tuple[date | str, ...]
) -> None:
    if days_off and not await decides_for_the_city(platform, session, call.scope):
        zh = "仅市中级人民法院立案庭可决定哪些日期不计为工作日。"
        en = "Only the Case Filing Chamber of the Intermediate Court decides which dates count as days off."
        raise Refused(Slug.FORBIDDEN, zh, en)


async def _existing(session: AsyncSession, closure_id: str) -> tuple[Closure, str | None]:
    found = await find_closure(session, closure_id)
    if found is None:
        raise Refused(Slug.NOT_FOUND, "没有此停止对外服务记录。", "There is no such closure.")
    return found


async def _check(platform: Platform, session: AsyncSession, court: str | None, given: ClosureInput) -> None:
    faults = []
    if court is not None and (await platform.rulebook.roster(session)).court(court) is None:
        faults.append(Fault("/court", "没有此法院代码。", "There is no court with this code."))
    if given.to_at <= given.from_at:
        faults.append(Fault("/to", "结束时间须晚于开始时间。", "The closure ends before it starts."))
    else:
        first = shanghai_date(given.from_at)
        # The end is exclusive: a hall that opens again at midnight is not closed on that day.
        last = shanghai_date(given.to_at - timedelta(microseconds=1))
        faults += [_outside(place, day) for place, day in enumerate(given.days_off) if not first <= day <= last]
    if len(set(given.days_off)) < len(given.days_off):
        faults.append(Fault("/days_off", "同一日期出现两次。", "A date stands there twice."))
    if faults:
        raise Refused(Slug.INVALID, faults=tuple(faults))


def _outside(place: int, day: date) -> Fault:
    zh, en = f"{day} 不在停止对外服务期间内。", f"{day} is not touched by the closure."
    return Fault(f"/days_off/{place}", zh, en)


def _row(court: str | None, given: ClosureInput, call: Call, now: datetime, replaces: str | None = None) -> Closure:
    return Closure(
        id=str(ULID.from_datetime(now)),
        replaces=replaces,
        court=court,
        from_at=given.from_at,
        to_at=given.to_at,
        days_off=[day.isoformat() for day in sorted(given.days_off)],
        decided_by=given.decided_by,
        source=given.source,
        entered_by=call.person,
        entered_at=now,
    )


async def _keep(session: AsyncSession, closure: Closure, old: Closure | None, now: datetime) -> Answer:
    """Store the closure and, where other days count than before, a calendar version that says so."""
    if closure.days_off != (old.days_off if old else []):
        replaced = set() if old is None else {old.id, *await earlier_than(session, old)}
        newest = await newest_calendar(session)
        if newest is None:
            raise NotSeeded("no calendar version is stored")
        # What is built on a damaged version would have a checksum of its own, and hide the damage.
        approved_calendar(newest)
        version = next_version(newest, closure, replaced, now)
        closure.made_version = version.number
        await add_calendar_version(session, version)
    await insert_closure(session, closure)
    return Answer(201, show_closure(closure, None), f"/v1/calendar/closures/{closure.id}")


def next_version(newest: CalendarVersion, closure: Closure, replaced: set[str], now: datetime) -> CalendarVersion:
    """The version in which a closure counts.

    Args:
        newest: The version before it.
        closure: What was entered.
        replaced: Ids of the closures in whose place it stands.
        now: When it is made.

    Raises:
        Refused: ``INVALID``, a day off lies outside the calendar.
    """
    kept = [each for each in newest.closures if each["id"] not in replaced]
    counting = [{"id": closure.id, "court": closure.court, "days": closure.days_off}] if closure.days_off else []
    version = CalendarVersion(
        number=newest.number + 1,
        notices=newest.notices,
        closures=[*kept, *counting],
        final_until=newest.final_until,
        checksum="",
        made_at=now,
        reason=f"closure {closure.id}: {closure.source}"[:400],
        proposed_by=closure.entered_by,
        approved_by=closure.entered_by,
    )
    try:
        version.checksum = calendar_of(version).checksum
    except ClosureError as fault:
        raise Refused(Slug.INVALID, faults=(Fault("/days_off", "日期不在日历范围内。", f"{fault}."),)) from None
    return version


async def _and_replan(platform: Platform, answer: Answer) -> Answer:
    if answer.body["made_version"] is not None:
        await start_replan(platform, calendar=answer.body["made_version"], policy=None)
    return answer
