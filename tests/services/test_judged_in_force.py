"""What falls due while workers or Temporal are away, and newer rules too, is judged by the rules of its day (C20)."""

from datetime import datetime

import pytest
from temporalio.testing import ActivityEnvironment

from activities.acting import Acting
from activities.answer_limit import AnswerLimit
from activities.messaging import Messaging
from activities.opening import action_message
from activities.planning import Planning
from activities.supervision import Supervision
from liaison.contract.messages import ApplyAction, RungDue, RungRecorded
from liaison.contract.plans import LimitSeen, LookAtLimit, PlanLadder, Planned
from liaison.db.claims import newest_plan
from liaison.db.rungs import rung_records
from liaison.db.tables import Action, Plan, RungRecord
from liaison.policy.recipients import Recipient
from liaison.policy.words import ActionKind, Category, EventKind, Post
from liaison.services.closures import enter_closure
from liaison.services.explaining import explain_request
from liaison.services.supervision_views import supervisions_view
from tests.city import shanghai
from tests.services.office import HOLDER, LEADER, Office
from tests.services.rules import call, chamber, closure
from tests.services.temporal import temporal_at
from tests.services.test_replans import tools_of

FRIDAY, MONDAY, TUESDAY, WEDNESDAY = "2026-09-18", "2026-09-21", "2026-09-22", "2026-09-23"
"""The Sunday between is a make-up day. The warning is due when Monday ends; if Monday is closed, when Tuesday does."""


_instant = datetime.fromisoformat


def _at(office: Office, local: str) -> None:
    office.clock.now = shanghai(local)


async def _close_hall(office: Office, *days_off: str) -> None:
    given = closure(*days_off, first=days_off[0], last=days_off[-1])
    await enter_closure(office.platform, "0104", given, call(await chamber(office)))


async def _put_off_by_a_day(office: Office) -> tuple[str, int]:
    """A request of Friday whose warning a closure of Monday puts off; the calendar version it was registered under."""
    _at(office, f"{FRIDAY} 10:00")
    reference = await office.submit()
    version = (await office.request(reference)).calendar_version
    await office.dispatch(reference)
    _at(office, f"{MONDAY} 23:30")
    await _close_hall(office, MONDAY)
    return reference, version


async def _warn(office: Office, reference: str, version: int, found: str) -> RungRecorded:
    supervision = Supervision(tools_of(office), Messaging(tools_of(office)))
    at = shanghai(found).isoformat()
    due = RungDue(reference, 1, 5, 0, at=at, calendar_version=version, policy_version=1)
    return await ActivityEnvironment().run(supervision.record_rung, due)


async def _records(office: Office, reference: str) -> list[RungRecord]:
    async with office.platform.db.read() as session:
        return await rung_records(session, reference)


async def _plan(office: Office, reference: str) -> Plan:
    request = await office.request(reference)
    async with office.platform.db.read() as session:
        return await newest_plan(session, request)


async def test_a_rung_found_after_the_day_it_was_put_off_to_bears_that_day(connected_office: Office, port: int) -> None:
    office = connected_office
    reference, version = await _put_off_by_a_day(office)
    _at(office, f"{WEDNESDAY} 09:00")
    async with temporal_at(port):
        told = await _warn(office, reference, version, f"{WEDNESDAY} 09:00")
        again = await _warn(office, reference, version, f"{WEDNESDAY} 09:00")
    assert again == told, "an attempt whose answer was lost"
    assert told.newer is not None and told.newer.calendar_version == version + 1
    assert _instant(told.newer.rungs[0].due_at) == shanghai(f"{WEDNESDAY} 00:00")
    [record] = await _records(office, reference)
    assert record.due_at == shanghai(f"{WEDNESDAY} 00:00")
    assert ("run-1-r", EventKind.REPLANNED) in await office.events(reference)
    explained = await explain_request(office.platform, await office.clerk(), reference)
    assert f"right under version {version + 1}" in str(explained)


async def test_a_reply_that_was_in_time_by_then_holds_the_rung_back(office: Office) -> None:
    reference, version = await _put_off_by_a_day(office)
    _at(office, f"{TUESDAY} 15:00")
    await office.reply(await office.judge(HOLDER), reference)
    _at(office, f"{WEDNESDAY} 09:00")
    told = await _warn(office, reference, version, f"{WEDNESDAY} 09:00")
    assert (told.held_back, await _records(office, reference)) == (True, [])


@pytest.mark.parametrize(
    ("second_made", "due"), [(f"{TUESDAY} 12:00", "2026-09-24 00:00"), (f"{WEDNESDAY} 00:00", f"{WEDNESDAY} 00:00")]
)
async def test_the_day_a_rung_was_put_off_to_is_judged_by_what_was_in_force_then(
    connected_office: Office, port: int, second_made: str, due: str
) -> None:
    """The first closure puts the warning off by a day, the second by one more, if it was approved in time for that."""
    office = connected_office
    reference, version = await _put_off_by_a_day(office)
    _at(office, second_made)
    await _close_hall(office, MONDAY, TUESDAY)
    _at(office, "2026-09-24 09:00")
    async with temporal_at(port):
        await _warn(office, reference, version, "2026-09-24 09:00")
    [record] = await _records(office, reference)
    assert record.due_at == shanghai(due)


