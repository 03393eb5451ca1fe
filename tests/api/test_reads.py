"""What is shown: shapes as described, any spelling of a reference, pages, filters."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ulid import ULID

from api.models.views import (
    ActionView,
    ContentView,
    DeadlinesView,
    EventView,
    Feed,
    MessageView,
    Page,
    RegisterFaultView,
    RequestView,
    SupervisionView,
)
from liaison.db.messages import PARTY
from liaison.db.record import record_unreachable
from liaison.db.tables import Message, RungRecord
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.recipients import FaultKind
from liaison.policy.words import Language, Post
from tests.api.conftest import City
from tests.api.test_actions import held


@pytest.fixture
def city(either_city: City) -> City:
    """On both databases."""
    return either_city


async def test_a_registered_request_has_the_shape_and_the_dates_of_its_plan(city: City, body: dict[str, Any]) -> None:
    answer = await city.send(body | {"received_at": None})
    shown = answer.json()
    RequestView.model_validate(shown)
    assert "attached_to" not in shown
    assert (shown["stage"], shown["procedure"], shown["outcome"], shown["holder"]) == (
        *("registered", "ordinary", None, None),
    )
    assert [d["business_day"] for d in shown["deadlines"]] == [2, 3, 5, 7, 8]
    for instant in (shown["received_at"], *(d["due_at"] for d in shown["deadlines"])):
        assert datetime.fromisoformat(instant).utcoffset() == timedelta(hours=8)
    again = await city.get(answer.headers["location"], key=city.credentials.channel_key)
    assert (again.status_code, again.json()) == (200, shown)


def without_hyphens(reference: str) -> str:
    """As typed in a hurry."""
    return reference.replace("-", "")


def with_lookalikes(reference: str) -> str:
    """As read from a bad print."""
    return reference.replace("0", "O").replace("1", "l")


@pytest.mark.parametrize("spell", [str.lower, without_hyphens, with_lookalikes])
async def test_a_reference_may_be_spelt_as_people_do(city: City, body: dict[str, Any], spell: Any) -> None:
    reference = (await city.send(body)).json()["reference"]
    answer = await city.get(f"/v1/requests/{spell(reference)}", key=city.credentials.clerk_key)
    assert answer.json()["reference"] == reference


async def test_a_typing_error_in_a_reference_is_not_found(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    wrong = reference[:-1] + ("A" if reference[-1] != "A" else "B")
    answer = await city.get(f"/v1/requests/{wrong}", key=city.credentials.clerk_key)
    assert answer.status_code == 404
    assert "last letter" in answer.json()["detail"]


async def test_the_question_is_read_by_its_holder_and_its_channel_and_by_nobody_else(
    city: City, body: dict[str, Any]
) -> None:
    reference, holder, stranger = await held(city, body | {"about": ["0104-j04"]})
    path, keys = f"/v1/requests/{reference}/content", city.credentials
    for key in (keys.judge_keys[holder], keys.channel_key, keys.clerk_key):
        answer = await city.get(path, key=key)
        ContentView.model_validate(answer.json())
        assert answer.json() == {
            "reference": reference,
            "content": body["content"],
            "case_number": None,
            "party": body["party"] | {"phone": "+8613800138000"},
            "about": ["0104-j04"],
        }
        assert answer.headers["cache-control"] == "no-store"
    operator = next(iter(keys.operator_keys.values()))
    for key in (keys.judge_keys[stranger], operator):
        answer = await city.get(path, key=key)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
        assert body["content"] not in answer.text
    elsewhere = next(key for judge, key in keys.judge_keys.items() if judge.startswith("0105"))
    assert (await city.get(path, key=elsewhere)).json()["type"] == "/problems/not-found"


async def test_the_record_of_a_request_begins_with_its_registration(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    page = (await city.get(f"/v1/requests/{reference}/events", key=city.credentials.channel_key)).json()
    Page[EventView].model_validate(page)
    assert [event["kind"] for event in page["items"]] == ["registered"]


async def test_a_channel_follows_all_its_requests_in_one_list(city: City, body: dict[str, Any]) -> None:
    key = city.credentials.channel_key
    first = (await city.send(body)).json()["reference"]
    seen, cursor = [], ""
    while (page := (await city.get(f"/v1/events?limit=200{cursor}", key=key)).json())["items"]:
        Feed.model_validate(page)
        seen += page["items"]
        cursor = f"&after={page['next_cursor']}"
    assert first in {line["reference"] for line in seen}
    second = (await city.send(body)).json()["reference"]
    new = (await city.get(f"/v1/events?limit=200{cursor}", key=key)).json()["items"]
    assert [(line["reference"], line["kind"]) for line in new] == [(second, "registered")]
    refused = await city.get("/v1/events?after=AA==", key=key)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/after")


async def test_pages_follow_one_another_without_gap_or_repetition(city: City, body: dict[str, Any]) -> None:
    mine = {(await city.send(body | {"court": "0118"})).json()["reference"] for _ in range(5)}
    seen: list[str] = []
    cursor = ""
    while True:
        query = f"?court=0118&limit=2{cursor}"
        page = (await city.get(f"/v1/requests{query}", key=city.credentials.clerk_key)).json()
        Page[RequestView].model_validate(page)
        seen += [item["reference"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == mine


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=many", "/limit"),
        ("stage=lost", "/stage"),
        ("due_before=2026-09-18", "/due_before"),
        ("overdue=perhaps", "/overdue"),
        ("colour=red", "/colour"),
        ("cursor=!!!", "/cursor"),
        ("cursor=%E8%AF%89", "/cursor"),
        ("cursor=AA==", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("cursor=", "/cursor"),
        ("court=%00", "/court"),
        ("holder=", "/holder"),
    ],
)
async def test_a_bad_parameter_is_told_by_its_name(city: City, query: str, pointer: str) -> None:
    answer = await city.get(f"/v1/requests?{query}", key=city.credentials.clerk_key)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_deadlines_of_a_request_nobody_has_made(city: City) -> None:
    answer = await city.get(
        "/v1/calendar/deadlines?received_at=2026-09-18T09:30:00%2B08:00&court=0104", key=city.credentials.channel_key
    )
    unescaped = await city.get(
        "/v1/calendar/deadlines?received_at=2026-09-18T09:30:00+08:00&court=0104", key=city.credentials.channel_key
    )
    DeadlinesView.model_validate(answer.json())
    assert unescaped.json() == answer.json()
    # 2026-09-20 is a make-up Sunday, 25 to 27 September are Mid-Autumn, 1 to 7 October the National Day holiday.
    assert [d["due_on"] for d in answer.json()["deadlines"]] == [
        *("2026-09-21", "2026-09-22", "2026-09-24", "2026-09-29", "2026-09-30"),
    ]


async def test_deadlines_need_a_known_court_and_a_time_with_offset(city: City) -> None:
    answer = await city.get(
        "/v1/calendar/deadlines?received_at=2026-09-18T09:30:00&court=9999", key=city.credentials.channel_key
    )
    assert answer.json()["errors"][0]["pointer"] == "/received_at"
    answer = await city.get(
        "/v1/calendar/deadlines?received_at=2026-09-18T09:30:00Z&court=9999", key=city.credentials.channel_key
    )
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/court"]


async def test_an_action_given_while_temporal_is_down_is_kept_and_listed(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    key = city.credentials.clerk_key
    given = await city.post(f"/v1/requests/{reference}/withdrawals", {"reason": "已自行解决"}, key=key)
    assert (given.status_code, given.json()["state"]) == (202, "pending")
    one = await city.get(given.headers["location"], key=key)
    several = await city.get(f"/v1/requests/{reference}/withdrawals", key=key)
    ActionView.model_validate(one.json())
    Page[ActionView].model_validate(several.json())
    assert one.json()["id"] == several.json()["items"][0]["id"] == given.json()["id"]
    for unknown in (ULID(), "%00", "none"):
        answer = await city.get(f"/v1/requests/{reference}/withdrawals/{unknown}", key=key)
        assert answer.status_code == 404


async def test_messages_of_nobody_are_an_empty_page(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    page = (await city.get(f"/v1/messages?reference={reference}", key=city.credentials.clerk_key)).json()
    Page[MessageView].model_validate(page)
    assert page == {"items": [], "next_cursor": None}


async def test_a_message_is_shown_without_its_text(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    now = datetime.now(UTC)
    message = Message(
        id=str(ULID()),
        idempotency_key=f"{reference}:1",
        reference=reference,
        cause="registered",
        message_class=MessageClass.PARTY,
        template="registered",
        language=Language.ZH_CN,
        recipient="party",
        sealed_params=b"sealed",
        reserved_at=now,
        send_after=now,
    )
    async with city.platform.db.write() as session:
        session.add(message)
    page = (await city.get(f"/v1/messages?reference={reference}", key=city.credentials.clerk_key)).json()
    [shown] = Page[MessageView].model_validate(page).items
    assert (shown.recipient, shown.state) == ("party", MessageState.RESERVED)
    assert "13800138000" not in str(page)


async def test_the_register_of_faults_is_listed_the_newest_first(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    async with city.platform.db.write() as session:
        for subject in ("0104-j01", PARTY):
            await record_unreachable(session, reference, subject, datetime.now(UTC))
            await session.flush()
    key, found, path = next(iter(city.credentials.operator_keys.values())), [], "/v1/faults?limit=1"
    while path:
        page = (await city.get(path, key=key)).json()
        found += Page[RegisterFaultView].model_validate(page).items
        path = f"/v1/faults?limit=1&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    mine = [(fault.subject, fault.reason) for fault in found if fault.reference == reference]
    assert mine == [(PARTY, FaultKind.UNREACHABLE), ("0104-j01", FaultKind.UNREACHABLE)]


async def test_a_leader_reads_the_full_text_of_what_climbed_to_him(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    leader, key = next(iter(city.credentials.leader_keys.items()))
    now = datetime.now(UTC)
    rung = RungRecord(
        reference=reference,
        round=1,
        rung=1,
        post=Post.DEPARTMENT_LEADER,
        recipient=leader,
        due_at=now,
        recorded_at=now,
    )
    async with city.platform.db.write() as session:
        session.add(rung)
    [shown] = Page[SupervisionView].model_validate((await city.get("/v1/supervisions", key=key)).json()).items
    assert (shown.reference, shown.content, shown.rung) == (reference, body["content"], 1)
    [again] = Page[SupervisionView].model_validate((await city.get("/v1/supervisions", key=key)).json()).items
    assert again.opened_at == shown.opened_at
