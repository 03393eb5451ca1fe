"""Registration: what is written, what is refused, and that one key makes one request."""

import asyncio
import socket
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from liaison.contract.reference import parse_reference
from liaison.db.access import find_api_key
from liaison.db.inbox import action_texts
from liaison.db.tables import Action, Plan, Request
from liaison.db.texts import CONTENT, data_key, read_contact, read_text
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, ActionState, AsksFor, Category, Channel, PartyRole
from liaison.services import starting
from liaison.services.errors import Refused, Slug
from liaison.services.intake import accept_request
from liaison.services.platform import Platform
from liaison.services.starting import START_SECONDS
from tests.services.office import HOLDER, MORNING, Office, days, fresh_case, fresh_key, intake, lazy_client

MARKERS = ("标记人甲", "13987654321", "标记内容何时开庭", "QCMARKER9", "民初98765", "标记答复请于周三来院")


async def test_the_answer_has_the_shape_and_dates_of_the_plan(office: Office) -> None:
    answer = await office.accept()
    assert answer.status == 201
    assert answer.location == f"/v1/requests/{answer.body['reference']}"
    assert parse_reference(answer.body["reference"]) == answer.body["reference"]
    assert {name: answer.body[name] for name in ("procedure", "stage", "outcome", "holder", "supervision")} == {
        "procedure": "ordinary", "stage": "registered", "outcome": None, "holder": None, "supervision": None,
    }  # fmt: skip
    assert answer.body["received_at"] == "2026-09-18T10:00:00+08:00"
    # The make-up Sunday 2026-09-20 counts, the holiday of 25 to 27 September does not.
    assert [(d["rung"], d["business_day"], d["due_on"]) for d in answer.body["deadlines"]] == [
        (0, 2, "2026-09-21"), (1, 3, "2026-09-22"), (2, 5, "2026-09-24"), (3, 7, "2026-09-29"), (4, 8, "2026-09-30"),
    ]  # fmt: skip
    assert answer.body["deadlines"][0]["due_at"] == "2026-09-22T00:00:00+08:00"
    assert set(answer.body) == {
        "reference", "procedure", "stage", "outcome", "received_at", "holder", "supervision", "deadlines",
        "calendar_version", "policy_version",
    }  # fmt: skip


async def test_one_transaction_writes_every_part(either_office: Office) -> None:
    office, case = either_office, fresh_case()
    reference = await office.submit(case_number=case, query_code="Q1", party_role=PartyRole.LAWYER)
    request = await office.request(reference)
    async with office.platform.db.read() as session:
        key = await data_key(session, office.platform.ring, reference)
        assert await read_text(session, key, reference, CONTENT) == intake().content
        party = await read_contact(session, office.platform.ring, reference)
        plan = await session.get_one(Plan, (reference, 1))
    assert (party.phone, party.role, party.case_number) == ("+8613912345678", "lawyer", case)
    assert request.run_id is None
    assert request.next_due_at is not None and request.next_due_at.isoformat() == plan.rungs[0]["due_at"]
    assert request.triage_reason.startswith("contact with the judge")
    assert await office.events(reference) == [("intake", "registered")]


async def test_a_summary_request_is_due_when_its_first_business_day_ends(office: Office) -> None:
    office.clock.now = MORNING + days(1)
    reference = await office.submit(category=Category.CONSULTATION, judge=None)
    request = await office.request(reference)
    async with office.platform.db.read() as session:
        plan = await session.get_one(Plan, (reference, 1))
    assert (request.procedure, plan.answer_due_on) == ("summary", "2026-09-20")
    assert request.next_due_at is not None and request.next_due_at.isoformat() == "2026-09-20T16:00:00+00:00"


async def test_no_column_holds_a_name_number_or_text_in_the_clear(office: Office) -> None:
    changes: dict[str, Any] = {
        "party_name": MARKERS[0], "phone": MARKERS[1], "content": f"{MARKERS[2]}？", "query_code": MARKERS[3],
        "case_number": f"（2026）粤0104{MARKERS[4]}号", "answer": f"{MARKERS[5]}。",
    }  # fmt: skip
    reference = await office.submit(**changes, category=Category.CONSULTATION, judge=None)
    ordinary = await office.submit(**changes | {"answer": None}, category=Category.COMPLAINT, asks_for=AsksFor.JUDGE)
    await office.dispatch(ordinary)
    await office.reply(await office.judge("0104-j01"), ordinary, f"{MARKERS[5]}，谢谢。")
    path = Path(office.platform.db.url.removeprefix("sqlite+aiosqlite:///"))
    dump = b"".join(file.read_bytes() for file in path.parent.glob("liaison.db*"))
    assert reference.encode() in dump and ordinary.encode() in dump
    for marker in MARKERS:
        for spelling in (marker.encode(), marker.encode("utf-16-le"), ascii(marker)[1:-1].encode()):
            assert spelling not in dump


