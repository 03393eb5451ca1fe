"""Histories of earlier code replay on today's: a request lives for weeks, a release for less (ADR 0004)."""

import base64
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from liaison.codec import data_converter
from liaison.contract import activities
from liaison.keys import KeyRing
from tests.keys.raw import payloads_in
from tests.replay import histories
from tests.replay.lives import LIVES
from worker import WORKFLOWS

CHANGED = """
{name} does not replay: the order of commands changed, and every open request that is past that point would hang.
Keep the old order where workflow.patched("<reason-of-the-change>") is false; see tests/replay/README.md.
"""


async def replay(history: WorkflowHistory) -> Exception | None:
    """What went wrong, if anything."""
    replayer = Replayer(workflows=WORKFLOWS, data_converter=data_converter(histories.recording_ring()))
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return result.replay_failure


@pytest.mark.parametrize("name", histories.names())
async def test_a_kept_history_replays(name: str) -> None:
    failure = await replay(histories.history_of(histories.read(name)))
    assert failure is None, f"{CHANGED.format(name=name)}{failure}"


async def test_replay_notices_another_order_of_commands() -> None:
    kept = histories.read("replied_on_time")
    for scheduled in _scheduled(kept):
        if scheduled["activityType"]["name"] == "dispatch":
            scheduled["activityType"]["name"] = "close_request"
    assert isinstance(await replay(histories.history_of(kept)), NondeterminismError)


def test_every_life_is_kept() -> None:
    assert {life.__name__ for life in LIVES} <= {*histories.names()}


def test_the_histories_hold_every_activity_and_both_ends_of_a_timer() -> None:
    kept = [histories.read(name) for name in histories.names()]
    ran = {scheduled["activityType"]["name"] for history in kept for scheduled in _scheduled(history)}
    assert ran == {stub.__name__ for stub in activities.ALL}
    kinds = {event["eventType"].removeprefix("EVENT_TYPE_") for history in kept for event in history["events"]}
    assert kinds >= {
        "TIMER_FIRED", "TIMER_CANCELED", "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", "WORKFLOW_EXECUTION_CANCEL_REQUESTED",
        "WORKFLOW_EXECUTION_SIGNALED", "WORKFLOW_EXECUTION_UPDATE_COMPLETED", "WORKFLOW_EXECUTION_COMPLETED",
    }  # fmt: skip
    assert "WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED" not in kinds, "record on a normal server"
    assert any(history["events"][-1]["eventType"] != "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED" for history in kept)


@pytest.mark.parametrize("name", histories.names())
def test_a_kept_history_names_no_machine_and_is_encrypted_under_the_test_key(name: str) -> None:
    kept = histories.read(name)
    identities = {value for event in kept["events"] for value in _values_of("identity", event)}
    assert identities <= {"liaison-test/1"} and identities
    key_ids = {payload["metadata"]["encryption-key-id"] for payload in payloads_in(kept) if _is_encrypted(payload)}
    ring: KeyRing = histories.recording_ring()
    assert key_ids == {base64.b64encode(ring.current.encode()).decode()}


def _scheduled(kept: dict[str, Any]) -> list[dict[str, Any]]:
    key = "activityTaskScheduledEventAttributes"
    return [event[key] for event in kept["events"] if key in event]


def _is_encrypted(payload: dict[str, Any]) -> bool:
    return base64.b64decode(payload["metadata"]["encoding"]) == b"binary/encrypted"


def _values_of(field: str, node: Any) -> list[str]:
    if isinstance(node, list):
        return [value for child in node for value in _values_of(field, child)]
    if not isinstance(node, dict):
        return []
    own = [node[field]] if isinstance(node.get(field), str) and node[field] else []
    return own + [value for child in node.values() for value in _values_of(field, child)]
