"""Every kind of bad input (issue line L62): status, type, pointer, and nothing changed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tests.api.conftest import City

INVALID = (422, "/problems/invalid-request")
Body = dict[str, Any]


class Row(NamedTuple):
    """One change to a good body and the place the answer must point at."""

    name: str
    change: Callable[[Body], object]
    pointer: str


def put(**values: Any) -> Callable[[Body], object]:
    """Set fields."""
    return lambda body: body.update(values)


def party(**values: Any) -> Callable[[Body], object]:
    """Set fields of the party."""
    return lambda body: body["party"].update(values)


def hours_from_now(hours: float) -> str:
    """An instant as a channel would write it."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


ROWS = (
    Row("unknown court", put(court="9999"), "/court"),
    Row("court that is a number", put(court=104), "/court"),
    Row("unknown category", put(category="gossip"), "/category"),
    Row("discipline report", put(category="discipline_report"), "/category"),
    Row("unknown channel", put(channel="telegraph"), "/channel"),
    Row("unknown field", put(colour="red"), "/colour"),
    Row("unknown field with a slash", put(**{"a/b~c": 1}), "/a~1b~0c"),
    Row("unknown field of the party", party(age=30), "/party/age"),
    Row("missing channel", lambda body: body.pop("channel"), "/channel"),
    Row("missing party", lambda body: body.pop("party"), "/party"),
    Row("party that is a list", put(party=[]), "/party"),
    Row("missing phone", lambda body: body["party"].pop("phone"), "/party/phone"),
    Row("malformed phone", party(phone="12"), "/party/phone"),
    Row("letters for a phone", party(phone="call me"), "/party/phone"),
    Row("unknown role", party(role="king"), "/party/role"),
    Row("unknown language", party(language="fr"), "/party/language"),
    Row("blank name", party(name="　"), "/party/name"),
    Row("malformed case number", put(case_number="粤0104民初1234"), "/case_number"),
    Row("unknown department", put(department="0104-d-moon"), "/department"),
    Row("judge of no court", put(judge="0104-j99"), "/judge"),
    Row("nobody complained of", put(category="complaint", about=["0104-j99"]), "/about/0"),
    Row("about that is a text", put(about="0104-j01"), "/about"),
    Row("unknown wish", put(asks_for="president"), "/asks_for"),
    Row("answer to an ordinary request", put(answer="已当场答复当事人，请放心。"), "/answer"),
    Row("date without time", put(received_at="2026-09-18"), "/received_at"),
    Row("time in words", put(received_at="yesterday"), "/received_at"),
    Row("time as a number", put(received_at=1789000000), "/received_at"),
    Row("time that never was", put(received_at="2026-02-30T10:00:00+08:00"), "/received_at"),
    Row("full-width digits in a time", put(received_at="２０２６-09-18T10:00:00+08:00"), "/received_at"),
    Row("naive time", put(received_at="2026-09-18T09:30:00"), "/received_at"),
    Row("first instant of all", put(received_at="0001-01-01T00:00:00+08:00"), "/received_at"),
    # Said when it is sent: a busy machine comes to it minutes after it was collected.
    Row("six minutes ahead", lambda body: put(received_at=hours_from_now(0.1))(body), "/received_at"),
    Row("seventy-three hours back", put(received_at=hours_from_now(-73)), "/received_at"),
    Row("empty content", put(content=""), "/content"),
    Row("blank content", put(content=" \t\n　\u200b"), "/content"),
    Row("5,001 characters", put(content="请" * 5001), "/content"),
    Row("content that is null", put(content=None), "/content"),
    Row("NUL", put(content="before\x00after"), "/content"),
    Row("lone surrogate", put(content="before\ud800after"), "/content"),
    Row("NUL in the party's name", party(name="张\x00三"), "/party/name"),
    Row("lone surrogate in a field's name", put(**{"\ud800": 1}), "/?"),
    Row("lone surrogate in a list", put(about=["\udfff"]), "/about/0"),
)


def as_json(body: Any) -> bytes:
    """JSON in which lone surrogates are escaped, as a careless client sends them."""
    return json.dumps(body, ensure_ascii=True).encode()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_fault_is_told_by_its_place_and_nothing_changes(city: City, body: Body, row: Row) -> None:
    row.change(body)
    before = await city.counts()
    answer = await city.send(as_json(body), **{"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == INVALID
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [row.pointer]
    assert all(fault["detail"] for fault in answer.json()["errors"])
    assert answer.headers["content-type"] == "application/problem+json"
    assert await city.counts() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[" * 60_000, b'{"channel":NaN}', b'{"court":"0104","court":"0105"}', b'"\xff"', b"1" * 5000],
    ids=["empty", "cut", "too deep", "NaN", "doubled field", "not UTF-8", "endless number"],
)
async def test_what_is_not_json_is_malformed(city: City, content: bytes) -> None:
    before = await city.counts()
    answer = await city.send(content, **{"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-json")
    assert await city.counts() == before


@pytest.mark.parametrize("value", [[], "text", 7, None, True])
async def test_a_body_that_is_no_object_points_at_the_whole(city: City, value: Any) -> None:
    answer = await city.send(as_json(value))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "")


async def test_all_faults_come_at_once_those_of_shape_and_those_of_substance(city: City, body: Body) -> None:
    body.pop("content")
    body.update(court="9999", channel="telegraph", colour="red", case_number="77", received_at=hours_from_now(-100))
    body["party"].update(phone="12", role="king")
    answer = await city.send(body)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/content",
        "/court",
        "/channel",
        "/colour",
        "/case_number",
        "/received_at",
        "/party/phone",
        "/party/role",
    }


async def test_nothing_is_said_about_a_field_that_a_faulty_one_decides(city: City, body: Body) -> None:
    body.update(court=104, judge="0104-j03", department="0104-d-moon")
    answer = await city.send(body)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/court"]


async def test_64_kib_are_the_limit_declared_or_not(city: City, body: Body) -> None:
    async def in_pieces() -> Any:
        for _ in range(70):
            yield b" " * 1024

    before = await city.counts()
    body["content"] = "a" * 70_000
    declared = await city.send(body)
    piecemeal = await city.http.post(
        "/v1/requests",
        content=in_pieces(),
        headers={"Authorization": f"Bearer {city.credentials.channel_key}", "Idempotency-Key": "piecemeal"},
    )
    assert [a.status_code for a in (declared, piecemeal)] == [413, 413]
    assert [a.json()["type"] for a in (declared, piecemeal)] == ["/problems/too-large"] * 2
    assert await city.counts() == before


async def test_another_media_type_is_refused(city: City) -> None:
    answer = await city.send(b"channel=web", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")


async def test_rare_characters_and_full_width_digits_are_taken_as_they_are_meant(city: City, body: Body) -> None:
    body["content"] = "𠮷𪚥" * 2500
    body["party"].update(name="𠮷田", phone="１３８　００１３　８０００")
    body.update(case_number="(2026)粤０１０４民初 77 号")
    answer = await city.send(body)
    assert answer.status_code == 201, answer.text