async def test_an_answer_given_on_the_spot_waits_for_the_workflow(office: Office) -> None:
    reference = await office.submit(category=Category.CONSULTATION, judge=None, answer="请携带身份证原件到窗口办理。")
    async with office.platform.db.read() as session:
        action = (await session.exec(select(Action).where(Action.reference == reference))).one()
        texts = await action_texts(session, office.platform.ring, reference, [action.id])
    assert (action.kind, action.state) == (ActionKind.ANSWER, ActionState.PENDING)
    assert texts[action.id] == {"kind": "text", "text": "请携带身份证原件到窗口办理。"}


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"court": "9999"}, ["/court", "/judge"]),
        ({"department": "0105-d-civil1"}, ["/department"]),
        ({"judge": "0105-j01"}, ["/judge"]),
        ({"judge": "0104-a01"}, ["/judge"]),
        ({"judge": "0104-d-civil1"}, ["/judge"]),
        ({"about": ("0104-j01", "nobody")}, ["/about/1"]),
        ({"phone": "12345"}, ["/party/phone"]),
        ({"case_number": "第1234号"}, ["/case_number"]),
        ({"received_at": MORNING.replace(tzinfo=None)}, ["/received_at"]),
        ({"received_at": MORNING + timedelta(minutes=5, seconds=1)}, ["/received_at"]),
        ({"received_at": MORNING - timedelta(hours=72, seconds=1)}, ["/received_at"]),
        ({"category": Category.DISCIPLINE_REPORT}, ["/category"]),
        ({"answer": "请于周三来院领取材料。"}, ["/answer"]),
        ({"category": Category.CONSULTATION, "answer": "好的"}, ["/answer"]),
        ({"category": Category.CONSULTATION, "answer": intake().content + "?"}, ["/answer"]),
        (
            {"court": "9999", "department": "x", "judge": "y", "about": ("z",), "phone": "1", "case_number": "2"},
            ["/court", "/department", "/judge", "/about/0", "/party/phone", "/case_number"],
        ),
    ],
)
async def test_every_fault_is_told_at_once_and_nothing_is_written(
    office: Office, changes: dict[str, Any], pointers: list[str]
) -> None:
    with pytest.raises(Refused) as refused:
        await office.accept(**changes)
    assert refused.value.slug is Slug.INVALID
    assert [fault.pointer for fault in refused.value.faults] == pointers
    assert all(fault.zh and fault.en for fault in refused.value.faults)
    assert await office.count(Request) == 0


@pytest.mark.parametrize("shift", [timedelta(minutes=5), -timedelta(hours=72)])
async def test_the_bounds_of_the_time_of_receipt_belong_to_it(office: Office, shift: timedelta) -> None:
    answer = await office.accept(received_at=MORNING + shift)
    assert answer.status == 201


async def test_a_key_submits_through_its_own_channels_only(office: Office) -> None:
    async with office.platform.db.write() as session:
        key = await find_api_key(session, (await office.channel()).key_id)
        assert key is not None
        key.channels, key.court = ["web"], None
    office.platform.known_keys.clear()  # what two seconds do
    with pytest.raises(Refused) as refused:
        await office.accept(channel=Channel.HALL)
    assert [fault.pointer for fault in refused.value.faults] == ["/channel"]
    assert (await office.accept(channel=Channel.WEB)).status == 201


async def test_only_channels_submit(office: Office) -> None:
    for scope in (await office.clerk(), await office.judge("0104-j01"), await office.leader("0104-l02")):
        with pytest.raises(Refused) as refused:
            await accept_request(office.platform, scope, intake(), fresh_key(), "f")
        assert refused.value.slug is Slug.FORBIDDEN


async def test_a_repetition_hears_the_stored_answer(either_office: Office) -> None:
    key = fresh_key()
    first = await either_office.accept(key)
    await either_office.dispatch(first.body["reference"])
    # Long after, when the time of receipt alone would be refused.
    again = await either_office.accept(key, received_at=MORNING - days(30))
    assert (first.status, again.status) == (201, 200)
    assert (again.body, again.location) == (first.body, first.location)


