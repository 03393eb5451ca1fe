"""H02: an API killed between the steps of intake and reply: the same call gives one effect and the same answer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.client import WorkflowExecutionStatus

from liaison.contract.names import request_workflow_id
from liaison.policy.words import ActionState, EventKind
from tests.city import REPLY
from tests.e2e.platform import EXAMPLE, Running
from tests.faults.crowd import Crowd, crowd_at
from tests.faults.ledger import Ledger, read_ledger
from tests.ports import free_ports
from tests.production.traffic import JUDGE

SCRIPT = Path(__file__).with_name("doomed_api.py")
INTAKE = ("intake before commit", "intake after commit", "intake after start", "intake before answer")
REPLIES = ("reply before commit", "reply after inbox", "reply after delivery", "reply before answer")
PATIENCE_SECONDS = 90.0


@pytest.fixture(scope="module")
def doomed(platform: Running) -> Iterator[dict[str, str]]:
    """Addresses of APIs beside that of the platform, by the point at which they die."""
    ports = dict(zip((*INTAKE, *REPLIES), free_ports(len(INTAKE) + len(REPLIES)), strict=True))
    command = [sys.executable, "-P", str(SCRIPT), *(f"{point}={port}" for point, port in ports.items())]
    with (platform.home.parent / "doomed.log").open("ab") as log:
        process = subprocess.Popen(command, env=platform.environment, stdout=log, stderr=log, start_new_session=True)
    addresses = {point: f"http://127.0.0.1:{port}" for point, port in ports.items()}
    try:
        for address in addresses.values():
            _until_it_lives(address, process)
        yield addresses
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("point", INTAKE)
async def test_intake_cut_short_is_repeated_without_harm(
    platform: Running, http: httpx2.AsyncClient, doomed: dict[str, str], point: str
) -> None:
    crowd = await crowd_at(platform, http)
    before = {request.reference for request in (await read_ledger(crowd.url)).requests}
    body = EXAMPLE | {"category": "judge_contact", "judge": JUDGE, "case_number": None}
    body["party"] = EXAMPLE["party"] | {"phone": f"1371234000{INTAKE.index(point)}"}
    await _dies(crowd, doomed[point], "/v1/requests", "channel", body, point)

    ledger = await read_ledger(crowd.url)
    registered = {request.reference for request in ledger.requests} - before
    assert len(registered) == (point != "intake before commit")
    if point == "intake after start":
        [reference] = registered
        description = await crowd.client.get_workflow_handle(request_workflow_id(reference)).describe()
        assert description.status is WorkflowExecutionStatus.RUNNING
    answer = await _the_same_twice(crowd, ledger, "/v1/requests", "channel", body, point)
    reference = answer["reference"]

    await crowd.until(reference, stage="awaiting_reply")
    ledger = await read_ledger(crowd.url)
    assert {request.reference for request in ledger.requests} - before == {reference}
    for kind in (EventKind.REGISTERED, EventKind.STARTED, EventKind.DISPATCHED):
        assert ledger.happened(kind)[reference] == 1, kind


@pytest.mark.parametrize("point", REPLIES)
async def test_a_reply_cut_short_is_repeated_without_harm(
    platform: Running, http: httpx2.AsyncClient, doomed: dict[str, str], point: str
) -> None:
    crowd = await crowd_at(platform, http)
    reference = await crowd.ask(50_000 + REPLIES.index(point))
    path, body = f"/v1/requests/{reference}/replies", {"kind": "text", "text": REPLY}
    await _dies(crowd, doomed[point], path, "judge", body, point)

    ledger = await read_ledger(crowd.url)
    assert ledger.happened(EventKind.REPLY_RECEIVED)[reference] == (point != "reply before commit")
    answer = await _the_same_twice(crowd, ledger, path, "judge", body, point)

    await crowd.until(reference, stage="closed", outcome="replied")
    told = await crowd.call("POST", path, "judge", body, point.replace(" ", "-"))
    assert told["state"] == "accepted", "also where the first answer left it pending"
    ledger = await read_ledger(crowd.url)
    assert [action.id for action in ledger.actions if action.reference == reference] == [answer["id"]]
    for kind in (EventKind.REPLY_RECEIVED, EventKind.CLOSED):
        assert ledger.happened(kind)[reference] == 1, kind


async def _dies(crowd: Crowd, address: str, path: str, key: str, body: object, once: str) -> None:
    """The call reaches its point; nobody answers, and nobody will at this address."""
    headers = {"Authorization": f"Bearer {crowd.keys[key]}", "Idempotency-Key": once.replace(" ", "-")}
    with pytest.raises(httpx2.TransportError):
        await crowd.http.post(address + path, headers=headers, json=body)
    with pytest.raises(httpx2.TransportError):
        await crowd.http.get(address + "/livez")


async def _the_same_twice(crowd: Crowd, ledger: Ledger, path: str, key: str, body: object, once: str) -> dict[str, str]:
    """The answer of the API that lives: that of the dead one if it got so far as to keep one, and the same again.

    But what was pending then may be settled now.
    """
    once = once.replace(" ", "-")
    kept = [row.answer or {} for row in ledger.answers if row.key == once]
    first = await crowd.call("POST", path, key, body, once)
    again = await crowd.call("POST", path, key, body, once)
    assert all(_is_later(answer, of=earlier) for earlier, answer in pairwise([*kept, first, again]))
    return first


def _is_later(answer: dict[str, Any], *, of: dict[str, Any]) -> bool:
    waited = of.get("state") == ActionState.PENDING
    return answer == of or (waited and answer | {"state": of["state"], "settled_at": None} == of)


def _until_it_lives(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        assert process.poll() is None and time.monotonic() < until
        try:
            if httpx2.get(f"{address}/livez", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
