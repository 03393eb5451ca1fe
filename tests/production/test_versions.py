"""H12: workers of a deployment version, by setting; open requests move to the version that is made current."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest, SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from liaison.contract.names import DEPLOYMENT
from liaison.policy.words import Stage
from liaison.settings import load_settings
from tests.city import prepare_template
from tests.production.installation import Installation
from tests.services.temporal import until
from tests.ui.live import LiveCity, normal_server, open_live_city
from worker import build_worker


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[WorkflowEnvironment]:
    async with normal_server() as environment:
        yield environment


@pytest.fixture
async def city(server: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[LiveCity]:
    await prepare_template(tmp_path / "template")
    async with open_live_city(tmp_path / "template", tmp_path / "home", server) as opened:
        yield opened


@asynccontextmanager
async def version(city: LiveCity, build_id: str) -> AsyncIterator[None]:
    """A worker of this version polls."""
    async with build_worker(city.client, city.tools, cached=100, build_id=build_id):
        yield


async def make_current(client: Client, build_id: str) -> None:
    """What ``temporal worker deployment set-current-version`` asks, as soon as the server knows the version."""
    wanted = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=DEPLOYMENT, build_id=build_id
    )
    async with asyncio.timeout(20):
        while True:
            try:
                await client.workflow_service.set_worker_deployment_current_version(wanted)
                return
            except RPCError:
                await asyncio.sleep(0.2)


async def versions_of(city: LiveCity, reference: str) -> list[str]:
    """The version that completed each workflow task, in order."""
    history = await city.handle(reference).fetch_history()
    done = [e for e in history.events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]
    return [event.workflow_task_completed_event_attributes.deployment_version.build_id for event in done]


async def _is_begun_by(city: LiveCity, build_id: str) -> bool:
    """Whether a new request goes to this version: the server tells its task queues one by one."""
    probe = await city.submit()
    await until(lambda: city.is_at(probe, Stage.AWAITING_REPLY))
    return (await versions_of(city, probe))[0] == build_id


async def test_an_open_request_moves_to_the_version_made_current(city: LiveCity) -> None:
    async with version(city, "v1"):
        await make_current(city.client, "v1")
        reference = await city.submit()
        await until(lambda: city.is_at(reference, Stage.AWAITING_REPLY))
        async with version(city, "v2"):
            await make_current(city.client, "v2")
            await until(lambda: _is_begun_by(city, "v2"))
            assert (await city.reply(reference)).status == 201
            await city.handle(reference).result()
    moved = await versions_of(city, reference)
    assert (moved[0], moved[-1]) == ("v1", "v2")
    assert moved == sorted(moved), "none goes back"


async def test_without_the_setting_a_worker_has_no_version(city: LiveCity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where versions were tried before: operators take them back by making the unversioned workers current."""
    await make_current(city.client, "")
    monkeypatch.delenv("LIAISON_BUILD_ID", raising=False)
    assert load_settings().build_id is None
    async with city.working():
        reference = await city.submit()
        await until(lambda: city.is_at(reference, Stage.AWAITING_REPLY))
        await city.reply(reference)
        await city.handle(reference).result()
    assert set(await versions_of(city, reference)) == {""}


async def test_the_setting_gives_the_worker_its_version(
    tmp_path: Path, new_database: Callable[[], str], temporal_address: str
) -> None:
    court = Installation(tmp_path / "home", new_database(), temporal_address)
    court.make()
    court.environment["LIAISON_BUILD_ID"] = "v7"
    client = await Client.connect(temporal_address, namespace=court.namespace)
    with court.serving(apis=0, workers=1):
        # The server takes only a version that polls.
        await make_current(client, "v7")
        wanted = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
        found = await client.workflow_service.describe_worker_deployment(wanted)
        assert found.worker_deployment_info.routing_config.current_deployment_version.build_id == "v7"
