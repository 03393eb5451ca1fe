"""Who had not been told of a date when it moved hears the new one only (issue line C21)."""

from temporalio.testing import ActivityEnvironment

from activities.messaging import Messaging
from activities.planning import Planning
from liaison.contract.names import plan_cause
from liaison.contract.plans import PlanLadder
from liaison.db.messages import PARTY
from liaison.db.tables import Message, Plan
from liaison.policy.message_words import MessageState
from liaison.policy.words import Language
from tests.city import City, shanghai
from tests.rules import approve, forget_notices_after, notices_until, put_policy, write_version
from tests.workflows.conftest import OpenCity

BEFORE, AFTER = "2019-11-21", "2020-01-27"
JUDGE, LANDLINE = "0104-j01", "020-83210001"
TOLD_DATES = ("work_order", "received", "date_moved")


async def _approve(city: City, version: int, notices: str) -> None:
    """The re-plan has come to its end, and the relay has handed on what it reserved."""
    await approve(city, version, notices_until(notices))
    await city.advance(minutes=5)
    await city.relay()


async def _of(city: City, reference: str, recipient: str) -> list[tuple[str, str, MessageState]]:
    """Template, cause and state of what one recipient was to be told, in the order it was reserved."""
    return [(m.template, m.cause, m.state) for m in await city.messages(reference) if m.recipient == recipient]


def _sent(city: City, reference: str) -> list[tuple[str, str]]:
    """Template and text of what has gone out about a request's dates."""
    sent = [line for line in city.sent() if reference in line["text"] and line["template"] in TOLD_DATES]
    return [(line["template"], line["text"]) for line in sent]


async def test_a_work_order_that_waits_out_the_festival_tells_the_judge_the_date_that_lasts(city_at: OpenCity) -> None:
    """It was to wait until 31 January and to tell of 1 February; the notice of 27 January makes both days off."""
    async with city_at("2020-01-24 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await city.submit()
        await city.advance_to("2020-01-27 10:00")
        [order] = [message for message in await city.messages(reference) if message.recipient == JUDGE]
        assert (order.state, order.send_after) == (MessageState.RESERVED, shanghai("2020-01-31 08:30"))
        await _approve(city, number + 1, AFTER)
        superseded = ("work_order", "order-1", MessageState.SUPERSEDED)
        assert await _of(city, reference, JUDGE) == [superseded, ("work_order", plan_cause(2), MessageState.RESERVED)]
        [*_, anew] = [message for message in await city.messages(reference) if message.recipient == JUDGE]
        assert (anew.send_after, anew.handed_on) == (shanghai("2020-02-03 08:30"), True)
        await city.advance_to("2020-02-03 09:00")
        (_, received), (_, news), (template, order_text) = _sent(city, reference)
        assert ("2020-02-01结束前" in received, "由2020-02-01改为2020-02-04" in news) == (True, True)
        assert (template, "2020-02-04结束前" in order_text) == ("work_order", True)


async def test_a_party_that_waits_for_the_morning_hears_once_by_whatever_way_it_hears(city_at: OpenCity) -> None:
    """Longer, shorter and longer again within a night; by short message in two languages, and by a clerk's call."""
    async with city_at("2020-01-22 22:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        mobile, english = await city.submit(), await city.submit(language=Language.EN)
        landline = await city.submit(phone=LANDLINE)
        await city.advance(minutes=1)
        for version, notices in ((number + 1, AFTER), (number + 2, BEFORE), (number + 3, AFTER)):
            await _approve(city, version, notices)
        superseded = [("received", cause, MessageState.SUPERSEDED) for cause in ("order-1", "plan-2", "plan-3")]
        assert await _of(city, mobile, PARTY) == [*superseded, ("received", "plan-4", MessageState.RESERVED)]
        assert await _of(city, landline, PARTY) == [*superseded, ("received", "plan-4", MessageState.TO_CALL)]
        [[told]] = [item["news"] for item in await city.calls() if item["reference"] == landline]
        assert (told["template"], "2020-02-03结束前答复您" in told["text"]) == ("received", True)

        await city.advance_to("2020-01-23 09:00")
        for reference, words in ((mobile, "2020-02-03结束前"), (english, "by the end of 2020-02-03")):
            (received, text), (order, for_judge) = _sent(city, reference)
            assert (received, order) == ("received", "work_order")
            assert (words in text, "2020-02-03结束前" in for_judge) == (True, True)


async def test_a_message_is_reserved_anew_once_however_often_the_plan_is_asked_for(city_at: OpenCity) -> None:
    async with city_at("2020-01-24 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await city.submit()
        await city.advance(minutes=1)
        await write_version(city, number + 1, notices_until(AFTER))
        planning = Planning(city.tools, Messaging(city.tools))
        for _ in range(2):
            # An attempt whose answer was lost is made again.
            await ActivityEnvironment().run(planning.plan_ladder, PlanLadder(reference, 9, 1, number + 1))
        assert len(await city.rows(Plan, reference)) == 2
        assert [state for _, _, state in await _of(city, reference, JUDGE)] == [
            MessageState.SUPERSEDED, MessageState.RESERVED,
        ]  # fmt: skip


async def test_a_limit_that_has_passed_stays_in_a_work_order_that_came_back(city_at: OpenCity) -> None:
    """What was warned of was right when it was; of the next date, which moves, there is news."""
    async with city_at("2020-01-21 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await city.submit()
        await city.advance_to("2020-01-27 10:00")
        assert [rung.rung for rung in await city.rungs(reference)] == [0]
        [order] = [message for message in await city.messages(reference) if message.template == "work_order"]
        async with city.tools.db.write() as session:
            # As a gateway leaves it that could not deliver it.
            (await session.get_one(Message, order.id)).state = MessageState.RESERVED
        await _approve(city, number + 1, AFTER)
        assert [told for told in await _of(city, reference, JUDGE) if told[0] in TOLD_DATES] == [
            ("work_order", "order-1", MessageState.RESERVED), ("date_moved", plan_cause(2), MessageState.RESERVED),
        ]  # fmt: skip


async def test_news_that_may_go_at_once_goes(city_at: OpenCity) -> None:
    """By a policy that spreads no work the news is due as soon as it is reserved."""
    async with city_at("2020-01-22 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        await put_policy(city, spread_minutes=0)
        reference = await city.submit()
        await city.advance_to("2020-01-27 10:00")
        await _approve(city, number + 1, AFTER)
        await city.advance(minutes=1)
        assert [template for template, _ in _sent(city, reference)] == ["work_order", "received", "date_moved"]
