"""A new plan meets rungs and replies on their way (issue line C21)."""

from datetime import datetime, timedelta

from temporalio.testing import ActivityEnvironment

from activities.messaging import Messaging
from activities.planning import Planning
from liaison.contract.names import SignalName
from liaison.contract.plans import PlanLadder, Planned
from liaison.db.tables import Action, Plan
from liaison.policy.words import ActionState, EventKind
from tests.city import City, shanghai
from tests.rules import approve, forget_notices_after, notices_until, write_version
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

BEFORE, AFTER = "2019-11-21", "2020-01-27"
OLD_DUE = shanghai("2020-02-01 00:00")


async def _plan_in_the_book(city: City, reference: str, version: int, seq: int = 1) -> Planned:
    """The new plan is in the book and its workflow has not heard of it: the moment a race is about."""
    planning = Planning(city.tools, Messaging(city.tools))
    return await ActivityEnvironment().run(planning.plan_ladder, PlanLadder(reference, 9, seq, version))


async def _submit_until_spread(city: City, least: timedelta) -> list[str]:
    """Requests, of which the last is looked at so long after its limit as the hash of its reference will have it."""
    references: list[str] = []
    while True:
        references.append(await city.submit())
        [plan] = await city.rows(Plan, references[-1])
        if datetime.fromisoformat(plan.rungs[0]["act_at"]) - OLD_DUE > least:
            return references


@WITH_AND_WITHOUT_CACHE
async def test_a_rung_or_a_late_reply_that_a_newer_plan_overtook(city_at: OpenCity, cached: int) -> None:
    async with city_at("2020-01-22 10:00", cached=cached, replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        silent = await city.submit()
        *others, replied = await _submit_until_spread(city, timedelta(minutes=1))
        await city.advance_to("2020-01-31 23:50")
        await write_version(city, number + 1, notices_until(AFTER))
        for reference in (silent, *others, replied):
            # One that is left on its old plan looks every five minutes whether it has a newer one.
            await _plan_in_the_book(city, reference, number + 1)
        # By its own dates the workflow finds this reply late, and the warning due; the book knows better.
        await city.advance_to("2020-02-01 00:00:20")
        await city.reply(replied)
        await city.handle(replied).result()
        [reply] = await city.rows(Action, replied)
        assert (reply.state, await city.rungs(replied)) == (ActionState.ACCEPTED, [])
        await city.advance_to("2020-02-01 00:20")
        assert await city.rungs(silent) == []
        assert "| warning 预警 | 2020-02-03 |" in await city.details(silent)
        await city.advance_to("2020-02-04 00:20")
        [warning] = await city.rungs(silent)
        assert warning.due_at == shanghai("2020-02-04 00:00")
        for reference in (silent, replied):
            await city.replay(reference)


async def test_what_has_fired_stays_and_nothing_escalates_for_the_past(city_at: OpenCity) -> None:
    """The festival is made longer, and on its last day shorter again: the days that were off are counted after all."""
    async with city_at("2020-01-20 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        warned = await city.submit()
        await city.advance_to("2020-01-22 10:00")
        waiting = await city.submit()
        await city.advance_to("2020-01-27 07:53")
        await approve(city, number + 1, notices_until(AFTER))
        await city.advance(minutes=2)
        fired = await city.rungs(warned)
        assert [(rung.rung, rung.due_at) for rung in fired] == [
            (0, shanghai("2020-01-23 00:00")), (1, shanghai("2020-01-24 00:00")),
        ]  # fmt: skip
        [event] = [event for event in await city.events(warned) if event.kind is EventKind.REPLANNED]
        assert [rung.get("right_under_version") for rung in event.detail["rungs"]] == [number, number, None, None, None]

        await city.advance_to("2020-02-02 10:00")
        await approve(city, number + 2, notices_until(BEFORE))
        await city.advance(minutes=2)
        assert await city.rungs(waiting) == [], "both days of its first rungs are past by the newest calendar"
        newest = (await city.rows(Plan, waiting))[-1]
        assert [row["due_on"] for row in newest.rungs][:3] == ["2020-02-03", "2020-02-03", "2020-02-04"]
        [_, event] = [event for event in await city.events(waiting) if event.kind is EventKind.REPLANNED]
        assert [rung.get("not_before_today") for rung in event.detail["rungs"]][:3] == [True, True, None]
        assert [(rung.rung, rung.due_at) for rung in await city.rungs(warned)] == [
            (rung.rung, rung.due_at) for rung in fired
        ]
        await city.advance_to("2020-02-04 00:20")
        assert [(rung.rung, rung.due_at) for rung in await city.rungs(waiting)] == [
            (0, shanghai("2020-02-04 00:00")), (1, shanghai("2020-02-04 00:00")),
        ]  # fmt: skip


async def test_news_comes_twice_in_any_order_and_the_highest_version_wins(city_at: OpenCity) -> None:
    async with city_at("2020-01-22 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await city.submit()
        await city.advance_to("2020-01-27 10:00")
        for version, notices in ((number + 1, BEFORE), (number + 2, AFTER)):
            await write_version(city, version, notices_until(notices))
        for version in (number + 2, number + 1, number, number + 2):
            await city.handle(reference).signal(SignalName.CALENDAR_CHANGED, {"version": version})
        await city.advance(minutes=1)
        events = [event for event in await city.events(reference) if event.kind is EventKind.REPLANNED]
        assert [event.detail["calendar_version"]["after"] for event in events] == [number + 2]
        # An attempt whose answer was lost is made again, and an old run comes late: neither writes a second plan.
        again = await _plan_in_the_book(city, reference, number + 2, events[0].seq)
        assert (again.calendar_version, len(await city.rows(Plan, reference))) == (number + 2, 2)
        await city.handle(reference).signal(SignalName.CALENDAR_CHANGED, {"version": number + 9})
        await city.advance(minutes=1)
        assert "no such version is approved" in await city.details(reference)
        # Closed, it hears nothing more.
        assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED
        await city.handle(reference).result()
        await write_version(city, number + 3, notices_until(BEFORE))
        before = await city.kinds(reference)
        assert (await _plan_in_the_book(city, reference, number + 3, 2)).says == ""
        assert (await city.kinds(reference), len(await city.rows(Plan, reference))) == (before, 2)
