"""``/callbacks``: on disk first, then the provider's own answer; to strangers there is no such address (M30)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import SQLModel, col, select

from api.bodies import LONGEST_OF_A_PROVIDER
from liaison.db.callbacks import open_callback
from liaison.db.messages import NO_REQUEST
from liaison.db.tables import Callback, InboundMessage, Message
from liaison.gateways.sms.aliyun_shapes import AliyunShapes
from liaison.gateways.sms.port import CallbackAnswer, Inbound, Receipt
from liaison.policy.message_words import CallbackKind, InboundState, MessageClass, MessageState, Mismatch
from liaison.policy.words import Language
from liaison.services import callbacks
from liaison.services.callback_tokens import TokenRefused, list_tokens, new_token, revoke_token
from liaison.services.callbacks import work_off_left_over
from liaison.services.platform import Platform
from tests.api.conftest import City

STRANGER = "13800139999"


class PickyShapes:
    """A provider that sends lines of its own and wants a number in JSON."""

    def read_replies(self, raw: bytes) -> tuple[Inbound, ...]:
        """``id|number|text`` a line."""
        lines = (line.split("|") for line in raw.decode().splitlines())
        return tuple(Inbound(id_, number, text, datetime.now(UTC)) for id_, number, text in lines)

    def read_receipts(self, raw: bytes) -> tuple[Receipt, ...]:
        """It sends none."""
        return ()

    def answer(self, kept: bool) -> CallbackAnswer:
        """0 is good."""
        return CallbackAnswer(json.dumps({"code": 0 if kept else 1}).encode(), "application/json")


@pytest.fixture
async def city(either_city: City) -> AsyncIterator[City]:
    """A city in which no token is good."""
    db = either_city.platform.db
    for row in await list_tokens(db):
        await revoke_token(db, row.id, datetime.now(UTC))
    yield either_city
    await _settle(either_city)


async def _token(city: City, gateway: str = "outbox") -> tuple[str, str]:
    """A token's id, and the token."""
    handed: list[str] = []
    row = await new_token(city.platform.db, gateway, datetime.now(UTC), handed.append)
    return row.id, handed[0]


async def _call(city: City, token: str, body: Any, kind: str = "replies", gateway: str = "outbox") -> Any:
    content = body if isinstance(body, bytes) else json.dumps({"messages": body}).encode()
    return await city.http.post(f"/callbacks/{gateway}/{token}/{kind}", content=content)


def _said(number: str = STRANGER, **changes: Any) -> dict[str, Any]:
    line = {"id": f"in-{time.perf_counter_ns()}", "from": number, "text": "你好，请回电。"}
    return line | {"sent_at": datetime.now(UTC).isoformat()} | changes


async def _rows(city: City, table: type[SQLModel]) -> list[Any]:
    async with city.platform.db.read() as session:
        return list((await session.exec(select(table).order_by(col(table.id).desc()).limit(20))).all())  # type: ignore[attr-defined]


async def _settle(city: City) -> None:
    """Wait for what goes on after the answers."""
    while city.platform.background:
        await asyncio.gather(*city.platform.background, return_exceptions=True)


@contextmanager
def _platform(city: City, **parts: Any) -> Iterator[Platform]:
    """The application with other parts for a while."""
    before: Platform = city.app.state.platform
    city.app.state.platform = replace(before, **parts)
    try:
        yield city.app.state.platform
    finally:
        city.app.state.platform = before


async def test_kept_sealed_and_answered_in_plain_words(city: City) -> None:
    _, token = await _token(city)
    line = _said()
    answer = await _call(city, token, [line])
    assert (answer.status_code, answer.json()) == (200, {"kept": True})
    assert "problem" not in answer.headers["content-type"]
    await _settle(city)
    callback = (await _rows(city, Callback))[0]
    assert callback.settled_at is not None
    assert (callback.gateway, callback.kind) == ("outbox", CallbackKind.REPLIES)
    assert STRANGER.encode() not in callback.sealed
    assert json.loads(open_callback(city.platform.ring, callback)) == {"messages": [line]}
    inbound = (await _rows(city, InboundMessage))[0]
    assert (inbound.provider_id, inbound.state, inbound.mismatch) == (
        line["id"],
        InboundState.UNMATCHED,
        Mismatch.UNKNOWN_NUMBER,
    )