async def test_the_limit_to_answer_on_the_spot_is_that_of_the_rules_in_force_at_it(office: Office) -> None:
    _at(office, f"{FRIDAY} 10:00")
    reference = await office.submit(category=Category.CONSULTATION, judge=None)
    version = (await office.request(reference)).calendar_version
    look_at_limit = AnswerLimit(tools_of(office), Messaging(tools_of(office))).look_at_limit
    _at(office, f"{FRIDAY} 23:30")
    await _close_hall(office, FRIDAY)
    _at(office, f"{MONDAY} 09:00")
    order = LookAtLimit(reference, 1, version, 1)
    seen = await ActivityEnvironment().run(look_at_limit, order)
    assert seen.newer is not None and _instant(seen.newer.answer_due_at) == shanghai(f"{MONDAY} 00:00")
    again = await ActivityEnvironment().run(look_at_limit, order)
    assert again == seen, "an attempt whose answer was lost"
    now = LookAtLimit(reference, 1, version + 1, 1)
    assert await ActivityEnvironment().run(look_at_limit, now) == LimitSeen()


async def test_who_goes_back_to_the_summary_procedure_has_the_limit_of_today(office: Office) -> None:
    """A closure of its first day moved no rung of an ordinary request, which is told nothing; its limit moved."""
    _at(office, f"{MONDAY} 10:00")
    reference = await office.submit()
    await office.dispatch(reference)
    _at(office, f"{MONDAY} 11:00")
    await _close_hall(office, MONDAY)
    version = (await office.request(reference)).calendar_version + 1
    await office.change(reference, calendar_version=version)
    _at(office, f"{MONDAY} 15:00")
    change = {"detail": "summary", "text": {"reason": "当事人只问开庭时间"}}
    given = await office.act(await office.clerk(), reference, ActionKind.PROCEDURE_CHANGE, **change)
    async with office.platform.db.read() as session:
        action = action_message(await session.get_one(Action, given.body["id"]))
    acting = Acting(tools_of(office), Messaging(tools_of(office)))
    applied = await ActivityEnvironment().run(acting.apply_action, ApplyAction(reference, 1, 3, action))
    limit = shanghai(f"{WEDNESDAY} 00:00")
    assert applied.newer is not None and _instant(applied.newer.answer_due_at) == limit
    assert (await office.request(reference)).next_due_at == limit
    assert (await _plan(office, reference)).answer_due_on == TUESDAY


async def _replan(office: Office, reference: str, version: int) -> Planned:
    tools = tools_of(office)
    planning = Planning(tools, Messaging(tools))
    return await ActivityEnvironment().run(planning.plan_ladder, PlanLadder(reference, 1, 5, version))


async def test_rules_approved_while_a_rung_is_about_to_fire_do_not_put_it_off(office: Office) -> None:
    """Its work is spread over ten minutes; whose turn comes later is judged no otherwise."""
    _at(office, f"{FRIDAY} 10:00")
    reference = await office.submit()
    version = (await office.request(reference)).calendar_version
    _at(office, f"{TUESDAY} 00:03")
    await _close_hall(office, MONDAY, TUESDAY)
    planned = await _replan(office, reference, version + 1)
    assert _instant(planned.rungs[0].due_at) == shanghai(f"{TUESDAY} 00:00"), "Monday is over"
    assert _instant(planned.rungs[1].due_at) > shanghai(f"{WEDNESDAY} 00:00"), "what is to come moves"
    assert (await office.request(reference)).next_due_at == shanghai(f"{TUESDAY} 00:00")


async def test_a_rung_put_off_in_time_keeps_the_day_it_was_put_off_to(office: Office) -> None:
    reference, version = await _put_off_by_a_day(office)
    _at(office, f"{WEDNESDAY} 00:03")
    await _close_hall(office, TUESDAY)
    planned = await _replan(office, reference, version + 2)
    assert _instant(planned.rungs[0].due_at) == shanghai(f"{WEDNESDAY} 00:00")
    assert ("run-1-r", EventKind.REPLANNED) in await office.events(reference)


async def test_a_limit_to_answer_that_has_passed_is_not_put_off(office: Office) -> None:
    _at(office, f"{FRIDAY} 10:00")
    reference = await office.submit(category=Category.CONSULTATION, judge=None)
    version = (await office.request(reference)).calendar_version
    _at(office, "2026-09-19 00:03")
    await _close_hall(office, FRIDAY)
    planned = await _replan(office, reference, version + 1)
    assert _instant(planned.answer_due_at) == shanghai("2026-09-19 00:00")


async def test_a_leader_reads_the_same_days_overdue_as_his_bell_counts(office: Office) -> None:
    """By the calendar of today: a day off after its last rung moves no date of the request, and is none it waited."""
    _at(office, f"{FRIDAY} 10:00")
    reference = await office.submit()
    await office.supervise(reference, LEADER)

    async def overdue() -> int:
        inbox = await supervisions_view(office.platform, await office.leader(LEADER))
        return int(next(item["days_overdue"] for item in inbox["items"] if item["reference"] == reference))

    _at(office, "2026-10-14 10:00")
    before = await overdue()
    await _close_hall(office, "2026-10-13")
    assert await overdue() == before - 1


async def test_a_rung_lies_with_a_person_before_it_lies_with_a_desk(
    connected_office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the leader warned in an absent judge's place is the liaison officer, too: the desk comes last then."""
    office = connected_office
    reference, version = await _put_off_by_a_day(office)
    told = (Recipient(Post.DEPARTMENT_LEADER, staff_id=LEADER), Recipient(Post.DEPARTMENT_DESK, desk="0104-d-civil1"))
    monkeypatch.setattr("activities.supervision.one_message_each", lambda _: told)
    _at(office, f"{WEDNESDAY} 09:00")
    async with temporal_at(port):
        await _warn(office, reference, version, f"{WEDNESDAY} 09:00")
    [record] = await _records(office, reference)
    assert (record.recipient, record.post) == (LEADER, Post.DEPARTMENT_LEADER)
