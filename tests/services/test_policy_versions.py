"""A policy is proposed, compared, approved by the Case Filing Chamber: for new requests, or for open ones too (C32)."""

import pytest
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from activities.messaging import Messaging
from activities.planning import Planning
from activities.replanning import Replanning
from liaison.contract.plans import FindMovable, PlanLadder
from liaison.db.tables import Event, Plan, PolicyVersion, Proposal, Replan
from liaison.policy.scope import Scope
from liaison.policy.words import EventKind, KeyRole, ProposalKind, ProposalState
from liaison.release import release
from liaison.services import deciding, provisioning
from liaison.services.calendar_versions import approve_notice, propose_notice, versions_view
from liaison.services.errors import Refused, Slug
from liaison.services.policy_versions import (
    approve_policy,
    policy_proposal_view,
    policy_version_view,
    policy_versions_view,
    propose_policy,
)
from liaison.services.provisioning import seed_packaged_rules
from tests.chinese import is_chinese
from tests.city import shanghai
from tests.keeping.tools import tools_of
from tests.services.office import Office
from tests.services.rules import (
    amendment_2026,
    call,
    chamber,
    given,
    listed_as_outdated,
    operator,
    policy_document,
)

STRICTER = policy_document(rung_1=3, rung_2=4, rung_3=6, rung_4=7)
LAXER = policy_document(rung_1=4)


async def proposed(office: Office, document: dict[str, object] = STRICTER, cites: str | None = None) -> str:
    return str((await propose_policy(office.platform, document, cites, call(await operator(office)))).body["id"])


async def test_the_chamber_approves_what_an_operator_proposed(either_office: Office) -> None:
    office = either_office
    versions = (await policy_versions_view(office.platform))["items"]
    assert (versions[0]["proposed_by"], versions[0]["approved_by"]) == (f"release {release()}", None)
    number = versions[-1]["number"] + 1
    old = await office.submit(case_number=None)
    proposal = await proposed(office)
    answer = await approve_policy(office.platform, proposal, False, call(await chamber(office)))
    assert (answer.status, answer.body["made_version"], answer.body["state"]) == (201, number, "approved")
    assert answer.location == f"/v1/policy/versions/{number}"
    version = await policy_version_view(office.platform, number)
    assert (version["proposed_by"], version["approved_by"]) == ("sample-operator-1", "sample-chamber-1")
    assert (version["document"]["version"], version["open_requests"]) == (number, False)
    new = await office.submit(case_number=None)
    async with office.platform.db.read() as session:
        plans = [await session.get_one(Plan, (reference, 1)) for reference in (old, new)]
        assert await session.get(Replan, f"replan-policy-{number}") is None
    assert [plan.policy_version for plan in plans] == [number - 1, number]
    assert [rung["business_day"] for rung in plans[1].rungs] == [2, 3, 4, 6, 7]
    # The policy of before, for the tests that share this book.
    back = await proposed(office, policy_document())
    assert (await approve_policy(office.platform, back, False, call(await chamber(office)))).status == 201


async def test_open_requests_are_moved_only_when_the_approver_says_so(office: Office) -> None:
    answer = await approve_policy(office.platform, await proposed(office), True, call(await chamber(office)))
    assert answer.body["made_version"] == 2
    async with office.platform.db.read() as session:
        replan = await session.get_one(Replan, "replan-policy-2")
    assert (replan.calendar_version, replan.policy_version, replan.finished_at) == (10, 2, None)
    versions = (await policy_versions_view(office.platform))["items"]
    assert [version["open_requests"] for version in versions] == [False, True]
    await approve_policy(office.platform, answer.body["id"], True, call(await chamber(office)))
    assert (await office.count(Replan), await office.count(PolicyVersion)) == (1, 2)


