"""Deliveries, ratings, the call list and clerks' items over HTTP: who may, what is refused, what is kept (M12, M33)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ulid import ULID

from liaison.db.record import lock_request
from liaison.db.tables import AnswerDelivery, FollowUp, RequestText
from liaison.policy.delivery import LANDLINE
from liaison.policy.message_words import DeliveryState
from liaison.policy.words import EventKind, Outcome, Stage
from tests.api.conftest import City
from tests.api.test_actions import held

GIST = "已在电话中向当事人宣读答复全文。"


@pytest.fixture
def city(either_city: City) -> City:
    """On both databases."""
    return either_city


async def _answered(city: City, body: dict[str, Any], state: DeliveryState = DeliveryState.TO_CALL) -> tuple[str, str]:
    """A request whose written answer no message could bring, and its judge."""
    reference, judge, _ = await held(city, body)
    await _close(city, reference, Outcome.REPLIED)
    now = datetime.now(UTC)
    row = AnswerDelivery(reference=reference, action_id=str(ULID()), court="0104", state=state, since=now)
    row.to_call_since, row.to_call_reason = now, LANDLINE
    async with city.platform.db.write() as session:
        session.add(row)
    return reference, judge


async def _close(city: City, reference: str, outcome: Outcome) -> None:
    async with city.platform.db.write() as session:
        request = await lock_request(session, reference)
        request.stage, request.outcome, request.closed_at = Stage.CLOSED, outcome, datetime.now(UTC)
        request.open_matter = None


def _call(**changes: Any) -> dict[str, Any]:
    return {"means": "call", "number": "020-83210001", "time": datetime.now(UTC).isoformat(), "gist": GIST} | changes


async def test_a_clerk_sees_whom_to_call_and_puts_the_call_on_record(city: City, body: dict[str, Any]) -> None:
    reference, _ = await _answered(city, body)
    clerk, path = city.credentials.clerk_key, f"/v1/requests/{reference}/deliveries"
    calls = (await city.get("/v1/call-list?limit=200", key=clerk)).json()["items"]
    [mine] = [item for item in calls if item["reference"] == reference]
    assert mine["party"]["phone"] == "+8613800138000"
    operator = (
        await city.get("/v1/call-list?limit=200", key=next(iter(city.credentials.operator_keys.values())))
    ).json()["items"]
    assert [item["party"] for item in operator if item["reference"] == reference] == [None]
    first = await city.post(path, (told := _call()), key=clerk, once=f"told-{reference}")
    assert (first.status_code, first.json()["state"], first.json()["means"]) == (201, "made", "call")
    again = await city.post(path, told, key=clerk, once=f"told-{reference}")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await city.post(path, _call(), key=clerk)).status_code == 409
    [shown] = (await city.get(path, key=clerk)).json()["items"]
    assert shown["text"] == {"number": "020-83210001", "gist": GIST}
    assert "text" not in (await city.get(path, key=city.credentials.channel_key)).json()["items"][0]
    calls = (await city.get("/v1/call-list?limit=200", key=clerk)).json()["items"]
    assert reference not in [item["reference"] for item in calls]
    events = (await city.get(f"/v1/requests/{reference}/events", key=clerk)).json()["items"]
    assert [event["detail"]["means"] for event in events if event["kind"] == EventKind.ANSWER_MADE] == ["call"]


async def test_the_holder_hands_it_over_and_a_stranger_does_not(city: City, body: dict[str, Any]) -> None:
    reference, judge = await _answered(city, body)
    path = f"/v1/requests/{reference}/deliveries"
    given = {
        "means": "hand_over",
        "to": "张三",
        "time": datetime.now(UTC).isoformat(),
        "gist": "书面答复一份，当面签收。",
    }
    roster_keys = city.credentials.judge_keys
    stranger = next(key for name, key in roster_keys.items() if name.startswith("0105"))
    assert (await city.post(path, given, key=stranger)).status_code in (403, 404)
    assert (await city.post(path, given, key=roster_keys[judge])).status_code == 201


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"number": "12"}, "/number"),
        ({"time": (datetime.now(UTC) + timedelta(days=2)).isoformat()}, "/time"),
        ({"time": "2020-01-01T00:00:00+08:00"}, "/time"),
        ({"means": "message"}, "/means"),
        ({"gist": " "}, "/gist"),
        ({"to": "张三"}, "/to"),
    ],
)
async def test_a_faulty_record_is_refused_and_changes_nothing(
    city: City, body: dict[str, Any], changes: dict[str, Any], pointer: str
) -> None:
    reference, _ = await _answered(city, body)
    before = await city.counts()
    refused = await city.post(f"/v1/requests/{reference}/deliveries", _call(**changes), key=city.credentials.clerk_key)
    assert refused.status_code in (400, 422), refused.text
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]
    assert await city.counts() == before


async def test_a_channel_rates_once_in_its_own_words(city: City, body: dict[str, Any]) -> None:
    reference, _, _ = await held(city, body)
    channel, path = city.credentials.channel_key, f"/v1/requests/{reference}/ratings"
    assert (await city.post(path, {"rating": 1}, key=channel)).status_code == 409
    await _close(city, reference, Outcome.REPLIED)
    for faulty in ({}, {"rating": 4}, {"rating": 1, "no_answer": True}, {"rating": "1"}, {"rating": 1, "stars": 5}):
        assert (await city.post(path, faulty, key=channel)).status_code in (400, 422), faulty
    words = "法官一直没有回电"
    rated = await city.post(path, {"no_answer": True, "comment": words}, key=channel)
    assert (rated.status_code, rated.json()["state"], rated.json()["rating"]) == (201, "not_answered", None)
    assert (await city.post(path, {"rating": 1}, key=channel)).status_code == 409
    [shown] = (await city.get(path, key=city.credentials.clerk_key)).json()["items"]
    assert shown["text"] == words
    async with city.platform.db.read() as session:
        kept = await session.get_one(RequestText, (reference, await _subject(city, reference)))
    assert words.encode() not in kept.sealed


async def _subject(city: City, reference: str) -> str:
    async with city.platform.db.read() as session:
        return str((await session.get_one(FollowUp, reference)).said_under)


async def test_what_was_withdrawn_is_not_rated(city: City, body: dict[str, Any]) -> None:
    reference, _, _ = await held(city, body)
    await _close(city, reference, Outcome.WITHDRAWN)
    refused = await city.post(f"/v1/requests/{reference}/ratings", {"rating": 2}, key=city.credentials.channel_key)
    assert refused.status_code == 409


async def test_a_clerk_is_done_with_what_he_was_to_look_at(city: City, body: dict[str, Any]) -> None:
    reference, _, _ = await held(city, body)
    await _close(city, reference, Outcome.REPLIED)
    keys, words, note = city.credentials, "法官一直没有回电", {"note": "已致电当事人，另行登记"}
    rated = await city.post(
        f"/v1/requests/{reference}/ratings", {"no_answer": True, "comment": words}, key=keys.channel_key
    )
    assert rated.status_code == 201
    chamber, operator = (next(iter(some.values())) for some in (keys.chamber_keys, keys.operator_keys))
    [item], *others = [await _items(city, reference, key) for key in (keys.clerk_key, chamber, operator)]
    assert others == [[item], [item]]
    assert (item["kind"], item["done_at"], words in str(item)) == ("redo_offered", None, False)
    path, before = f"/v1/clerk-items/{item['id']}/completions", await city.counts()
    for faulty in ({}, {"note": " "}, {"note": "长" * 201}, note | {"done_at": "now"}):
        assert (await city.post(path, faulty, key=keys.clerk_key)).status_code == 422, faulty
    unknown = await city.post(path.replace(str(item["id"]), str(2**31 - 1)), note, key=keys.clerk_key)
    assert (unknown.status_code, await city.counts()) == (404, before)
    done = await city.post(path, note, key=keys.clerk_key, once=f"done-{reference}")
    assert (done.status_code, done.json()["id"], done.json()["reason"]) == (201, item["id"], item["reason"])
    again = await city.post(path, note, key=keys.clerk_key, once=f"done-{reference}")
    assert (again.status_code, again.json()) == (200, done.json())
    assert (await city.post(path, note, key=keys.clerk_key)).status_code == 409
    assert await _items(city, reference, keys.clerk_key) == []
    events = (await city.get(f"/v1/requests/{reference}/events", key=keys.clerk_key)).json()["items"]
    said = [event["detail"] for event in events if event["kind"] == EventKind.CLERK_ITEM_DONE]
    assert said == [{"item": item["id"], **note}]


async def _items(city: City, reference: str, key: str) -> list[dict[str, Any]]:
    """What clerks are to look at, of one request, as the holder of a key sees it."""
    items = (await city.get("/v1/clerk-items?limit=200", key=key)).json()["items"]
    return [item for item in items if item["reference"] == reference]
