"""Every day counted and passed over, by the versions a request's dates were made with (C10)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendars.packaged import packaged_notices
from liaison.db.claims import newest_plan
from liaison.db.plans import plan_row
from liaison.db.tables import Plan, Request, RungRecord
from liaison.policy.ladder import plan_ladder
from liaison.policy.words import Category, CourtLevel, Post
from liaison.services.calendar_versions import approve_notice, propose_notice
from liaison.services.closures import amend_closure, enter_closure
from liaison.services.errors import Refused, Slug
from liaison.services.explaining import explain_question, explain_request
from tests.chinese import is_chinese
from tests.city import shanghai
from tests.services.office import STRANGER_JUDGE, Office
from tests.services.rules import amendment_2026, call, chamber, closure, given, operator

PACKAGED = len(packaged_notices())
MONDAY = datetime(2026, 9, 28, 2, tzinfo=UTC)
"""28 September 2026, 10:00 in Shanghai: the third business day lies behind National Day."""


async def approved(office: Office, document: dict[str, Any]) -> int:
    proposal = await propose_notice(office.platform, given(document), call(await operator(office)))
    answer = await approve_notice(office.platform, proposal.body["id"], call(await operator(office, 2)))
    return int(answer.body["made_version"])


async def replanned(office: Office, reference: str, **kept: str) -> None:
    """A plan by the newest rules, as the re-plan makes it; ``kept`` are rungs whose ``due_on`` is another."""
    async with office.platform.db.write() as session:
        request = await session.get_one(Request, reference)
        calendar, policy = await office.platform.rulebook.current(session)
        ladder = plan_ladder(
            received_at=request.received_at,
            court_level=CourtLevel.PRIMARY,
            reference=reference,
            court=request.court,
            calendar=calendar,
            policy=policy,
        )
        plan = plan_row(reference, 2, ladder, "amendment", office.clock.now)
        old = await newest_plan(session, request)
        for place, row in enumerate(plan.rungs):
            if (due_on := kept.get(f"rung_{row['rung']}")) == "old":
                plan.rungs[place] = old.rungs[place]
            elif due_on:
                plan.rungs[place] = {**row, "due_on": due_on}
        session.add(plan)
        request.plan = 2


async def fire(office: Office, reference: str, rung: int, due_at: str) -> None:
    async with office.platform.db.write() as session:
        session.add(
            RungRecord(
                reference=reference,
                round=1,
                rung=rung,
                post=Post.HOLDER,
                due_at=datetime.fromisoformat(due_at),
                recorded_at=datetime.fromisoformat(due_at) + timedelta(minutes=3),
            )
        )


async def test_every_day_is_told_with_its_reason_and_notice(either_office: Office) -> None:
    office = either_office
    office.clock.now = MONDAY
    reference = await office.submit(case_number=None)
    found = await explain_request(office.platform, await office.clerk(), reference)
    assert (found["reference"], found["day0"], found["court_level"]) == (reference, "2026-09-28", "primary")
    assert [(day["on"], day["counted"], day["reason"]) for day in found["days"][:4]] == [
        ("2026-09-29", 1, "week"),
        ("2026-09-30", 2, "week"),
        ("2026-10-01", None, "holiday"),
        ("2026-10-02", None, "holiday"),
    ]
    by_date = {day["on"]: day for day in found["days"]}
    assert by_date["2026-10-10"] == {
        "on": "2026-10-10",
        "counted": 5,
        "reason": "make_up",
        "zh": "星期六，国庆节调休上班（2025-11-04公布的通知）",
        "en": "Saturday, worked in exchange for National Day (notice of 2025-11-04)",
        "notice": {
            "published_on": "2025-11-04",
            "doc_no": "国办发明电〔2025〕7号",
            "title": "国务院办公厅关于2026年部分节假日安排的通知",
            "url": "https://www.gov.cn/gongbao/2025/issue_12406/202511/content_7048922.html",
        },
        "closure": None,
        "announced": True,
    }
    assert [(due["rung"], due["business_day"], due["due_on"]) for due in found["deadlines"]] == [
        (0, 2, "2026-09-30"),
        (1, 3, "2026-10-08"),
        (2, 5, "2026-10-10"),
        (3, 7, "2026-10-13"),
        (4, 8, "2026-10-14"),
    ]
    for due in found["deadlines"]:
        assert (due["provisional"], due["earliest"], due["latest"], due["notes"]) == (
            False,
            due["due_on"],
            due["due_on"],
            [],
        )
    assert "第八条" in found["deadlines"][1]["rule"]["zh"] and "art. 8" in found["deadlines"][1]["rule"]["en"]


async def test_a_provisional_date_has_an_earliest_and_a_latest(office: Office) -> None:
    found = await explain_question(office.platform, datetime(2027, 1, 28, 2, tzinfo=UTC), "0104")
    assert found["reference"] is None
    last = found["deadlines"][-1]
    assert last["provisional"] is True
    assert last["earliest"] < last["due_on"] <= last["latest"]
    year_end = (await explain_question(office.platform, datetime(2026, 12, 24, 2, tzinfo=UTC), "0104"))["deadlines"]
    assert (year_end[0]["provisional"], year_end[0]["earliest"], year_end[0]["latest"]) == (
        False,
        year_end[0]["due_on"],
        year_end[0]["due_on"],
    )
    assert year_end[-1]["provisional"] is True


async def test_the_plans_own_version_explains_it_until_it_is_replanned(office: Office) -> None:
    office.clock.now = MONDAY
    reference, clerk = await office.submit(case_number=None), await office.clerk()
    number = await approved(office, amendment_2026())
    old = await explain_request(office.platform, clerk, reference)
    assert (old["calendar_version"], old["deadlines"][1]["due_on"]) == (PACKAGED, "2026-10-08")
    await replanned(office, reference)
    new = await explain_request(office.platform, clerk, reference)
    assert (new["calendar_version"], new["deadlines"][1]["due_on"]) == (number, "2026-10-09")
    [eighth] = [day for day in new["days"] if day["on"] == "2026-10-08"]
    assert (eighth["counted"], eighth["notice"]["doc_no"]) == (None, "虚构〔2026〕1号")


async def test_a_closed_day_names_its_closure_and_who_decided(office: Office) -> None:
    """The city's closure, amended since, takes the 21st off; the court's own that day, too, and the 22nd."""
    by = await chamber(office)
    first = await enter_closure(office.platform, None, closure("2026-09-22"), call(by))
    again = replace(closure("2026-09-21"), decided_by="Presidents' meeting 院长会议")
    city = (await amend_closure(office.platform, first.body["id"], again, call(by))).body["id"]
    days = closure("2026-09-21", "2026-09-22")
    of_court = (await enter_closure(office.platform, "0104", days, call(by))).body["id"]
    friday = datetime(2026, 9, 18, 2, tzinfo=UTC)
    found = await explain_question(office.platform, friday, "0104")
    by_date = {day["on"]: day for day in found["days"]}
    assert by_date["2026-09-20"]["closure"] is None
    assert by_date["2026-09-21"]["closure"]["id"] == city
    assert by_date["2026-09-21"]["closure"]["decided_by"] == "Presidents' meeting 院长会议"
    assert by_date["2026-09-22"] == {
        "on": "2026-09-22",
        "counted": None,
        "reason": "closure",
        "zh": f"星期二，停止办公，按休息日计（停止办公记录 {of_court}，Case Filing Chamber 立案庭决定，"
        "依据：Typhoon signal, invented 虚构）",
        "en": f"Tuesday, closed, counted as a day off (closure {of_court}, decided by Case Filing Chamber 立案庭, "
        "source: Typhoon signal, invented 虚构)",
        "notice": None,
        "closure": {
            "id": of_court,
            "decided_by": "Case Filing Chamber 立案庭",
            "source": "Typhoon signal, invented 虚构",
        },
        "announced": True,
    }
    elsewhere = await explain_question(office.platform, friday, "0105")
    assert [day["on"] for day in elsewhere["days"] if day["closure"]] == ["2026-09-21"]


async def test_a_rung_that_fired_was_right_under_its_version(office: Office) -> None:
    office.clock.now = MONDAY
    reference, clerk = await office.submit(case_number=None), await office.clerk()
    before = await explain_request(office.platform, clerk, reference)
    await fire(office, reference, 0, before["deadlines"][0]["due_at"])
    await fire(office, reference, 1, before["deadlines"][1]["due_at"])
    number = await approved(office, amendment_2026())
    await replanned(office, reference, rung_0="old", rung_1="old")
    warning, first, second, *_ = (await explain_request(office.platform, clerk, reference))["deadlines"]
    assert (first["due_on"], first["due_at"]) == ("2026-10-08", before["deadlines"][1]["due_at"])
    assert [note["en"] for note in first["notes"]] == [
        f"fired on 2026-10-09 00:03, right under version {PACKAGED}",
        f"by version {number} it would be 2026-10-09",
    ]
    assert f"按第{PACKAGED}版无误" in first["notes"][0]["zh"]
    assert [note["en"] for note in warning["notes"]] == [f"fired on 2026-10-01 00:03, right under version {PACKAGED}"]
    assert second["notes"] == []


async def test_a_date_that_was_put_off_says_so(office: Office) -> None:
    office.clock.now = MONDAY
    reference, clerk = await office.submit(case_number=None), await office.clerk()
    await replanned(office, reference, rung_1="2026-10-12")
    due = (await explain_request(office.platform, clerk, reference))["deadlines"][1]
    assert (due["due_on"], due["earliest"], due["latest"]) == ("2026-10-12", "2026-10-12", "2026-10-12")
    [note] = due["notes"]
    assert note["en"].startswith(f"by version {PACKAGED} it would be 2026-10-08, past already when that came")


async def test_a_summary_request_is_told_its_limit_to_be_answered(office: Office) -> None:
    office.clock.now = MONDAY
    clerk = await office.clerk()
    reference = await office.submit(category=Category.CONSULTATION, judge=None, case_number=None)
    answer = (await explain_request(office.platform, clerk, reference))["answer"]
    assert (answer["due_on"], answer["due_at"]) == ("2026-09-28", "2026-09-29T00:00:00+08:00")
    assert answer["rule"]["en"].startswith("Opinions art. 4: answered by the end of business day 1 on or after receipt")
    assert (answer["provisional"], answer["notes"]) == (False, [])
    ordinary = await office.submit(case_number=None)
    assert (await explain_request(office.platform, clerk, ordinary))["answer"] is None


async def test_the_limit_is_explained_by_its_own_days_from_that_of_receipt_on(office: Office) -> None:
    """Received on the make-up Sunday, and on a Friday that the chamber took off: those days are no day of a rung."""
    sunday = (await explain_question(office.platform, shanghai("2026-09-20 10:00"), "0104"))["answer"]
    [day] = sunday["days"]
    assert (sunday["due_on"], day["on"], day["counted"]) == ("2026-09-20", "2026-09-20", 1)
    assert (day["reason"], day["notice"]["published_on"]) == ("make_up", "2025-11-04")
    office.clock.now = shanghai("2026-09-18 10:00")
    entered = await enter_closure(
        office.platform,
        "0104",
        closure("2026-09-18", first="2026-09-18", last="2026-09-18"),
        call(await chamber(office)),
    )
    friday = (await explain_question(office.platform, office.clock.now, "0104"))["answer"]
    off, _, counted = friday["days"]
    assert (friday["due_on"], counted["on"]) == ("2026-09-20", "2026-09-20")
    assert (off["on"], off["counted"], off["closure"]["id"]) == ("2026-09-18", None, entered.body["id"])


async def test_a_provisional_limit_to_be_answered_has_an_earliest_and_a_latest(office: Office) -> None:
    """A Saturday before the Spring Festival of 2027, which the notice of that year may have worked."""
    saturday = datetime(2027, 1, 30, 2, tzinfo=UTC)
    office.clock.now = saturday
    clerk = await office.clerk()
    reference = await office.submit(category=Category.CONSULTATION, judge=None, case_number=None)
    answer = (await explain_request(office.platform, clerk, reference))["answer"]
    assert (answer["due_on"], answer["provisional"]) == ("2027-02-01", True)
    assert (answer["earliest"], answer["latest"], answer["notes"]) == ("2027-01-30", "2027-02-01", [])
    asked = (await explain_question(office.platform, saturday, "0104"))["answer"]
    [note] = asked["notes"]
    assert asked == {**answer, "notes": [note]}
    assert (note["en"], is_chinese(note["zh"])) == ("for a request in the summary procedure only", True)
    announced = (await explain_question(office.platform, MONDAY, "0104"))["answer"]
    assert (announced["due_on"], announced["provisional"]) == ("2026-09-28", False)
    assert (announced["earliest"], announced["latest"]) == ("2026-09-28", "2026-09-28")
    async with office.platform.db.write() as session:
        (await session.get_one(Plan, (reference, 1))).answer_due_on = "2027-02-02"
    put_off = (await explain_request(office.platform, clerk, reference))["answer"]
    assert (put_off["earliest"], put_off["due_on"], put_off["latest"]) == ("2027-02-02",) * 3
    assert put_off["provisional"] is True and "by version" in put_off["notes"][0]["en"]


async def test_who_may_not_see_the_request_is_told_nothing(office: Office) -> None:
    reference = await office.submit(case_number=None)
    with pytest.raises(Refused) as refused:
        await explain_request(office.platform, await office.judge(STRANGER_JUDGE), reference)
    assert refused.value.slug is Slug.NOT_FOUND


@pytest.mark.parametrize(
    ("received_at", "court", "pointer"),
    [(MONDAY, "9999", "/court"), (datetime(1999, 1, 1, tzinfo=UTC), "0104", "/received_at")],
)
async def test_a_question_that_cannot_be_answered_is_refused(
    office: Office, received_at: datetime, court: str, pointer: str
) -> None:
    with pytest.raises(Refused) as refused:
        await explain_question(office.platform, received_at, court)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
