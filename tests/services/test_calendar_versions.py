"""A notice is proposed by one person and approved by another; from then on every process counts with it (C01-C03)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from calendars.core import packaged_versions
from calendars.notice import Notice, notice_document, parse_notice
from calendars.packaged import packaged_notices
from liaison.db.errors import CalendarDamaged
from liaison.db.rulebook import Rulebook
from liaison.db.seeding import VersionChanged
from liaison.db.tables import CalendarVersion, Plan, PolicyVersion, Proposal, Replan
from liaison.policy.words import ProposalKind, ProposalState
from liaison.release import release
from liaison.services import calendar_versions, deciding, provisioning
from liaison.services.calendar_versions import approve_notice, notice_proposal_view, propose_notice, version_view
from liaison.services.closures import enter_closure
from liaison.services.errors import Refused, Slug
from liaison.services.notice_sources import NoticeInput
from liaison.services.platform import Platform
from liaison.services.provisioning import seed_packaged_rules
from liaison.services.views import deadlines_view
from tests.chinese import is_chinese
from tests.services.office import MORNING, Office
from tests.services.rules import (
    amendment_2026,
    call,
    chamber,
    closure,
    given,
    invented_2027,
    listed_as_outdated,
    operator,
)

PACKAGED = len(packaged_notices())


async def proposed(office: Office, document: dict[str, Any]) -> str:
    answer = await propose_notice(office.platform, given(document), call(await operator(office)))
    assert answer.status == 201
    return str(answer.body["id"])


async def approved(office: Office, document: dict[str, Any]) -> int:
    """Number of the version that a notice became."""
    answer = await approve_notice(office.platform, await proposed(office, document), call(await operator(office, 2)))
    return int(answer.body["made_version"])


async def row(office: Office, number: int) -> CalendarVersion:
    async with office.platform.db.read() as session:
        return await session.get_one(CalendarVersion, number)


async def test_a_notice_becomes_the_next_version_by_two_people(either_office: Office) -> None:
    office = either_office
    before = await deadlines_view(office.platform, datetime(2026, 12, 30, 2, tzinfo=UTC), "0104")
    assert {due["provisional"] for due in before["deadlines"]} == {True}
    number = before["calendar_version"] + 1

    proposal = await proposed(office, invented_2027())
    shown = await notice_proposal_view(office.platform, proposal)
    assert (shown["state"], shown["base_version"], shown["proposed_by"]) == (
        "proposed",
        number - 1,
        "sample-operator-1",
    )
    comparison = shown["comparison"]
    assert comparison["announced_until"] == {"before": "2026-12-31", "after": "2027-12-31"}
    changed = {day["on"]: (day["before"]["works"], day["after"]["works"]) for day in comparison["days"]}
    # Of the statutory days everybody knew; a notice adds days in lieu and make-up days.
    assert changed["2027-02-20"] == (False, True)
    assert changed["2027-05-03"] == (True, False)
    assert "2027-01-01" not in changed
    assert [finding["step"] for finding in shown["findings"]] == ["second_source"]
    assert "does not know 2027" in shown["findings"][0]["en"]

    answer = await approve_notice(office.platform, proposal, call(await operator(office, 2)))
    assert (answer.status, answer.body["made_version"]) == (201, number)
    assert answer.location == f"/v1/calendar/versions/{number}"
    version = await row(office, number)
    assert (version.proposed_by, version.approved_by) == ("sample-operator-1", "sample-operator-2")
    assert (version.final_until, version.proposal) == ("2027-12-31", proposal)
    assert version.reason == "为测试而虚构的2027年放假安排，并非国务院办公厅通知 虚构〔2026〕0号"
    async with office.platform.db.read() as session:
        replan = await session.get_one(Replan, f"replan-calendar-{number}")
        assert (replan.calendar_version, replan.policy_version, replan.finished_at) == (number, None, None)

    after = await deadlines_view(office.platform, datetime(2026, 12, 30, 2, tzinfo=UTC), "0104")
    assert after["calendar_version"] == number
    assert {due["provisional"] for due in after["deadlines"]} == {False}
    decided = await notice_proposal_view(office.platform, proposal)
    assert (decided["state"], decided["decided_by"], decided["comparison"]) == ("approved", "sample-operator-2", None)


async def test_every_notice_says_who_entered_and_who_approved_it(office: Office) -> None:
    """For what ships with the program its release stands; a later closure changes neither name."""
    await approved(office, amendment_2026())
    entered = await enter_closure(office.platform, None, closure("2026-09-21"), call(await chamber(office)))
    *packaged, amendment = (await version_view(office.platform, entered.body["made_version"]))["notices"]
    assert {(each["entered_by"], each["approved_by"]) for each in packaged} == {(f"release {release()}", None)}
    assert amendment == amendment_2026() | {"text_sha256": None} | {
        "entered_by": "sample-operator-1",
        "approved_by": "sample-operator-2",
    }
    first = await version_view(office.platform, 1)
    assert (first["proposed_by"], first["approved_by"]) == (f"release {release()}", None)
    stored = await row(office, entered.body["made_version"])
    assert "entered_by" not in stored.notices[-1], "beside what the checksum was made of"


async def test_another_process_counts_with_it_at_once(office: Office) -> None:
    platform = office.platform
    elsewhere = Platform(platform.db, platform.ring, Rulebook(), platform.client, platform.clock)
    question = (datetime(2026, 9, 28, 2, tzinfo=UTC), "0104")
    old = await deadlines_view(elsewhere, *question)
    number = await approved(office, amendment_2026())
    new = await deadlines_view(elsewhere, *question)
    assert (old["calendar_version"], new["calendar_version"]) == (PACKAGED, number)
    # Monday 28 Sept, 3rd business day: 29, 30 Sept, then 8 Oct as announced, 9 Oct as amended.
    assert [due["due_on"] for due in old["deadlines"]][1] == "2026-10-08"
    assert [due["due_on"] for due in new["deadlines"]][1] == "2026-10-09"


async def test_a_request_registered_after_it_is_counted_with_it(office: Office) -> None:
    office.clock.now = datetime(2026, 9, 28, 2, tzinfo=UTC)
    old = await office.submit(case_number=None)
    number = await approved(office, amendment_2026())
    new = await office.submit(case_number=None)
    async with office.platform.db.read() as session:
        plans = [await session.get_one(Plan, (reference, 1)) for reference in (old, new)]
    assert [(plan.calendar_version, plan.rungs[1]["due_on"]) for plan in plans] == [
        (PACKAGED, "2026-10-08"),
        (number, "2026-10-09"),
    ]


async def test_how_many_open_requests_may_move_is_counted(office: Office) -> None:
    office.clock.now = datetime(2026, 9, 28, 2, tzinfo=UTC)
    [await office.submit(case_number=None) for _ in range(3)]
    office.clock.now = datetime(2026, 9, 1, 2, tzinfo=UTC)
    await office.submit(case_number=None)
    closed = await office.submit(case_number=None)
    await office.close(closed)
    office.clock.now = MORNING
    shown = await notice_proposal_view(office.platform, await proposed(office, amendment_2026()))
    assert shown["comparison"]["open_requests"] == 3
    assert [day["on"] for day in shown["comparison"]["days"]] == ["2026-10-08"]
    assert shown["comparison"]["days"][0]["after"]["en"].startswith("Thursday, day off for National Day")
    steps = [finding["step"] for finding in shown["findings"]]
    assert steps == ["year_formula", "announced_days", "second_source"]
    disagreement = shown["findings"][-1]
    assert (disagreement["day"], disagreement["ours"], disagreement["theirs"]) == ("2026-10-08", False, True)
    assert disagreement["source"] == "holidays" and "invented: a day given for good" in shown["findings"][0]["en"]


async def forget(office: Office, *numbers: int) -> None:
    async with office.platform.db.write() as session:
        for number in numbers:
            await session.delete(await session.get_one(CalendarVersion, number))


async def test_the_package_is_no_second_source_for_itself(office: Office) -> None:
    await forget(office, PACKAGED)
    source = NoticeInput("holidays", year=2026, published_on=date(2025, 11, 4))
    answer = await propose_notice(office.platform, source, call(await operator(office)))
    [finding] = answer.body["findings"]
    assert finding["en"].endswith("comes from the package holidays and there is no other, so nothing was compared.")
    assert is_chinese(finding["zh"]) and "未作比对" in finding["zh"]

    typed_in = given(notice_document(packaged_notices()[-1]))
    [compared] = (await propose_notice(office.platform, typed_in, call(await operator(office)))).body["findings"]
    assert compared["en"] == "Second source: the package holidays agrees on every day from 2025-12-01 to 2026-12-31."


async def test_the_december_before_is_compared_too(office: Office) -> None:
    await forget(office, PACKAGED)
    document = notice_document(packaged_notices()[-1])
    new_year = document["holidays"][0]
    # A make-up day of January moved to a Saturday of December: the sum still holds.
    assert new_year["work"] == ["2026-01-04"]
    new_year["work"] = ["2025-12-27"]
    answer = await propose_notice(office.platform, given(document), call(await operator(office)))
    second = [finding for finding in answer.body["findings"] if finding["step"] == "second_source"]
    differing = [(finding["day"], finding["ours"], finding["theirs"]) for finding in second]
    assert differing == [("2025-12-27", True, False), ("2026-01-04", False, True)]


async def test_one_person_cannot_do_both(office: Office) -> None:
    proposal = await proposed(office, invented_2027())
    with pytest.raises(Refused) as refused:
        await approve_notice(office.platform, proposal, call(await operator(office)))
    assert (refused.value.slug, refused.value.en) == (
        Slug.FORBIDDEN,
        "One proposes, another approves: this proposal is your own.",
    )
    assert await office.count(CalendarVersion) == PACKAGED


async def test_an_outdated_proposal_is_proposed_again(office: Office) -> None:
    outdated = await proposed(office, invented_2027())
    assert await listed_as_outdated(office, ProposalKind.NOTICE) == {outdated: False}
    number = await approved(office, amendment_2026())
    assert (await listed_as_outdated(office, ProposalKind.NOTICE))[outdated]
    shown = await notice_proposal_view(office.platform, outdated)
    assert shown["comparison"] is None
    with pytest.raises(Refused) as refused:
        await approve_notice(office.platform, outdated, call(await operator(office, 2)))
    assert refused.value.slug is Slug.CONFLICT
    assert refused.value.en == (f"It was checked against version {PACKAGED}, and {number} is in force; propose again.")
    assert await approved(office, invented_2027()) == number + 1


async def test_approving_twice_changes_nothing(office: Office) -> None:
    proposal, second = await proposed(office, invented_2027()), await operator(office, 2)
    first = await approve_notice(office.platform, proposal, call(second, "one key"))
    same_key = await approve_notice(office.platform, proposal, call(second, "one key"))
    other_key = await approve_notice(office.platform, proposal, call(second))
    assert same_key.status == 200
    assert same_key.body == first.body == other_key.body
    assert await office.count(CalendarVersion) == PACKAGED + 1
    assert await office.count(Replan) == 1


async def test_a_rejected_proposal_stays_rejected(office: Office) -> None:
    proposal, second = await proposed(office, invented_2027()), await operator(office, 2)
    kind = deciding.ProposalKind.NOTICE
    rejected = await deciding.reject(office.platform, kind, proposal, "typing errors", call(second))
    again = await deciding.reject(office.platform, kind, proposal, "another reason", call(second))
    assert (rejected.body["state"], rejected.body["reason"]) == ("rejected", "typing errors")
    assert again.body == rejected.body
    with pytest.raises(Refused, match="It was rejected; propose again"):
        await approve_notice(office.platform, proposal, call(second))
    number = await approved(office, invented_2027())
    [taken] = [
        item["id"] for item in (await deciding.proposals_view(office.platform, kind, ProposalState.APPROVED))["items"]
    ]
    with pytest.raises(Refused, match=f"It was approved and is version {number}"):
        await deciding.reject(office.platform, kind, taken, "too late", call(second))


def a_date_twice(document: dict[str, Any]) -> None:
    document["holidays"][1]["off"].append("2027-02-12")


def a_make_up_wednesday(document: dict[str, Any]) -> None:
    document["holidays"][1]["work"] = ["2027-02-03", "2027-02-20"]


def an_empty_year(document: dict[str, Any]) -> None:
    document["holidays"] = []


def a_sum_that_does_not_hold(document: dict[str, Any]) -> None:
    document["holidays"][-1]["work"] = ["2027-09-26"]


def a_statutory_day_worked(document: dict[str, Any]) -> None:
    document["holidays"][1] |= {"off": ["2027-02-05/2027-02-07", "2027-02-09/2027-02-12"], "work": ["2027-01-31"]}


def an_announced_year(document: dict[str, Any]) -> None:
    document |= notice_document(packaged_notices()[-1]) | {"published_on": "2026-09-01"}


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (a_date_twice, "names 2027-02-12 2 times"),
        (a_make_up_wednesday, "2027-02-03 is no weekend day, so it cannot be a make-up working day"),
        (an_empty_year, "for 2027 names no day off"),
        (a_sum_that_does_not_hold, "gives 2027 247 business days"),
        (a_statutory_day_worked, "2027-02-08 is a day off by law (Spring Festival) and would be worked"),
        (an_announced_year, "2026 is announced by the notice of 2025-11-04; only an amendment may change it"),
    ],
)
async def test_a_notice_that_cannot_stand_is_refused_in_a_sentence(
    office: Office, spoil: Callable[[dict[str, Any]], None], says: str
) -> None:
    document = invented_2027()
    spoil(document)
    with pytest.raises(Refused) as refused:
        await propose_notice(office.platform, given(document), call(await operator(office)))
    assert refused.value.slug is Slug.INVALID
    assert any(says in fault.en for fault in refused.value.faults), refused.value.faults
    for fault in refused.value.faults:
        assert fault.pointer == "/document"
        assert not fault.en[0].islower() and fault.en.endswith(".")
        assert fault.zh.endswith("。") and is_chinese(fault.zh), fault.zh
    assert await office.count(Proposal) == 0


ANNOUNCED = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (NoticeInput("holidays", year=2027, published_on=ANNOUNCED), "knows no notice for 2027"),
        (NoticeInput("holidays", year=2026, published_on=ANNOUNCED), "2026 is announced by the notice of 2025-11-04"),
        (NoticeInput("json_feed", text='{"year": 2027, "days": []}', published_on=ANNOUNCED), "no day of 2027"),
        (NoticeInput("json_feed", text="{", published_on=ANNOUNCED), "The feed is not JSON"),
        (NoticeInput("json_feed", text=" " * 1_000_001, published_on=ANNOUNCED), "The feed is larger than 1 MB"),
        (NoticeInput("holidays", year=99999, published_on=ANNOUNCED), "The year must lie between 2019 and 2040"),
        (
            NoticeInput(
                "icalendar",
                text="BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:元旦\r\n"
                "DTSTART;VALUE=DATE:20270101\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                year=2027,
                published_on=ANNOUNCED,
            ),
            "RRULE",
        ),
    ],
)
async def test_a_source_that_cannot_be_used_is_refused_in_a_sentence(
    office: Office, source: NoticeInput, says: str
) -> None:
    with pytest.raises(Refused) as refused:
        await propose_notice(office.platform, source, call(await operator(office)))
    [fault] = refused.value.faults
    assert says in fault.en and is_chinese(fault.zh), fault
    assert await office.count(Proposal) == 0


async def test_a_feed_proposes_a_year(office: Office) -> None:
    days = [
        {"name": holiday["zh"], "date": day, "isOffDay": off}
        for holiday in invented_2027()["holidays"]
        for off, spans in ((True, holiday["off"]), (False, holiday["work"]))
        for span in spans
        for day in _days(span)
    ]
    text = json.dumps({"year": 2027, "papers": ["https://example.invalid/2027"], "days": days})
    source = NoticeInput("json_feed", text=text, published_on=date(2026, 11, 30))
    answer = await propose_notice(office.platform, source, call(await operator(office)))
    number = (await approve_notice(office.platform, answer.body["id"], call(await operator(office, 2)))).body[
        "made_version"
    ]
    by_feed = (await row(office, number)).checksum
    typed_in = packaged_versions([*packaged_notices(), notice_2027()])[-1].checksum
    assert by_feed == typed_in


def notice_2027() -> Notice:
    return parse_notice(invented_2027())


def _days(span: str) -> list[str]:
    first, _, last = span.partition("/")
    start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    return [(start + timedelta(days=offset)).isoformat() for offset in range((end - start).days + 1)]


# What ships with the program -----------------------------------------------------------------------------------------


async def test_the_notice_of_a_later_release_is_a_version_while_nobody_has_approved_anything(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provisioning, "packaged_notices", lambda: (*packaged_notices(), notice_2027()))
    versions = await seed_packaged_rules(office.platform.db, office.clock.now)
    assert (versions.calendar, versions.other_notices) == (PACKAGED + 1, ())
    async with office.platform.db.read() as session:
        assert [replan.id for replan in await session.exec(select(Replan))] == [f"replan-calendar-{PACKAGED + 1}"]
    assert await office.count(Proposal) == 0


async def test_where_people_decide_it_is_a_proposal(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await approved(office, amendment_2026())
    await seed_packaged_rules(office.platform.db, office.clock.now)
    monkeypatch.setattr(provisioning, "packaged_notices", lambda: (*packaged_notices(), notice_2027()))
    for _ in range(2):
        versions = await seed_packaged_rules(office.platform.db, office.clock.now)
        assert versions.calendar == number
    kind = deciding.ProposalKind.NOTICE
    [item] = (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"]
    assert (item["source"], item["proposed_by"], item["base_version"]) == ("packaged", "platform", number)

    amended = await approved(office, amendment_2026("2026-09-17", "2026-10-07"))
    await seed_packaged_rules(office.platform.db, office.clock.now)
    [again] = (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"]
    assert (again["id"] != item["id"], again["base_version"]) == (True, amended)
    answer = await approve_notice(office.platform, again["id"], call(await operator(office)))
    assert answer.body["made_version"] == amended + 1
    await seed_packaged_rules(office.platform.db, office.clock.now)
    assert (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"] == []


async def test_what_was_rejected_is_not_proposed_at_every_start(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await approved(office, amendment_2026())
    monkeypatch.setattr(provisioning, "packaged_notices", lambda: (*packaged_notices(), notice_2027()))
    await seed_packaged_rules(office.platform.db, office.clock.now)
    kind = deciding.ProposalKind.NOTICE
    [item] = (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"]
    await deciding.reject(office.platform, kind, item["id"], "not yet", call(await operator(office)))
    await seed_packaged_rules(office.platform.db, office.clock.now)
    assert (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"] == []


async def test_a_packaged_notice_that_contradicts_the_people_stops_no_start(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await approved(office, invented_2027())
    another = notice_2027()
    other_date = replace(another, published_on=date(2026, 12, 1))
    monkeypatch.setattr(provisioning, "packaged_notices", lambda: (*packaged_notices(), other_date))
    assert (await seed_packaged_rules(office.platform.db, office.clock.now)).calendar == number
    kind = deciding.ProposalKind.NOTICE
    assert (await deciding.proposals_view(office.platform, kind, ProposalState.PROPOSED))["items"] == []


async def test_a_packaged_version_that_changed_is_refused(office: Office) -> None:
    async with office.platform.db.write() as session:
        (await session.get_one(CalendarVersion, 3)).checksum = "0" * 64
    with pytest.raises(VersionChanged, match="calendar version 3"):
        await seed_packaged_rules(office.platform.db, office.clock.now)


def another_checksum(version: CalendarVersion) -> None:
    version.checksum = "0" * 64


def one_day_less(version: CalendarVersion) -> None:
    version.closures = [{"id": "nobody's", "court": None, "days": ["2026-09-21"]}]


def a_notice_without_days(version: CalendarVersion) -> None:
    version.notices = [*version.notices[:-1], {**version.notices[-1], "holidays": []}]


@pytest.mark.parametrize("damage", [another_checksum, one_day_less, a_notice_without_days])
async def test_nothing_is_counted_with_a_version_that_is_not_what_was_approved(
    office: Office, damage: Callable[[CalendarVersion], None]
) -> None:
    async with office.platform.db.write() as session:
        damage(await session.get_one(CalendarVersion, PACKAGED))
    elsewhere = replace(office.platform, rulebook=Rulebook())
    async with elsewhere.db.read() as session:
        assert await elsewhere.rulebook.damaged_calendars(session) == [PACKAGED]
        kept = await elsewhere.rulebook.calendar(session, PACKAGED - 1)
        assert kept.number == PACKAGED - 1
        assert await elsewhere.rulebook.calendar(session, PACKAGED - 1) is kept, "read once"
    with pytest.raises(CalendarDamaged, match=f"calendar version {PACKAGED} in the database"):
        await deadlines_view(elsewhere, datetime(2026, 9, 28, 2, tzinfo=UTC), "0104")
    with pytest.raises(CalendarDamaged):
        await propose_notice(elsewhere, given(invented_2027()), call(await operator(office)))
    with pytest.raises(CalendarDamaged):
        await enter_closure(elsewhere, None, closure("2026-09-22"), call(await chamber(office)))


async def test_a_book_whose_last_notice_is_old_takes_requests(office: Office) -> None:
    """In 2027 with the notice of 2025 as the last: everything is provisional, nothing fails (C31)."""
    await forget(office, PACKAGED - 1, PACKAGED)
    versions = await calendar_versions.versions_view(office.platform)
    office.clock.now = datetime(2027, 3, 1, 2, tzinfo=UTC)
    answer = await office.accept()
    assert versions["items"][-1]["number"] == answer.body["calendar_version"]
    assert versions["items"][-1]["announced_until"] < "2027"
    assert {due["provisional"] for due in answer.body["deadlines"]} == {True}
    assert await office.count(PolicyVersion) == 1