async def test_that_it_holds_for_open_requests_may_be_said_later_and_is_not_taken_back(either_office: Office) -> None:
    office = either_office
    proposer, first = await chamber(office, 2), await chamber(office)
    second = Scope(KeyRole.CHAMBER, "chamber-of-the-city", court="01")
    document = policy_document() | {"spread_minutes": 25}
    proposal = (await propose_policy(office.platform, document, None, call(proposer))).body["id"]
    number = (await approve_policy(office.platform, proposal, False, call(first))).body["made_version"]
    again = await approve_policy(office.platform, proposal, False, call(second))
    assert (again.status, again.body["reason"]) == (201, None)
    for scope in (proposer, await operator(office, 2)):
        with pytest.raises(Refused) as refused:
            await approve_policy(office.platform, proposal, True, call(scope))
        assert refused.value.slug is Slug.FORBIDDEN
    assert (await policy_version_view(office.platform, number))["open_requests"] is False

    said = call(second)
    answer = await approve_policy(office.platform, proposal, True, said)
    assert (answer.status, answer.body["made_version"]) == (201, number)
    assert (answer.body["decided_by"], answer.body["reason"]) == (
        "sample-chamber-1",
        "chamber-of-the-city, 2026-09-18T10:00:00+08:00: it holds for open requests, too 亦适用于在办诉求",
    )
    assert (await policy_version_view(office.platform, number))["open_requests"] is True
    async with office.platform.db.read() as session:
        replan = await session.get_one(Replan, f"replan-policy-{number}")
    assert (replan.policy_version, replan.finished_at) == (number, None)
    assert (await approve_policy(office.platform, proposal, True, said)).status == 200
    assert (await approve_policy(office.platform, proposal, True, call(first))).body["reason"] == answer.body["reason"]
    with pytest.raises(Refused, match="It was approved for open requests, too, and they follow it") as refused:
        await approve_policy(office.platform, proposal, False, call(first))
    assert refused.value.slug is Slug.CONFLICT and is_chinese(refused.value.zh)
    # The policy of before, for the tests that share this book.
    back = await proposed(office, policy_document())
    assert (await approve_policy(office.platform, back, False, call(await chamber(office)))).status == 201


async def test_open_requests_are_not_moved_to_a_policy_that_was_replaced(office: Office) -> None:
    scope, old = await chamber(office), await proposed(office)
    await approve_policy(office.platform, old, False, call(scope))
    await approve_policy(office.platform, await proposed(office, policy_document()), False, call(scope))
    with pytest.raises(Refused, match="Version 3 has replaced version 2: open requests are not moved") as refused:
        await approve_policy(office.platform, old, True, call(scope))
    assert refused.value.slug is Slug.CONFLICT and is_chinese(refused.value.zh)
    assert await office.count(Replan) == 0


async def test_how_many_open_requests_would_move_and_which(office: Office) -> None:
    moving = [await office.submit(case_number=None) for _ in range(21)]
    closed = await office.submit(case_number=None)
    await office.close(closed)
    # All its rungs have fired: what has fired stays.
    fired = await office.submit(case_number=None)
    for rung in range(5):
        await office.supervise(fired, None, rung)
    shown = (await policy_proposal_view(office.platform, await proposed(office)))["comparison"]
    assert (shown["open_requests"], shown["moving"]) == (22, 21)
    assert shown["references"] == sorted(moving)[:20]
    assert shown["changes"] == [
        {"rule": f"ladder.primary[{place}].business_day", "before": before, "after": before - 1}
        for place, before in ((1, 5), (2, 7), (3, 8))
    ]
    spread = policy_document() | {"reply": {"min_characters": 7}}
    unmoved = (await policy_proposal_view(office.platform, await proposed(office, spread)))["comparison"]
    assert (unmoved["moving"], unmoved["references"]) == (0, [])


