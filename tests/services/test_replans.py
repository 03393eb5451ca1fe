"""Which open requests a newer calendar moves, found by SQL on both databases, and how a re-plan is shown (C20, C22)."""

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import col, select
from temporalio.testing import ActivityEnvironment

from activities import replanning as replanning_activities
from activities.messaging import Messaging
from activities.planning import Planning
from activities.replanning import Replanning
from activities.tools import Tools
from liaison.contract.names import replan_id
from liaison.contract.plans import FindMovable, KeepProgress, PlanLadder
from liaison.db.replans import Target, candidates, mark_in_bulk, mark_untouched, versions_behind
from liaison.db.tables import Event, Plan, PolicyVersion, Replan, Request
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.templates import packaged_templates
from liaison.policy.recount import Rules, recount
from liaison.policy.words import Category, EventKind
from liaison.sample_city import sample_trial_register
from liaison.services.calendar_versions import approve_notice, propose_notice
from liaison.services.errors import Refused, Slug
from liaison.services.explaining import explain_request
from liaison.services.policy_versions import approve_policy, propose_policy
from liaison.services.replanning import replan_view, replans_view
from tests.city import shanghai
from tests.services.office import HOLDER, Office, days, fresh_case
from tests.services.rules import amendment_2026, call, chamber, given, operator, policy_document

NINTH_OF_SEPTEMBER, LAST_WEEK = shanghai("2026-09-09 10:00"), shanghai("2026-09-28 10:00")
"""Of the requests of these days the later ones only are counted over 8 October, which the notice takes off."""


def tools_of(office: Office) -> Tools:
    """What activities work with, on an office."""
    platform = office.platform
    return Tools(
        db=platform.db, ring=platform.ring, rulebook=platform.rulebook, client=platform.client, clock=platform.clock,
        trial_system=sample_trial_register(), gateways=(EmbeddedOutbox(office.home / "outbox.jsonl", platform.clock),),
        templates=packaged_templates(), plain_signals_accepted=True,
    )  # fmt: skip


async def _approved(office: Office, document: dict[str, Any] | None = None) -> int:
    given_in = given(document or amendment_2026())
    proposal = await propose_notice(office.platform, given_in, call(await operator(office)))
    answer = await approve_notice(office.platform, proposal.body["id"], call(await operator(office, 2)))
    return int(answer.body["made_version"])


async def _found(office: Office, version: int) -> list[str]:
    """All pages, in their order."""
    find, page, found = Replanning(tools_of(office)).find_movable, FindMovable(version), []
    while True:
        movable = await ActivityEnvironment().run(find, page)
        found += movable.references
        if not movable.after:
            return found
        page = replace(page, after=movable.after)


