"""Encryption seen from outside: what a real server stores, what its own CLI shows, what hostile payloads can do."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from liaison.codec import data_converter
from liaison.contract.public import Public
from liaison.contract.reference import new_reference
from liaison.converter import UndecodablePayload
from liaison.keys import KeyRing
from liaison.policy.words import Channel
from tests.codec_workflow import Party, Ticket, TicketWorkflow, echo, fail
from tests.keys.raw import clear_texts, payloads_in, raw_history

TEMPORAL = Path(sys.prefix) / "bin" / "temporal"
QUEUE = "codec"
RING = KeyRing.generate()
CANARIES = ["CanaryText", "金丝雀", "13912345678", "CanarySignal", "CanaryUpdate", "CanaryMemo", "CanarySummary"]
TICKET = Ticket(
    "CanaryText CanarySummary", Channel.WEB, "2026-09-23", (Party("金丝雀", "13912345678"), Party("x")), ["a"]
)


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    """A real dev server; its client has no codec, like an operator's."""
    environment = await WorkflowEnvironment.start_local(dev_server_existing_path=str(TEMPORAL))
    async with environment:
        yield environment


def holder_of(server: WorkflowEnvironment, ring: KeyRing) -> Client:
    """A client on the same connection that reads and writes with ``ring``."""
    return Client(server.client.service_client, data_converter=data_converter(ring))


@asynccontextmanager
async def working(server: WorkflowEnvironment, ring: KeyRing, cached: int = 1000) -> AsyncIterator[Client]:
    """A client and a worker that hold ``ring``."""
    client = holder_of(server, ring)
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[TicketWorkflow],
        activities=[echo, fail],
        max_cached_workflows=cached,
    ):
        yield client


async def start(client: Client, ticket: Ticket = TICKET) -> WorkflowHandle[TicketWorkflow, Ticket]:
    return await client.start_workflow(
        TicketWorkflow.run,
        ticket,
        id=new_reference(),
        task_queue=QUEUE,
        task_timeout=timedelta(seconds=2),  # how long a failed task keeps the next worker waiting
        memo={"note": "CanaryMemo"},
        static_summary=Public("request, judge_contact 法官联系"),
        static_details=Public("opened by the relay"),
    )