async def test_what_the_comparison_names_is_what_an_approval_moves(office: Office) -> None:
    """A calendar that no request was brought to yet counts, too; and what would lie in the past stays as it is."""
    office.clock.now = shanghai("2026-09-18 10:00")
    due_today = await office.submit(case_number=None)
    done = await office.submit(court="01", judge=None, case_number=None)
    for reference in (due_today, done):
        for rung in range(4):
            await office.supervise(reference, None, rung)
    office.clock.now = shanghai("2026-09-28 10:00")
    stricter = await office.submit(case_number=None)
    by_the_notice = await office.submit(court="01", judge=None, case_number=None)
    office.clock.now = shanghai("2026-09-30 10:00")
    notice = await propose_notice(office.platform, given(amendment_2026()), call(await operator(office)))
    await approve_notice(office.platform, notice.body["id"], call(await operator(office, 2)))
    proposal = await proposed(office)
    compared = (await policy_proposal_view(office.platform, proposal))["comparison"]
    assert (compared["open_requests"], compared["moving"]) == (4, 2)
    assert sorted(compared["references"]) == sorted([stricter, by_the_notice])

    version = (await approve_policy(office.platform, proposal, True, call(await chamber(office)))).body["made_version"]
    tools, calendar = tools_of(office), (await versions_view(office.platform))["items"][-1]["number"]
    found = await ActivityEnvironment().run(Replanning(tools).find_movable, FindMovable(calendar, version))
    for reference in (due_today, done, stricter, by_the_notice):
        order = PlanLadder(reference, 1, 2, calendar, version)
        await ActivityEnvironment().run(Planning(tools, Messaging(tools)).plan_ladder, order)
    async with office.platform.db.read() as session:
        moved = (await session.exec(select(Event.reference).where(Event.kind == EventKind.REPLANNED))).all()
        replan = await session.get_one(Replan, f"replan-policy-{version}")
    assert sorted(moved) == sorted(compared["references"])
    assert (replan.moved, replan.made_final) == (compared["moving"], 0)
    assert {*moved} <= {*found.references}, "whose date moves is told"


async def test_a_laxer_policy_needs_a_document(office: Office) -> None:
    with pytest.raises(Refused) as refused:
        await propose_policy(office.platform, LAXER, None, call(await operator(office)))
    [fault] = refused.value.faults
    assert fault.en == (
        "ladder.primary is laxer than art. 8 of the Opinions: department_leader must be informed after 3 business days "
        "or earlier; a laxer policy needs ladder.cited_document."
    )
    assert fault.zh == (
        "规则文件未通过检查：ladder.primary 宽于《意见》第八条：department_leader 应在 3 个工作日内获报；"
        "更宽的规则须在 ladder.cited_document 中载明依据。"
    )
    assert await office.count(Proposal) == 0
    proposal = await proposed(office, LAXER, "穗中法〔2026〕99号（虚构）")
    [finding] = (await policy_proposal_view(office.platform, proposal))["findings"]
    assert "department_leader" in finding["en"] and finding["en"].endswith("cited: 穗中法〔2026〕99号（虚构）.")
    await approve_policy(office.platform, proposal, False, call(await chamber(office)))
    assert (await policy_version_view(office.platform, 2))["cites"] == "穗中法〔2026〕99号（虚构）"


async def test_everything_laxer_is_told_in_both_languages(office: Office) -> None:
    laxer = policy_document(rung_1=4) | {"answer": {"business_days": 30}, "spread_minutes": 100_000}
    laxer["claimed_reply"] |= {"silence_working_hours": 500, "lapse_working_hours": 600}
    with pytest.raises(Refused) as refused:
        await propose_policy(office.platform, laxer, None, call(await operator(office)))
    rules = ["ladder.primary", "answer.business_days", "spread_minutes", "silence_working_hours", "lapse_working_hours"]
    faults = refused.value.faults
    assert [rule in fault.zh and rule in fault.en for rule, fault in zip(rules, faults, strict=True)] == [True] * 5
    assert all(is_chinese(fault.zh) for fault in faults), faults
    proposal = await proposed(office, laxer, "穗中法〔2026〕99号（虚构）")
    findings = (await policy_proposal_view(office.platform, proposal))["findings"]
    assert [rule in finding["en"] for rule, finding in zip(rules, findings, strict=True)] == [True] * 5