async def test_a_key_used_for_another_body_is_refused(office: Office) -> None:
    key = fresh_key()
    await office.accept(key)
    with pytest.raises(Refused) as refused:
        await office.accept(key, fingerprint="other")
    assert refused.value.slug is Slug.KEY_REUSED
    assert await office.count(Request) == 1


async def test_fifty_concurrent_posts_with_one_key_make_one_request(either_office: Office) -> None:
    office, key, before = either_office, fresh_key(), await either_office.count(Request)
    answers = await asyncio.gather(*(office.accept(key) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] * 49 + [201]
    assert all(answer.body == answers[0].body and answer.location == answers[0].location for answer in answers)
    assert await office.count(Request) == before + 1


async def test_the_same_matter_is_attached_while_it_is_open(either_office: Office) -> None:
    office, case = either_office, fresh_case()
    main = await office.accept(case_number=case)
    office.clock.now = MORNING + days(3)
    second = await office.accept(case_number=case.replace("（", "(").replace("）", ")"), phone="+86 139 1234 5678")
    assert second.status == 201
    assert second.body["attached_to"] == main.body["reference"]
    assert second.body["reference"] != main.body["reference"]
    assert second.body["deadlines"] == main.body["deadlines"]
    row = await office.request(second.body["reference"])
    assert row.next_due_at is None and row.run_id is not None
    assert await office.events(second.body["reference"]) == [("intake", "registered"), ("intake", "attached")]
    assert await office.events(main.body["reference"]) == [("intake", "registered"), ("intake", "attached")]


@pytest.mark.parametrize("changes", [{"case_number": None}, {"phone": "13900000001"}, {"category": Category.COMPLAINT}])
async def test_another_matter_is_never_attached(office: Office, changes: dict[str, Any]) -> None:
    case = fresh_case()
    await office.accept(case_number=changes.get("case_number", case))
    assert "attached_to" not in (await office.accept(None, **{"case_number": case} | changes)).body


async def test_a_matter_asked_about_anew_after_closure_has_its_own_course(office: Office) -> None:
    case = fresh_case()
    await office.close(await office.submit(case_number=case))
    assert "attached_to" not in (await office.accept(case_number=case)).body


async def test_concurrent_requests_of_one_matter_have_one_clock(either_office: Office) -> None:
    office, case = either_office, fresh_case()
    answers = await asyncio.gather(*(office.accept(case_number=case) for _ in range(20)))
    mains = [answer.body["reference"] for answer in answers if "attached_to" not in answer.body]
    assert [answer.status for answer in answers] == [201] * 20
    assert len(mains) == 1
    assert {answer.body["attached_to"] for answer in answers if "attached_to" in answer.body} == set(mains)
    async with office.platform.db.read() as session:
        rows = await session.exec(select(Request).where(col(Request.attached_to) == mains[0]))
        assert len(rows.all()) == 19


async def test_without_temporal_intake_answers_at_once(office: Office) -> None:
    scope = await office.channel()
    for _ in range(5):
        assert await _seconds_to_accept(office.platform, scope) < START_SECONDS / 2


async def test_a_temporal_that_takes_calls_and_never_answers_costs_two_seconds_once(
    sqlite_home: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "START_SECONDS", START_SECONDS)
    monkeypatch.setattr("liaison.services.platform.BREAK_SECONDS", 60.0)  # all others fall within it
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        stuck = replace(office.platform, client=await lazy_client(address, sqlite_home))
        scope = await office.channel()
        first, *others = [await _seconds_to_accept(stuck, scope) for _ in range(5)]
        assert 0.9 * START_SECONDS < first < 2 * START_SECONDS, "one wait takes so long, two take longer"
        assert max(others) < START_SECONDS / 2


async def _seconds_to_accept(platform: Platform, scope: Scope) -> float:
    began = time.monotonic()
    answer = await accept_request(platform, scope, intake(), fresh_key(), "f")
    assert answer.status == 201
    return time.monotonic() - began


async def test_a_complaint_by_name_is_not_attached_to_what_the_accused_may_hold(office: Office) -> None:
    case = fresh_case()
    first = await office.submit(category=Category.COMPLAINT, case_number=case)
    second = await office.submit(category=Category.COMPLAINT, case_number=case, about=(HOLDER,))
    again = await office.submit(category=Category.COMPLAINT, case_number=case, about=(HOLDER,))
    assert [(await office.request(each)).attached_to for each in (first, second, again)] == [None, None, second]
