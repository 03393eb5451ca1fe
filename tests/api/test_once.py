"""``Idempotency-Key`` over HTTP (design section 8): one key, one request, one answer."""

import asyncio
import json
from typing import Any

import pytest

from liaison.db.inbox import settle_action
from liaison.policy.words import ActionState
from tests.api.conftest import City


@pytest.fixture
def city(either_city: City) -> City:
    """On both databases."""
    return either_city


async def test_the_same_key_and_body_give_the_stored_answer(city: City, body: dict[str, Any]) -> None:
    first = await city.send(body, once="same-1")
    before = await city.counts()
    # Other spelling of the same JSON: other order, other spacing, escapes.
    respelt = json.dumps(dict(reversed(body.items())), indent=3, ensure_ascii=True).encode()
    again = await city.send(respelt, once="same-1", **{"Content-Type": "application/json"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"] == f"/v1/requests/{first.json()['reference']}"
    assert await city.counts() == before


async def test_the_same_key_with_another_body_is_refused(city: City, body: dict[str, Any]) -> None:
    await city.send(body, once="other-1")
    before = await city.counts()
    answer = await city.send(body | {"content": "另一件事"}, once="other-1")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert await city.counts() == before


async def test_fifty_at_once_with_one_key_make_one_request(city: City, body: dict[str, Any]) -> None:
    before = await city.counts()
    answers = await asyncio.gather(*(city.send(body, once="fifty") for _ in range(50)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 49 + [201]
    assert len({answer.json()["reference"] for answer in answers}) == 1
    assert (await city.counts())["Request"] == before["Request"] + 1


@pytest.mark.parametrize("value", ["", "a b", "x" * 201, "tab\there"])
async def test_a_post_needs_a_usable_key(city: City, body: dict[str, Any], value: str) -> None:
    before = await city.counts()
    headers = {"Authorization": f"Bearer {city.credentials.channel_key}"} | (
        {"Idempotency-Key": value} if value else {}
    )
    answer = await city.http.post("/v1/requests", json=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/idempotency-key-missing")
    assert await city.counts() == before


async def test_an_action_posted_without_a_key_is_refused(city: City, body: dict[str, Any]) -> None:
    reference = (await city.send(body)).json()["reference"]
    answer = await city.http.post(
        f"/v1/requests/{reference}/withdrawals",
        json={},
        headers={"Authorization": f"Bearer {city.credentials.channel_key}"},
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/idempotency-key-missing")


async def test_a_key_belongs_to_one_operation(city: City, body: dict[str, Any]) -> None:
    one, other = [(await city.send(body)).json()["reference"] for _ in range(2)]
    key = city.credentials.clerk_key
    first = await city.post(f"/v1/requests/{one}/withdrawals", {}, key=key, once="w-1")
    # Another spelling of the reference is the same operation; another request is not.
    again = await city.post(f"/v1/requests/{one.lower().replace('-', '')}/withdrawals", {}, key=key, once="w-1")
    elsewhere = await city.post(f"/v1/requests/{other}/withdrawals", {}, key=key, once="w-1")
    assert (first.status_code, again.status_code, elsewhere.status_code) == (202, 200, 422)
    assert again.json() == first.json()
    assert elsewhere.json()["type"] == "/problems/idempotency-key-reused"


async def test_a_repetition_hears_what_has_become_of_an_action_that_waited(city: City, body: dict[str, Any]) -> None:
    main = (await city.send(body)).json()["reference"]
    # The same matter: what is done to it is done to the main one, and shown under its own reference.
    attached = (await city.send(body)).json()["reference"]
    path, key = f"/v1/requests/{attached}/withdrawals", city.credentials.clerk_key
    first = await city.post(path, {}, key=key, once=f"waited-{attached}")
    assert (first.status_code, first.json()["state"]) == (202, "pending")
    assert first.json() == (await city.post(path, {}, key=key, once=f"waited-{attached}")).json()
    async with city.platform.db.write() as session:
        await settle_action(session, first.json()["id"], ActionState.ACCEPTED, city.platform.clock())

    again = await city.post(path, {}, key=key, once=f"waited-{attached}")
    assert (again.status_code, again.json()["state"]) == (200, "accepted")
    assert again.headers["location"] == first.headers["location"]
    assert again.json() == (await city.get(again.headers["location"], key=key)).json()
    assert main != attached == again.json()["reference"]