async def test_told_of_twice_it_is_there_once(city: City) -> None:
    _, token = await _token(city)
    lines = [_said(), _said()]
    for body in (lines, lines[:1], [lines[1], *lines]):
        assert (await _call(city, token, body)).status_code == 200
    await _settle(city)
    ids = [row.provider_id for row in await _rows(city, InboundMessage)]
    assert [ids.count(line["id"]) for line in lines] == [1, 1]


async def test_each_provider_hears_its_own_answer(city: City) -> None:
    _, token = await _token(city)
    with _platform(city, shapes_of=lambda _: PickyShapes()) as platform:
        answer = await _call(city, token, f"picky-1|{STRANGER}|你好".encode())
        assert (answer.status_code, answer.json()) == (200, {"code": 0})
        assert answer.headers["content-type"] == "application/json"
        await asyncio.gather(*platform.background)
        with _full(platform):
            again = await _call(city, token, b"picky-2|1|x")
        assert (again.status_code, again.json()) == (503, {"code": 1})


async def test_to_strangers_there_is_no_such_address(city: City) -> None:
    token_id, token = await _token(city)
    kept = len(await _rows(city, Callback))
    for gateway, tried in (("outbox", "x" * 43), ("nobody", token), ("outbox", token.swapcase())):
        answer = await _call(city, tried, [_said()], gateway=gateway)
        assert (answer.status_code, answer.text) == (404, "not found")
    await revoke_token(city.platform.db, token_id, datetime.now(UTC))
    assert (await _call(city, token, [_said()])).status_code == 404
    assert len(await _rows(city, Callback)) == kept


async def test_two_tokens_are_good_and_none_is_kept(city: City) -> None:
    db = city.platform.db
    (first, old), (_, new) = await _token(city), await _token(city)
    assert {(await _call(city, token, [])).status_code for token in (old, new)} == {200}
    with pytest.raises(TokenRefused):
        await _token(city)
    await revoke_token(db, first, datetime.now(UTC))
    await _token(city)
    for refused in ("nobody", "../outbox"):
        with pytest.raises(TokenRefused):
            await _token(city, refused)
    kept = " ".join(row.model_dump_json() for row in await list_tokens(db))
    assert old not in kept
    assert new not in kept


async def test_a_provider_brings_as_much_as_it_has_gathered_and_no_more_than_a_megabyte(city: City) -> None:
    _, token = await _token(city)
    assert (await _call(city, token, b" " * LONGEST_OF_A_PROVIDER)).status_code == 200
    answer = await _call(city, token, b" " * (LONGEST_OF_A_PROVIDER + 1))
    assert (answer.status_code, answer.text) == (413, "too large")


@contextmanager
def _full(platform: Platform) -> Iterator[None]:
    storage = platform.storage
    room, storage._has_room = storage._has_room, False
    try:
        yield
    finally:
        storage._has_room = room


async def test_while_the_disk_is_full_the_provider_is_asked_to_repeat(city: City) -> None:
    _, token = await _token(city)
    with _full(city.platform):
        answer = await _call(city, token, [_said()])
    assert (answer.status_code, answer.json()) == (503, {"kept": False})
    assert (await _call(city, token, [_said()])).status_code == 200