async def temporal(server: WorkflowEnvironment, *arguments: str) -> str:
    """What the Temporal CLI prints, without any codec."""
    address = server.client.service_client.config.target_host
    process = await asyncio.create_subprocess_exec(
        TEMPORAL, *arguments, "--address", address, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    printed, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return printed.decode()


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(100):
        if await check():
            return
        await asyncio.sleep(0.1)
    pytest.fail("nothing happened within 10 s")


def assert_no_canary(stored: str | bytes) -> None:
    raw = stored.encode() if isinstance(stored, str) else stored
    for canary in CANARIES:
        for form in (canary, json.dumps(canary)[1:-1], base64.b64encode(canary.encode()).decode()):
            assert form.encode() not in raw, canary


async def test_history_shows_operators_their_words_and_nothing_else(server: WorkflowEnvironment) -> None:
    async with working(server, RING) as client:
        handle = await start(client)
        await handle.signal("reply", {"judge": "j-1", "text": "CanarySignal"})
        await eventually(lambda: _armed(server, handle.id))
        assert await handle.execute_update(TicketWorkflow.close, "CanaryUpdate") == "closed by CanaryUpdate"
        assert await handle.result() == TICKET
        assert await handle.query(TicketWorkflow.heard) == (["reply: j-1 CanarySignal"], [])
        assert await (await handle.describe()).memo_value("note") == "CanaryMemo"
    history = await raw_history(server, handle.id)
    # A cancelled timer repeats its summary, hence a set.
    assert set(clear_texts(history)) == {
        "request, judge_contact 法官联系",
        "opened by the relay",
        "ask the trial register",
        "rung 1, 部门负责人",
    }
    types = {event["eventType"] for event in history["events"]}
    assert {"EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED", "EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED"} <= types
    described = await server.client.get_workflow_handle(handle.id).describe()
    for stored in (json.dumps(history), described.raw_description.SerializeToString()):
        assert_no_canary(stored)
    for event in (await server.client.get_workflow_handle(handle.id).fetch_history()).events:
        assert_no_canary(event.SerializeToString())


async def test_failures_and_refusals_are_encrypted_too(server: WorkflowEnvironment) -> None:
    async with working(server, RING) as client:
        handle = await start(client, replace(TICKET, words=["fail"]))
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(TicketWorkflow.close, "refuse")
        assert str(refused.value.cause) == "refused"
        await handle.execute_update(TicketWorkflow.close, "CanaryUpdate")
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    activity_error = failed.value.cause
    assert isinstance(activity_error, ActivityError)
    reason = activity_error.cause
    assert isinstance(reason, ApplicationError)
    assert (reason.message, list(reason.details)) == (f"no {TICKET.text}", [TICKET.text])
    history = json.dumps(await raw_history(server, handle.id))
    assert "Encoded failure" in history and "Refused" in history
    assert "codec_workflow.py" not in history, "a stack trace is readable"
    assert_no_canary(history)


async def test_operators_need_no_codec(server: WorkflowEnvironment) -> None:
    async with working(server, RING) as client:
        handle = await start(client)
        await eventually(lambda: _armed(server, handle.id))
        metadata = await temporal(server, "workflow", "metadata", "-w", handle.id)
        described = await temporal(server, "workflow", "describe", "-w", handle.id)
        shown = await temporal(server, "workflow", "show", "-w", handle.id, "--detailed")
    after = metadata.partition("Current Details:")[2]
    assert f"{handle.id}: duty desk 值班台" in after and "| 1 | 2026-09-23 |" in after
    assert "request, judge_contact 法官联系" in described and "opened by the relay" in described
    assert "ask the trial register" in shown and "rung 1, 部门负责人" in shown
    for printed in (metadata, described, shown):
        assert_no_canary(printed)
    await server.client.get_workflow_handle(handle.id).terminate()


async def _armed(server: WorkflowEnvironment, workflow_id: str) -> bool:
    return "rung 1" in json.dumps(clear_texts(await raw_history(server, workflow_id)))


async def test_a_plain_signal_from_the_cli_is_read(server: WorkflowEnvironment) -> None:
    async with working(server, RING) as client:
        handle = await start(client)
        body = '{"judge":"j-2","text":"下周三开庭"}'
        await temporal(server, "workflow", "signal", "-w", handle.id, "--name", "reply", "--input", body)
        assert await heard(handle) == (["reply: j-2 下周三开庭"], [])
        await handle.terminate()


async def heard(handle: WorkflowHandle[TicketWorkflow, Ticket]) -> Any:
    return await handle.query(TicketWorkflow.heard)


@pytest.mark.parametrize("cached", [1000, 0])
async def test_an_undecodable_signal_is_noticed_when_read_and_wedges_nothing(
    server: WorkflowEnvironment, cached: int
) -> None:
    (good,) = await data_converter(RING).encode([{"judge": "j", "text": "t"}])
    (foreign,) = await data_converter(KeyRing.generate()).encode([{"judge": "j", "text": "t"}])
    hostile = {
        "foreign": foreign,
        "cut": Payload(metadata=good.metadata, data=good.data[:-1]),
        "empty": Payload(metadata=good.metadata),
        "no-key": Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x"),
        "odd-key": Payload(metadata={**good.metadata, "encryption-key-id": b"\xff\x00"}, data=good.data),
        "odd-encoding": Payload(metadata={"encoding": b"binary/strange"}, data=b"x"),
        "no-json": Payload(metadata={"encoding": b"json/plain"}, data=b"\xff{"),
    }
    async with working(server, RING, cached) as client:
        handle = await start(client)
        # Sent without our codec, as a stranger would; all may arrive in one activation with the good one.
        stranger = server.client.get_workflow_handle(handle.id)
        for name, payload in hostile.items():
            await stranger.signal(name, RawValue(payload))
        await stranger.signal("none", args=[])
        await stranger.signal("good", RawValue(good))
        said, unreadable = await heard(handle)
        assert said == ["good: j t"]
        assert unreadable == [
            *(f"{name}: UndecodablePayload" for name in ("foreign", "cut", "empty", "no-key", "odd-key")),
            "odd-encoding: KeyError",
            "no-json: UnicodeDecodeError",
            "none: IndexError",
        ]
        await handle.execute_update(TicketWorkflow.close, "hand")
        assert await handle.result() == TICKET
    assert "WORKFLOW_TASK_FAILED" not in json.dumps(await raw_history(server, handle.id))


async def test_a_worker_with_the_wrong_key_fails_closed_and_the_right_one_goes_on(server: WorkflowEnvironment) -> None:
    handle = await start(holder_of(server, RING))
    async with working(server, KeyRing.generate()):
        await eventually(lambda: _task_failed(server, handle.id))
    types = [event["eventType"] for event in (await raw_history(server, handle.id))["events"]]
    assert "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED" not in types
    async with working(server, RING):
        await handle.execute_update(TicketWorkflow.close, "hand")
        assert await handle.result() == TICKET
    stranger = holder_of(server, KeyRing.generate()).get_workflow_handle_for(TicketWorkflow.run, handle.id)
    with pytest.raises(UndecodablePayload, match=f"unknown key.*{RING.current}"):
        await stranger.result()


async def _task_failed(server: WorkflowEnvironment, workflow_id: str) -> bool:
    return "WORKFLOW_TASK_FAILED" in json.dumps(await raw_history(server, workflow_id))


async def test_a_run_lives_through_a_key_rotation(server: WorkflowEnvironment) -> None:
    async with working(server, RING) as client:
        handle = await start(client)
        await eventually(lambda: _armed(server, handle.id))
    rotated = RING.rotated()
    async with working(server, rotated) as client:
        renewed = client.get_workflow_handle_for(TicketWorkflow.run, handle.id)
        await renewed.execute_update(TicketWorkflow.close, "hand")
        assert await renewed.result() == TICKET
    history = await raw_history(server, handle.id)
    used = {base64.b64decode(found["metadata"].get("encryption-key-id", "")).decode() for found in payloads_in(history)}
    assert used == {"", RING.current, rotated.current}
