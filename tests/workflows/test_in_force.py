"""Silence is judged by the rules in force when it ends, also where they have not reached the request yet (C20, C21).

Every version here is approved and its re-plan not started, as when workers or Temporal are away meanwhile.
"""

from liaison.db.tables import Action, AnswerDelivery, Plan
from liaison.policy.words import ActionState, EventKind
from liaison.services.replanning import start_replan
from tests.city import City, shanghai
from tests.rules import notices_until, write_version
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity
from tests.workflows.gateways import Moody, refuse

FRIDAY = "2026-09-18 10:00"
"""The warning is due when 21 September ends, rung 4 when 30 September does."""

ALWAYS = "2026-12-31"


async def _close_hall(city: City, day: str, court: str = "0104") -> int:
    """A closure that counts as a day off; the number of the version it makes."""
    number = (await _newest(city)) + 1
    closures = [{"id": "c", "court": court, "days": [day]}]
    await write_version(city, number, notices_until(ALWAYS), closures, reason=f"{court} closed on {day}")
    return number


async def _newest(city: City) -> int:
    async with city.tools.db.read() as session:
        calendar, _ = await city.tools.rulebook.current(session)
    return calendar.number


@WITH_AND_WITHOUT_CACHE
async def test_a_rung_waits_for_newer_dates_that_were_in_force_when_it_was_due(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached, replan_per_second=1_000) as city:
        reference, late = await city.submit(), await city.submit(judge="0104-j02")
        await city.advance_to("2026-09-21 23:30")
        version = await _close_hall(city, "2026-09-21")
        await city.advance_to("2026-09-22 00:12")
        assert await city.rungs(reference) == []
        assert "held back: a timely reply, or newer dates, on the way" in await city.details(reference)
        # By the dates that were in force this reply is in time.
        await city.reply(late, "0104-j02")
        await city.handle(late).result()
        [reply] = await city.rows(Action, late)
        assert (reply.state, await city.rungs(late)) == (ActionState.ACCEPTED, [])
        await start_replan(city.platform, calendar=version, policy=None)
        await city.advance_to("2026-09-23 00:12")
        [warning] = await city.rungs(reference)
        assert (warning.rung, warning.due_at) == (0, shanghai("2026-09-23 00:00"))
        assert EventKind.RUNG_HELD_BACK not in await city.kinds(reference)
        await city.replay(reference)


async def test_what_was_approved_after_the_instant_changes_nothing_of_it(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-22 00:00")
        await _close_hall(city, "2026-09-21")
        await city.advance_to("2026-09-22 00:12")
        [warning] = await city.rungs(reference)
        assert warning.due_at == shanghai("2026-09-22 00:00")


async def test_an_answer_that_is_not_made_is_held_to_the_newest_dates(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, gateways=(Moody(refuse),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.advance_to("2026-09-29 10:00")
        await _close_hall(city, "2026-09-29")
        await city.advance_to("2026-10-01 00:12")
        assert await city.rungs(reference) == []
        [delivery] = await city.rows(AnswerDelivery, reference)
        assert delivery.due_at == shanghai("2026-10-09 00:00")
        [event] = [event for event in await city.events(reference) if event.kind is EventKind.REPLANNED]
        assert event.detail["because"] == ["0104 closed on 2026-09-29"]
        await city.advance_to("2026-10-09 00:12")
        [record] = await city.rungs(reference)
        assert (record.rung, record.due_at) == (4, shanghai("2026-10-09 00:00"))


async def test_only_what_changed_a_day_of_the_request_is_its_reason(city_at: OpenCity) -> None:
    async with city_at(FRIDAY, replan_per_second=1_000) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await _close_hall(city, "2026-09-22", court="0105")
        number = await _newest(city) + 1
        closures = [{"id": court, "court": court, "days": ["2026-09-22"]} for court in ("0105", "0104")]
        await write_version(city, number, notices_until(ALWAYS), closures, reason="0104 closed")
        await start_replan(city.platform, calendar=number, policy=None)
        await city.advance(minutes=2)
        [event] = [event for event in await city.events(reference) if event.kind is EventKind.REPLANNED]
        assert event.detail["because"] == ["0104 closed"]
        assert (await city.rows(Plan, reference))[-1].reason == f"calendar version {number}: 0104 closed"