async def test_while_the_database_is_away_too(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = await _token(city)

    def away() -> Any:
        raise OSError("no such host")

    with monkeypatch.context() as broken:
        broken.setattr(city.platform.db, "write", away)
        answer = await _call(city, token, [_said()])
    assert (answer.status_code, answer.json()) == (503, {"kept": False})
    with monkeypatch.context() as broken:
        broken.setattr(city.platform.db, "peek", away)
        assert (await _call(city, token, [_said()])).status_code == 503


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"{}", b"[1]", b'[{"id": 1}]', b"[[[[", "不是 JSON".encode()])
async def test_garbage_is_kept_and_put_away(city: City, body: bytes) -> None:
    """The provider would only repeat it: it has been heard, and somebody can look at it for seven days."""
    _, token = await _token(city)
    assert (await _call(city, token, body)).status_code == 200
    await _settle(city)
    callback = (await _rows(city, Callback))[0]
    assert callback.settled_at is not None
    assert callback.failure
    assert open_callback(city.platform.ring, callback) == body


async def test_what_a_dying_process_left_the_relay_works_off(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = await _token(city)
    line = _said()
    # As if it had died between commit and background.
    monkeypatch.setattr("liaison.services.callbacks._work_off_soon", lambda *_: None)
    assert (await _call(city, token, [line])).status_code == 200
    assert (await _rows(city, Callback))[0].settled_at is None
    later = replace(city.platform, clock=lambda: datetime.now(UTC) + timedelta(seconds=4))
    await work_off_left_over(later)
    assert (await _rows(city, Callback))[0].settled_at is not None
    assert (await _rows(city, InboundMessage))[0].provider_id == line["id"]


async def test_a_receipt_that_comes_before_its_message_is_tried_again(city: City) -> None:
    _, token = await _token(city)
    receipt = {"id": f"p-{time.perf_counter_ns()}", "state": "delivered", "at": datetime.now(UTC).isoformat()}
    assert (await _call(city, token, [receipt], kind="receipts")).status_code == 200
    await _settle(city)
    callback = (await _rows(city, Callback))[0]
    assert callback.settled_at is None
    assert callback.leased_until > datetime.now(UTC) + timedelta(seconds=5)


async def test_a_number_is_in_no_line_of_the_log(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    _, token = await _token(city)
    await _call(city, token, [_said()])
    await _call(city, token, b"[1]")
    await _settle(city)
    logged = capsys.readouterr()
    assert not any(secret in logged.out + logged.err for secret in (STRANGER, token, "请回电"))


async def test_a_message_that_breaks_us_holds_nobody_up(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = await _token(city)
    poison, good = _said(text="poison"), _said()
    take = callbacks.take_inbound

    async def breaking(platform: Platform, gateway: str, inbound: Inbound, arrived_at: datetime) -> None:
        if inbound.text == "poison":
            raise RuntimeError(inbound.provider_id)
        await take(platform, gateway, inbound, arrived_at)

    monkeypatch.setattr(callbacks, "take_inbound", breaking)
    assert (await _call(city, token, [poison, good])).status_code == 200
    await _settle(city)
    assert await _heard(city, good, poison) == [True, False]
    # It is tried again, and when we are mended it is heard.
    monkeypatch.setattr(callbacks, "take_inbound", take)
    later = replace(city.platform, clock=lambda: datetime.now(UTC) + timedelta(minutes=1))
    await work_off_left_over(later)
    assert await _heard(city, good, poison) == [True, True]


async def _heard(city: City, *lines: dict[str, Any]) -> list[bool]:
    known = {row.provider_id for row in await _rows(city, InboundMessage)}
    return [line["id"] in known for line in lines]


async def test_what_can_be_read_of_a_call_is_heard_and_the_rest_is_counted(city: City) -> None:
    _, token = await _token(city)
    ids = [f"{time.perf_counter_ns()}-{number}" for number in range(4)]
    up = {"phone_number": STRANGER, "content": "你好，请回电。", "send_time": "2026-09-18 10:00:00", "dest_code": None}
    lines = [up | {"sequence_id": id_} for id_ in ids]
    lines[1]["send_time"], lines[2]["content"] = "yesterday", None
    with _platform(city, shapes_of=lambda _: AliyunShapes()) as platform:
        assert (await _call(city, token, json.dumps(lines).encode())).json()["code"] == 0
        await asyncio.gather(*platform.background)
    known = {row.provider_id for row in await _rows(city, InboundMessage)}
    assert [id_ in known for id_ in ids] == [True, False, False, True]
    callback = (await _rows(city, Callback))[0]
    assert callback.settled_at is not None
    assert callback.failure == "2 of 4: value_error at 1.send_time; string_type at 2.content"


def _receipt(**changes: Any) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    return {"id": f"p-{time.perf_counter_ns()}", "state": "delivered", "at": at} | changes


async def _submitted(city: City, provider_id: str) -> str:
    """The id of a message that the outbox has taken."""
    now = datetime.now(UTC)
    message = Message(
        id=provider_id[:26],
        idempotency_key=provider_id,
        reference=NO_REQUEST,
        cause=provider_id,
        message_class=MessageClass.PARTY,
        template="message_not_matched",
        language=Language.ZH_CN,
        recipient="sender",
        sealed_params=b"",
        state=MessageState.SUBMITTED,
        reserved_at=now,
        send_after=now,
        gateway="outbox",
        provider_id=provider_id,
    )
    async with city.platform.db.write() as session:
        session.add(message)
    return provider_id[:26]


async def test_a_receipt_that_breaks_us_holds_nobody_up(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = await _token(city)
    poison, good = _receipt(), _receipt()
    message = await _submitted(city, good["id"])
    take = callbacks.take_receipt

    async def breaking(platform: Platform, gateway: str, receipt: Receipt) -> bool:
        if receipt.provider_id == poison["id"]:
            raise OverflowError(receipt.provider_id)
        return await take(platform, gateway, receipt)

    monkeypatch.setattr(callbacks, "take_receipt", breaking)
    assert (await _call(city, token, [poison, good], kind="receipts")).status_code == 200
    await _settle(city)
    async with city.platform.db.read() as session:
        assert (await session.get_one(Message, message)).state is MessageState.DELIVERED
    callback = (await _rows(city, Callback))[0]
    assert callback.settled_at is None
    assert callback.leased_until > datetime.now(UTC) + timedelta(seconds=5)


async def test_a_call_that_breaks_us_does_not_break_the_round(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = await _token(city)
    line = _said()
    monkeypatch.setattr("liaison.services.callbacks._work_off_soon", lambda *_: None)
    # No provider's shapes raise ValueError, as these do for a line of one word.
    for body in (b"poison", f"{line['id']}|{STRANGER}|x".encode()):
        await _call(city, token, body)
    later = replace(
        city.platform, clock=lambda: datetime.now(UTC) + timedelta(seconds=4), shapes_of=lambda _: PickyShapes()
    )
    assert not await work_off_left_over(later)
    good, poison = (await _rows(city, Callback))[:2]
    assert good.settled_at is not None
    assert (poison.settled_at, poison.failure) == (None, None)
    assert poison.leased_until > datetime.now(UTC) + timedelta(seconds=5)
    assert await _heard(city, line) == [True]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
async def test_a_receipt_of_no_possible_time_counts_from_when_it_reached_us(city: City, at: str) -> None:
    _, token = await _token(city)
    receipt, before = _receipt(at=at), datetime.now(UTC)
    message = await _submitted(city, receipt["id"])
    await _call(city, token, [receipt], kind="receipts")
    await _settle(city)
    async with city.platform.db.read() as session:
        row = await session.get_one(Message, message)
    assert row.state is MessageState.DELIVERED
    assert row.settled_at is not None and before <= row.settled_at <= datetime.now(UTC)


@pytest.mark.parametrize("wrong", [{"id": "p\0"}, {"code": "\0"}, {"\0": 1}], ids=["id", "code", "name of a field"])
async def test_nul_is_put_away_on_every_database(city: City, wrong: dict[str, Any]) -> None:
    _, token = await _token(city)
    await _call(city, token, [_receipt(**wrong)], kind="receipts")
    await _settle(city)
    callback = (await _rows(city, Callback))[0]
    assert callback.settled_at is not None
    assert callback.failure.startswith("not of the provider's shape")