async def test_a_slower_warning_needs_a_document_too(office: Office) -> None:
    slower = policy_document(rung_1=4, rung_2=5)
    slower["warning"] |= {"business_day": 3, "informs": ["holder", "department_leader"]}
    slower["ladder"]["intermediate"][0]["business_day"] = 4
    with pytest.raises(Refused) as refused:
        await propose_policy(office.platform, slower, None, call(await operator(office)))
    assert "warning.business_day is slower than 2 business days" in refused.value.faults[0].en


async def test_the_same_policy_and_one_that_cannot_stand_are_refused(office: Office) -> None:
    for document, says in (
        (policy_document(), "This is the policy in force."),
        (policy_document() | {"cut_off": "25:00"}, "cut_off must be a time of day such as 08:30."),
        ({"version": 1}, "warning is missing."),
    ):
        with pytest.raises(Refused) as refused:
            await propose_policy(office.platform, document, None, call(await operator(office)))
        assert refused.value.faults[0].en == says
        assert is_chinese(refused.value.faults[0].zh)
    assert await office.count(Proposal) == 0


async def test_one_person_cannot_do_both_and_an_outdated_one_is_proposed_again(office: Office) -> None:
    mine, other = await chamber(office), await chamber(office, 2)
    own = (await propose_policy(office.platform, STRICTER, None, call(mine))).body["id"]
    with pytest.raises(Refused, match="One proposes, another approves"):
        await approve_policy(office.platform, own, False, call(mine))
    outdated = await proposed(office, policy_document() | {"spread_minutes": 20})
    assert (await policy_proposal_view(office.platform, outdated))["comparison"] is not None
    assert await listed_as_outdated(office, ProposalKind.POLICY) == {own: False, outdated: False}
    await approve_policy(office.platform, own, False, call(other))
    assert await listed_as_outdated(office, ProposalKind.POLICY) == {outdated: True}
    assert (await policy_proposal_view(office.platform, outdated))["comparison"] is None
    with pytest.raises(Refused, match="It was checked against version 1, and 2 is in force; propose again"):
        await approve_policy(office.platform, outdated, False, call(other))


async def test_only_the_intermediate_court_approves(office: Office) -> None:
    proposal = await proposed(office)
    for scope in (Scope(KeyRole.CHAMBER, "chamber-0104", court="0104"), await operator(office, 2)):
        with pytest.raises(Refused) as refused:
            await approve_policy(office.platform, proposal, False, call(scope))
        assert refused.value.slug is Slug.FORBIDDEN and is_chinese(refused.value.zh)
        assert refused.value.en == "Only the Case Filing Chamber of the Intermediate Court approves a policy."
    answer = await approve_policy(office.platform, proposal, False, call(Scope(KeyRole.CHAMBER, "chamber", court="01")))
    assert answer.body["made_version"] == 2


async def test_a_policy_of_a_later_release_is_proposed_where_people_decide(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await approve_policy(office.platform, await proposed(office), False, call(await chamber(office)))
    later = policy_document() | {"version": 2, "spread_minutes": 15}
    monkeypatch.setattr(provisioning, "_packaged_policy_document", lambda: later)
    for _ in range(2):
        assert (await seed_packaged_rules(office.platform.db, office.clock.now)).policy == 2
    kind = ProposalKind.POLICY
    [item] = (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"]
    assert (item["source"], item["proposed_by"], item["document"]["version"]) == ("packaged", "platform", 3)
    # Outdated by another version, it is proposed again, and once rejected it stays so.
    other = await proposed(office, policy_document() | {"spread_minutes": 20})
    await approve_policy(office.platform, other, False, call(await chamber(office)))
    await seed_packaged_rules(office.platform.db, office.clock.now)
    [again] = (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"]
    assert (again["id"] != item["id"], again["base_version"]) == (True, 3)
    await deciding.reject(office.platform, kind, again["id"], "not yet", call(await chamber(office)))
    await seed_packaged_rules(office.platform.db, office.clock.now)
    assert (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"] == []


async def test_an_unknown_version_is_not_found(office: Office) -> None:
    with pytest.raises(Refused) as refused:
        await policy_version_view(office.platform, 9)
    assert refused.value.slug is Slug.NOT_FOUND
