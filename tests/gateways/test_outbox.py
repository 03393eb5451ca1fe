"""The embedded outbox: its log is the witness, and a tester answers for the telephones (issue line M01)."""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.outbox_shapes import OutboxShapes
from liaison.gateways.sms.port import Fate, GatewayUnavailable, Inbound, Receipt, Unreadable
from tests.gateways.samples import KEY, NOW, Desk, message

REPLY = {"id": "r1", "from": "13900001001", "text": "收到", "sent_at": "2026-09-18T10:00:00+08:00"}


def outbox(path: Path) -> EmbeddedOutbox:
    return EmbeddedOutbox(path, lambda: NOW)


async def test_what_is_submitted_is_on_disk_with_its_code(tmp_path: Path) -> None:
    log = tmp_path / "outbox.jsonl"
    submission = await outbox(log).submit(message(code="0042"))
    [line] = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert (line["provider_id"], submission.fate) == (submission.provider_id, Fate.DELIVERED)
    assert (line["key"], line["code"], line["to"]) == (KEY, "0042", "+8613900001001")


async def test_the_log_says_what_became_of_a_message(tmp_path: Path) -> None:
    log = outbox(tmp_path / "outbox.jsonl")
    assert (await log.look_up(message())).fate is Fate.UNKNOWN
    submission = await log.submit(message())
    assert await log.look_up(message()) == submission
    assert (await log.look_up(message(key="f" * 32))).fate is Fate.UNKNOWN


async def test_whoever_gives_up_hears_of_it_when_the_log_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = EmbeddedOutbox._append

    def slowly(log: EmbeddedOutbox, line: str) -> None:
        time.sleep(0.2)
        append(log, line)

    monkeypatch.setattr(EmbeddedOutbox, "_append", slowly)
    log = outbox(tmp_path / "outbox.jsonl")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(log.submit(message()), 0.05)
    assert (await log.look_up(message())).fate is Fate.DELIVERED


async def test_a_log_that_cannot_be_written_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(GatewayUnavailable):
        await outbox(tmp_path / "nowhere" / "outbox.jsonl").submit(message())


async def test_it_listens_to_nobody(tmp_path: Path) -> None:
    desk = Desk()
    async with outbox(tmp_path / "outbox.jsonl").listening(desk):
        pass
    assert desk.kept == []


def test_a_tester_answers_and_says_what_became_of_a_message() -> None:
    replies = {"messages": [REPLY | {"from": "139 0000 1001", "code": "0042"}]}
    assert OutboxShapes().read_replies(json.dumps(replies).encode()) == (
        Inbound("r1", "+8613900001001", "收到", NOW, "0042"),
    )
    receipts = {"messages": [{"id": "p1", "state": "failed", "at": "2026-09-18T02:00:00Z", "code": "absent"}]}
    assert OutboxShapes().read_receipts(json.dumps(receipts).encode()) == (Receipt("p1", Fate.FAILED, NOW, "absent"),)
    assert json.loads(OutboxShapes().answer(kept=True).body) == {"kept": True}


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        (b"not JSON", "json_invalid at the whole"),
        ({}, "missing at messages"),
        ({"messages": [REPLY | {"id": ""}]}, "string_too_short at messages.0.id"),
        ({"messages": [REPLY, REPLY | {"id": "r" * 81}]}, "string_too_long at messages.1.id"),
        ({"messages": [REPLY | {"sent_at": "2026-09-18T10:00:00"}]}, "timezone_aware at messages.0.sent_at"),
        ({"messages": [REPLY | {"code": "abc"}]}, "string_pattern_mismatch at messages.0.code"),
        ({"messages": [REPLY | {"id": "r\0"}]}, "string_pattern_mismatch at messages.0.id"),
        ({"messages": [REPLY | {"mood": "good"}]}, "extra_forbidden at messages.0"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_without_what_it_held(told: Any, fault: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        OutboxShapes().read_replies(told if isinstance(told, bytes) else json.dumps(told).encode())
    assert str(unreadable.value) == f"not of the provider's shape: {fault}"


async def test_a_line_that_was_cut_is_no_witness_and_spoils_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full in the midst of a line, which the system call does not call an error."""
    log, write = outbox(tmp_path / "outbox.jsonl"), os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:40]))
        with pytest.raises(GatewayUnavailable):
            await log.submit(message())
    assert (await log.look_up(message())).fate is Fate.UNKNOWN
    for key in ("a" * 32, "b" * 32):
        submission = await log.submit(message(key=key))
        assert await log.look_up(message(key=key)) == submission
