"""A newer calendar reaches the requests that are open, with the reason on record (issue lines C10, C20, C22)."""

import time
from datetime import timedelta
from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle

from liaison.contract import search
from liaison.contract.names import QUERY_STATE, SignalName, replan_id
from liaison.db.messages import PARTY
from liaison.db.tables import Plan, Replan
from liaison.policy.ladder import spread_of
from liaison.policy.message_words import MessageState
from liaison.policy.words import Category, EventKind
from liaison.services.access import scope_of
from liaison.services.closures import amend_closure, enter_closure
from liaison.services.replanning import start_replan
from tests.city import City, shanghai
from tests.pauses import Pauses
from tests.rules import approve, forget_notices_after, notices_until, put_policy, replan_of
from tests.services.rules import call, closure
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity
from workflows.state import RequestState

BEFORE, AFTER = "2019-11-21", "2020-01-27"
ABOUT_DATES = (EventKind.REPLANNED, EventKind.DATES_FINAL)


@WITH_AND_WITHOUT_CACHE
async def test_open_deadlines_move_with_the_reason_on_record(city_at: OpenCity, cached: int) -> None:
    async with city_at("2020-01-22 10:00", cached=cached, replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await city.submit()
        await city.advance_to("2020-01-27 07:53")
        await approve(city, number + 1, notices_until(AFTER))
        await city.advance(minutes=2)
        done = await replan_of(city, number + 1)
        assert (done.finished_at is not None, done.moved, done.untouched, done.remaining) == (True, 1, 0, 0)
        first, second = await city.rows(Plan, reference)
        assert [row["due_on"] for row in first.rungs][:2] == ["2020-01-31", "2020-02-01"]
        assert [row["due_on"] for row in second.rungs][:2] == ["2020-02-03", "2020-02-04"]
        [event] = [event for event in await city.events(reference) if event.kind is EventKind.REPLANNED]
        assert event.detail["calendar_version"] == {"before": 3, "after": 4}
        assert event.detail["because"] == ["国务院办公厅关于延长2020年春节假期的通知 国办发明电〔2020〕1号"]
        assert second.reason == f"calendar version 4: {event.detail['because'][0]}"
        assert event.detail["rungs"][0] == {
            "rung": 0, "before": "2020-01-31", "after": "2020-02-03", "business_days": 1,
        }  # fmt: skip
        details = await city.details(reference)
        assert "dates moved by calendar version 4" in details and "warning 2020-01-31 -> 2020-02-03" in details
        assert "skips 24 Jan - 2 Feb (Spring Festival, notice 2020-01-27)" in details
        shown = await _attributes(city, reference)
        assert (shown[search.CALENDAR_VERSION], shown[search.PROVISIONAL]) == (4, False)
        assert shown[search.NEXT_DEADLINE] == shanghai("2020-02-04 00:00")
        assert (await city.request(reference)).next_due_at == shanghai("2020-02-04 00:00")
        # The day of the old warning passes, the judge replies on the day of the new one: in time.
        await city.advance_to("2020-02-03 20:00")
        assert await city.rungs(reference) == []
        assert (await city.reply(reference)).body["state"] == "accepted"
        await city.handle(reference).result()
        await city.replay(reference)


async def test_what_becomes_final_what_moves_and_what_hears_nothing(city_at: OpenCity) -> None:
    """The notice of 2026 finds requests of December whose dates reach into it, and others."""
    async with city_at("2025-12-05 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, "2024-12-31")
        untouched = await city.submit()
        await city.advance_to("2025-12-25 10:00")
        moves = await city.submit()
        await city.advance_to("2025-12-26 10:00")
        final = await city.submit()
        assert (await _attributes(city, final))[search.PROVISIONAL] is True
        answered_at_once = await city.submit(category=Category.CONSULTATION, judge=None, answer="请到窗口领取材料。")
        await city.advance(minutes=1)
        before = {r: await city.kinds(r) for r in (untouched, answered_at_once)}
        told = {r: len(await city.messages(r)) for r in (final, moves)}
        await approve(city, number + 1, notices_until("2025-12-31"))
        await city.advance(minutes=2)

        assert [kind for kind in await city.kinds(final) if kind in ABOUT_DATES] == [EventKind.DATES_FINAL]
        assert [row["provisional"] for row in (await city.rows(Plan, final))[-1].rungs] == [False] * 5
        assert (await _attributes(city, final))[search.PROVISIONAL] is False
        assert "dates final by calendar version" in await city.details(final)
        assert [kind for kind in await city.kinds(moves) if kind in ABOUT_DATES] == [EventKind.REPLANNED]
        [event] = [event for event in await city.events(moves) if event.kind is EventKind.REPLANNED]
        moved = {rung["rung"]: rung["business_days"] for rung in event.detail["rungs"] if rung["business_days"]}
        assert moved == {2: 1}
        assert {r: await city.kinds(r) for r in before} == before
        assert {r: len(await city.messages(r)) for r in told} == told, "no date that comes next has moved"
        assert (await city.request(untouched)).calendar_version == number + 1
        done = await replan_of(city, number + 1)
        assert (done.moved, done.made_final, done.untouched, done.remaining) == (1, 1, 1, 0)


async def test_a_replan_keeps_its_pace_and_shows_how_far_it_is(city_at: OpenCity) -> None:
    """Nine requests at six a second; nothing is looked at but what Temporal's UI shows of the re-plan."""
    async with city_at("2020-01-22 10:00", replan_per_second=6) as city:
        number = await forget_notices_after(city, BEFORE)
        for _ in range(9):
            await city.submit()
        await city.advance(seconds=1)
        began = time.monotonic()
        replan = city.client.get_workflow_handle(await approve(city, number + 1, notices_until(AFTER)))
        assert "Done" not in await _shown_by(replan, "- Passes 轮次: 1")
        assert time.monotonic() - began >= 9 / 6
        await city.advance(minutes=2)
        title, _, passes, *counts = (await _shown_by(replan, "Done 已完成")).splitlines()
        assert title == f"**Open requests to calendar version 日历版本 {number + 1}** 在办诉求改期"
        assert passes.startswith("- Passes 轮次: ")
        assert counts == [
            *("- Dates moved 日期已调整: 9", "- Dates became final 日期已确定: 0", "- Untouched 不受影响: 0"),
            *("- Remaining 待处理: 0", "", "Done 已完成"),
        ]


async def _shown_by(replan: WorkflowHandle[Any, Any], line: str) -> str:
    """A re-plan's current details once they say this."""
    pauses = Pauses()
    while True:
        query = "__temporal_workflow_metadata"
        metadata: WorkflowMetadata = await replan.query(query, result_type=WorkflowMetadata)
        if line in metadata.current_details:
            return metadata.current_details
        await pauses.pause()


async def test_people_whose_date_moved_are_told_once_in_their_window(city_at: OpenCity) -> None:
    """Two notices and a taking back within an hour of the night: nobody hears of a date that did not last."""
    async with city_at("2020-01-22 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference, answered = await city.submit(), await city.submit()
        landline = await city.submit(phone="020-83210001")
        await city.advance_to("2020-01-27 05:00")
        for version, notices in ((number + 1, AFTER), (number + 2, BEFORE), (number + 3, AFTER)):
            await approve(city, version, notices_until(notices))
            await city.advance(minutes=5)
            await city.relay()
        news = [message for message in await city.messages(reference) if message.template == "date_moved"]
        waiting = {message.recipient: message.send_after for message in news if message.state is MessageState.RESERVED}
        assert waiting == {"party": shanghai("2020-01-27 08:00"), "0104-j01": shanghai("2020-02-03 08:30")}
        [to_tell] = [item for item in await city.calls() if item["reference"] == landline]
        # Nobody has called it yet: of the older date it never hears.
        assert [news["template"] for news in to_tell["news"]] == ["received"]
        assert "2020-02-03结束前答复您" in to_tell["news"][0]["text"]
        await city.reply(answered)
        await city.handle(answered).result()
        await city.advance_to("2020-02-03 09:00")
        assert {m.state for m in await city.messages(answered) if m.template == "date_moved"} == {
            MessageState.SUPERSEDED
        }
        sent = [message["text"] for message in city.sent() if message["template"] == "date_moved"]
        assert len(sent) == 3 and all("由2020-01-31改为2020-02-03" in text for text in sent)
        kinds = [kind for kind in await city.kinds(reference) if kind in ABOUT_DATES]
        assert kinds == [EventKind.REPLANNED] * 3


async def test_by_day_news_follows_the_move_within_the_spread(city_at: OpenCity) -> None:
    """A closure put right a minute later is no news; what lasts is told after the dates, not with them (ADR 0018)."""
    async with city_at("2020-01-22 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        reference = await _told_late(city)
        await city.advance_to("2020-01-27 10:00")
        for version, notices in ((number + 1, AFTER), (number + 2, BEFORE)):
            await approve(city, version, notices_until(notices))
            await city.advance(seconds=1)
        assert await _news(city, reference) == [MessageState.SUPERSEDED] * 2
        await approve(city, number + 3, notices_until(AFTER))
        await city.advance(seconds=31)
        spread = [m.send_after - m.reserved_at for m in await city.messages(reference) if m.recipient == PARTY][-1]
        assert abs(spread - spread_of(reference, timedelta(minutes=10))) < timedelta(seconds=1)
        await city.relay()
        await city.advance(minutes=10)
        of_ours = {message.id for message in await city.messages(reference) if message.template == "date_moved"}
        [told] = [message for message in city.sent() if message["id"] in of_ours]
        assert "由2020-01-31改为2020-02-03" in told["text"]


async def _told_late(city: City) -> str:
    """A request of whose dates people hear late in the spread of ten minutes, so that a test can be faster."""
    spread = timedelta(minutes=10)
    while spread_of(reference := await city.submit(), spread) < spread / 2:
        pass
    return reference


async def _news(city: City, reference: str) -> list[MessageState]:
    return [message.state for message in await city.messages(reference) if message.template == "date_moved"]


async def test_a_request_registered_on_the_older_calendar_meanwhile_is_found_by_the_last_pass(
    city_at: OpenCity,
) -> None:
    async with city_at("2020-01-22 10:00", replan_per_second=1_000) as city:
        number = await forget_notices_after(city, BEFORE)
        async with city.temporal_away():
            # Its workflow is started by the relay, after the re-plan has looked for it in vain.
            reference = await city.submit()
        replan = await approve(city, number + 1, notices_until(AFTER))
        await city.advance(seconds=4)
        assert [plan.calendar_version for plan in await city.rows(Plan, reference)] == [number]
        await city.relay()
        await city.advance(minutes=10)
        assert (await _due(city, reference))[0] == "2020-02-03"
        assert (await replan_of(city, number + 1)).finished_at is not None
        # What has come to its end is not started again.
        run = (await city.client.get_workflow_handle(replan).describe()).run_id
        await city.relay()
        await start_replan(city.platform, calendar=number + 1, policy=None)
        assert (await city.client.get_workflow_handle(replan).describe()).run_id == run


async def test_open_requests_move_to_a_policy_only_if_its_approver_says_so(city_at: OpenCity) -> None:
    async with city_at("2026-09-18 10:00", replan_per_second=1_000) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        number = (await city.request(reference)).calendar_version
        policy = await put_policy(city, warning=_WARNING | {"business_day": 1})
        told = {"version": number, "policy": policy}
        await city.handle(reference).signal(SignalName.CALENDAR_CHANGED, told)
        await city.advance(minutes=1)
        assert EventKind.SIGNAL_REFUSED in await city.kinds(reference)
        assert (await city.request(reference)).policy_version == policy - 1
        async with city.tools.db.write() as session:
            row = Replan(
                id=replan_id(number, policy), calendar_version=number, policy_version=policy,
                started_at=city.tools.clock(),
            )  # fmt: skip
            session.add(row)
        await start_replan(city.platform, calendar=number, policy=policy)
        await city.advance(minutes=2)
        [event] = [event for event in await city.events(reference) if event.kind is EventKind.REPLANNED]
        assert event.detail["policy_version"] == {"before": policy - 1, "after": policy}
        assert (await _due(city, reference))[:2] == ["2026-09-20", "2026-09-22"]
        assert (await _attributes(city, reference))[search.POLICY_VERSION] == policy
        async with city.tools.db.read() as session:
            done = await session.get_one(Replan, replan_id(number, policy))
        assert (done.moved, done.finished_at is not None) == (1, True)


_WARNING = {
    "informs": ["holder", "department_desk", "liaison_officer"], "provisional": True, "source": "a test",
}  # fmt: skip


async def test_a_closure_and_its_reopening_leave_a_request_nothing_but_the_record(city_at: OpenCity) -> None:
    """Entered and amended away by the chamber while it runs: the dates of before, and two changes on record."""
    async with city_at("2026-09-18 10:00", replan_per_second=1_000) as city:
        reference = await _told_late(city)
        await city.advance(minutes=1)
        scope = await scope_of(city.platform, city.credentials.chamber_keys["chamber-1"])
        days_off = closure("2026-09-21", "2026-09-22")
        entered = (await enter_closure(city.platform, "0104", days_off, call(scope))).body
        await city.advance(minutes=2)
        assert (await _due(city, reference))[:2] == ["2026-09-23", "2026-09-24"]
        reopened = (await amend_closure(city.platform, entered["id"], closure(), call(scope))).body
        await city.advance(minutes=2)

        versions = [entered["made_version"] - 1, entered["made_version"], reopened["made_version"]]
        plans = await city.rows(Plan, reference)
        assert [plan.calendar_version for plan in plans] == versions
        before, closed, after = (plan.rungs for plan in plans)
        assert [row["due_on"] for row in before][:2] == ["2026-09-21", "2026-09-22"]
        assert (after, closed != before) == (before, True)
        assert plans[0].answer_due_on == plans[2].answer_due_on
        records = [event.detail for event in await city.events(reference) if event.kind in ABOUT_DATES]
        assert [detail["calendar_version"] for detail in records] == [
            {"before": number, "after": number + 1} for number in versions[:2]
        ]
        there, back = (detail["rungs"] for detail in records)
        assert [(rung["before"], rung["after"]) for rung in back] == [(rung["after"], rung["before"]) for rung in there]
        assert len(there) == len(before)

        shown = await _attributes(city, reference)
        assert (
            (await city.request(reference)).next_due_at == shown[search.NEXT_DEADLINE] == shanghai("2026-09-22 00:00")
        )
        assert await _due(city, reference) == [row["due_on"] for row in before]
        assert {*await _news(city, reference)} == {MessageState.SUPERSEDED}, "nobody hears of a date that did not last"
        await city.advance_to("2026-09-22 00:11")
        assert [(rung.rung, rung.due_at) for rung in await city.rungs(reference)] == [(0, shanghai("2026-09-22 00:00"))]
        await city.replay(reference)


async def _due(city: City, reference: str) -> list[str]:
    """The dates its workflow lives by."""
    state: RequestState = await city.handle(reference).query(QUERY_STATE, result_type=RequestState)
    return [rung.due_on for rung in state.rungs]


async def _attributes(city: City, reference: str) -> dict[Any, Any]:
    description = await city.handle(reference).describe()
    return {pair.key: pair.value for pair in description.typed_search_attributes}
