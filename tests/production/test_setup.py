"""H20: ``liaison setup`` makes Temporal ready for an installation, however often; the key ring is made once."""

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleIntervalSpec,
    ScheduleSpec,
)

from liaison.contract import search
from liaison.contract.schedules import SCHEDULES, NamedSchedule, put_schedules
from liaison.keys import read_key_ring
from tests.production.installation import Installation


async def test_setup_registers_the_namespace_and_may_be_repeated(tmp_path: Path, temporal_address: str) -> None:
    court = Installation(tmp_path / "home", "postgresql+psycopg://unused/liaison", temporal_address)
    court.liaison("keys", "ring", "--out", court.environment["LIAISON_KEY_RING"])
    first = court.liaison("setup")
    assert f"namespace {court.namespace}, retention 30 days" in first
    assert court.liaison("setup") == first

    client = await Client.connect(temporal_address, namespace=court.namespace)
    found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=court.namespace))
    assert found.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(days=30)
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=court.namespace)
    )
    assert dict(listed.custom_attributes).items() >= {k.name: k.indexed_value_type for k in search.ALL}.items()
    schedules = {schedule.id async for schedule in await client.list_schedules()}
    assert schedules == {named.id for named in SCHEDULES}


def test_setup_without_temporal_or_key_ring_is_one_sentence(tmp_path: Path) -> None:
    court = Installation(tmp_path / "home", "postgresql+psycopg://unused/liaison", "127.0.0.1:1")
    refused = court.begin("setup")
    _, said = refused.communicate(timeout=60)
    assert (refused.returncode, len(said.splitlines())) == (6, 1)
    assert "key ring" in said


async def test_schedules_are_made_and_mended_and_a_paused_one_stays_paused(temporal_address: str) -> None:
    client = await Client.connect(temporal_address)
    await put_schedules(client, [_every(timedelta(hours=1))])
    handle = client.get_schedule_handle("nightly")
    await handle.pause(note="the operator looks first")
    await put_schedules(client, [_every(timedelta(hours=24))])
    found = (await handle.describe()).schedule
    assert [interval.every for interval in found.spec.intervals] == [timedelta(hours=24)]
    assert (found.state.paused, found.state.note) == (True, "the operator looks first")


def _every(interval: timedelta) -> NamedSchedule:
    action = ScheduleActionStartWorkflow("Nothing", id="nightly-run", task_queue="nobody")
    return NamedSchedule("nightly", Schedule(action, ScheduleSpec(intervals=[ScheduleIntervalSpec(interval)])))


def test_a_key_ring_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    court = Installation(tmp_path / "home", "postgresql+psycopg://unused/liaison", "127.0.0.1:1")
    file = Path(court.environment["LIAISON_KEY_RING"])
    words = ("keys", "ring", "--out", str(file))
    assert court.liaison(*words) == "", "no key is shown"
    made = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_key_ring(file).current in json.loads(made)["keys"]
    again = court.begin(*words)
    _, said = again.communicate(timeout=60)
    assert again.returncode == 4 and "never replaced" in said
    assert file.read_bytes() == made


@pytest.mark.parametrize("out", ["no/such/folder/ring.json", "ring"])
def test_a_key_ring_that_cannot_be_written_is_one_sentence(tmp_path: Path, out: str) -> None:
    court = Installation(tmp_path / "home", "postgresql+psycopg://unused/liaison", "127.0.0.1:1")
    (tmp_path / "ring").mkdir()
    refused = court.begin("keys", "ring", "--out", str(tmp_path / out))
    _, said = refused.communicate(timeout=60)
    assert refused.returncode in (2, 4) and len(said.splitlines()) == 1