async def test_exactly_those_whose_dates_move_are_found_and_the_others_marked(
    either_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = either_office
    monkeypatch.setattr(replanning_activities, "PAGE", 2)
    office.clock.now = NINTH_OF_SEPTEMBER
    early, recorded = await office.submit(), await office.submit()
    office.clock.now = LAST_WEEK
    case = fresh_case()
    late = [await office.submit(case_number=case), await office.submit(court="01", judge=None)]
    late += [await office.submit(category=Category.CONSULTATION, judge=None)]
    attached, closed, fired = await office.submit(case_number=case), await office.submit(), await office.submit()
    await office.close(closed)
    for rung in range(5):
        await office.supervise(fired, None, rung)
    before = (await office.request(early)).calendar_version
    version = await _approved(office)

    view = await replan_view(office.platform, f"replan-calendar-{version}")
    assert (view["remaining"], view["finished_at"]) == (6, None)
    found = await _found(office, version)
    assert sorted(found) == sorted(late)
    assert found[0] == late[2], "a summary request falls due first, so it is told first"
    versions = {r: (await office.request(r)).calendar_version for r in (early, recorded, fired, attached, closed)}
    assert versions == {early: version, recorded: version, fired: version, attached: before, closed: before}
    counts = await ActivityEnvironment().run(
        Replanning(tools_of(office)).keep_progress, KeepProgress(version, None, 1, settled=True)
    )
    assert (counts.untouched, counts.remaining, counts.finished) == (3, 3, False)

    planning = Planning(tools_of(office), Messaging(tools_of(office)))
    await office.dispatch(late[0], HOLDER)
    for reference in late:
        planned = await ActivityEnvironment().run(planning.plan_ladder, PlanLadder(reference, 1, 2, version))
        assert planned.calendar_version == version and planned.says
    async with office.platform.db.read() as session:
        plan = (
            await session.exec(select(Plan).where(Plan.reference == late[0]).order_by(col(Plan.number).desc()))
        ).first()
        kinds = (await session.exec(select(Event.kind).where(Event.reference == late[0]))).all()
    assert plan is not None and [row["due_on"] for row in plan.rungs][:3] == ["2026-09-30", "2026-10-09", "2026-10-12"]
    assert EventKind.REPLANNED in kinds
    counts = await ActivityEnvironment().run(
        Replanning(tools_of(office)).keep_progress, KeepProgress(version, None, 2, settled=True)
    )
    assert (counts.moved, counts.untouched, counts.remaining, counts.finished) == (3, 3, 0, True)
    view = await replan_view(office.platform, f"replan-calendar-{version}")
    assert (view["passes"], view["moved"], view["finished_at"] is not None) == (2, 3, True)


async def test_who_was_given_another_plan_meanwhile_is_not_marked(either_office: Office) -> None:
    office = either_office
    reference = await office.submit()
    version = (await office.request(reference)).calendar_version + 1
    async with office.platform.db.read() as session:
        found, _ = await candidates(session, Target(version), None, "", 1_000)
    [mine] = [each for each in found if each.request.reference == reference]
    await office.change(reference, plan=2)
    async with office.platform.db.write() as session:
        assert await mark_untouched(session, Target(version), [mine]) == 0
    assert (await office.request(reference)).calendar_version < version


async def test_each_request_is_counted_with_the_version_it_was_brought_to(either_office: Office) -> None:
    """Two versions within seconds: what the first re-plan finds and tells is counted by the second's calendar."""
    office = either_office
    office.clock.now = shanghai("2026-08-03 10:00")
    early = await office.submit(case_number=None)
    office.clock.now = LAST_WEEK
    late, fired = await office.submit(case_number=None), await office.submit(case_number=None)
    for rung in range(5):
        await office.supervise(fired, None, rung)
    tools = tools_of(office)
    first = await _approved(office)
    second = await _approved(office, amendment_2026(published_on="2026-09-17", last_off="2026-10-09"))
    assert (await _found(office, first)) == [late]
    planning = Planning(tools, Messaging(tools))
    for version in (first, second):
        planned = await ActivityEnvironment().run(planning.plan_ladder, PlanLadder(late, 1, 2, version))
        assert planned.calendar_version == second
    assert [(await office.request(r)).calendar_version for r in (early, late, fired)] == [second] * 3
    counts = {}
    for version in (first, second):
        run = ActivityEnvironment().run
        await run(Replanning(tools).keep_progress, KeepProgress(version, None, 1, settled=True))
        view = await replan_view(office.platform, f"replan-calendar-{version}")
        assert view["finished_at"] is not None
        counts[version] = (view["moved"], view["made_final"], view["untouched"])
    assert counts == {first: (0, 0, 0), second: (1, 0, 2)}


async def test_a_policys_replan_counts_with_the_calendar_it_brings_along(office: Office) -> None:
    """Requests that the re-plan to a policy reaches first have a newer calendar from it, and are on both counts."""
    office.clock.now = LAST_WEEK
    moves, fired = await office.submit(case_number=None), await office.submit(case_number=None)
    for rung in range(5):
        await office.supervise(fired, None, rung)
    tools, version = tools_of(office), await _approved(office)
    other = policy_document() | {"reply": {"min_characters": 7}}
    proposal = await propose_policy(office.platform, other, None, call(await operator(office)))
    approved = await approve_policy(office.platform, proposal.body["id"], True, call(await chamber(office)))
    policy = approved.body["made_version"]
    found = await ActivityEnvironment().run(Replanning(tools).find_movable, FindMovable(version, policy))
    assert found.references == [moves]
    planning = Planning(tools, Messaging(tools))
    await ActivityEnvironment().run(planning.plan_ladder, PlanLadder(moves, 1, 2, version, policy))
    for replan in (f"replan-calendar-{version}", f"replan-policy-{policy}"):
        view = await replan_view(office.platform, replan)
        assert (view["moved"], view["untouched"], view["remaining"]) == (1, 1, 0), replan


async def test_replans_are_listed_the_latest_first(office: Office) -> None:
    for last_off in ("2026-10-08", "2026-10-09"):
        document = amendment_2026(published_on=f"2026-09-{15 + int(last_off[-1]) - 7}", last_off=last_off)
        proposal = await propose_notice(office.platform, given(document), call(await operator(office)))
        await approve_notice(office.platform, proposal.body["id"], call(await operator(office, 2)))
        office.clock.now += days(1)
    first = await replans_view(office.platform, None, 1)
    second = await replans_view(office.platform, first["next_cursor"], 1)
    ids = [page["items"][0]["id"] for page in (first, second)]
    assert (ids, second["next_cursor"]) == ([f"replan-calendar-{n}" for n in (12, 11)], None)
    for cursor in ("bm9uZQ==", "????"):
        with pytest.raises(Refused) as refused:
            await replans_view(office.platform, cursor)
        assert refused.value.slug is Slug.INVALID
    for unknown in ("replan-calendar-99", "../requests", "replan-calendar-\0"):
        with pytest.raises(Refused) as refused:
            await replan_view(office.platform, unknown)
        assert refused.value.slug is Slug.NOT_FOUND


async def test_what_was_written_after_the_comparison_is_not_marked_with_the_rest(either_office: Office) -> None:
    """An intake that read the older rules is written while others are marked: nobody compared its version and court."""
    office = either_office
    reference = await office.submit(case_number=None)
    target = Target((await office.request(reference)).calendar_version + 1)
    async with office.platform.db.write() as session:
        assert await mark_in_bulk(session, target, [], []) == 0
        assert await mark_in_bulk(session, target, [], await versions_behind(session, target)) == 1
        await session.rollback()


async def test_other_people_told_is_no_other_date(office: Office) -> None:
    """A policy that names other posts moves a request to it once, and later calendars leave it alone."""
    office.clock.now = LAST_WEEK
    reference, tools = await office.submit(case_number=None), tools_of(office)
    planning = Planning(tools, Messaging(tools))
    async with office.platform.db.write() as session:
        calendar, policy = await tools.rulebook.current(session)
        newest = await session.get_one(PolicyVersion, policy.version)
        warning = newest.policy["warning"] | {"informs": ["holder"]}
        document = newest.policy | {"version": policy.version + 1, "warning": warning}
        session.add(PolicyVersion(number=policy.version + 1, policy=document, made_at=office.clock.now))
        moved = Replan(
            id=replan_id(calendar.number, policy.version + 1), calendar_version=calendar.number,
            policy_version=policy.version + 1, started_at=office.clock.now,
        )  # fmt: skip
        session.add(moved)
    order = PlanLadder(reference, 1, 2, calendar.number, policy.version + 1)
    planned = await ActivityEnvironment().run(planning.plan_ladder, order)
    assert (planned.policy_version, planned.says) == (policy.version + 1, "")
    explained = await explain_request(office.platform, await office.clerk(), reference)
    assert explained["policy_version"] == policy.version + 1
    assert f"policy {policy.version + 1}" in explained["deadlines"][0]["rule"]["en"]
    # Counted once more, as by any newer calendar: the posts of its plan's older policy are no reason any more.
    async with office.platform.db.write() as session:
        request = await session.get_one(Request, reference)
        plan = await session.get_one(Plan, (reference, 1))
        rules = Rules(calendar.of(request.court), await tools.rulebook.policy(session, request.policy_version))
        same = recount(request, plan, (), rules.policy, rules, office.clock.now)
    assert not same.touched


async def test_a_limit_to_answer_that_lies_in_the_past_is_brought_forward_to_a_business_day(office: Office) -> None:
    office.clock.now = shanghai("2026-09-21 10:00")
    reference, tools = (
        await office.submit(category=Category.CONSULTATION, judge=None, case_number=None),
        tools_of(office),
    )
    async with office.platform.db.write() as session:
        request = await session.get_one(Request, reference)
        plan = await session.get_one(Plan, (reference, 1))
        calendar, policy = await tools.rulebook.current(session)
        # As if it had been planned by a calendar that had its day a week later.
        plan.answer_due_on = "2026-09-28"
        rules = Rules(calendar.of(request.court), policy)
        for now, expected in (("2026-09-22 10:00", "2026-09-23"), ("2026-09-26 10:00", "2026-09-29")):
            new = recount(request, plan, (), policy, rules, shanghai(now))
            assert new.answer_moved == (expected != "2026-09-29")
            assert new.ladder.answer_by == shanghai(f"{expected} 00:00"), now
