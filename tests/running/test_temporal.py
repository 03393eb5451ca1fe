"""L06: the namespace is set up at every start, and a silent Temporal holds nobody up for long."""

import socket
import time
from datetime import timedelta

import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from liaison.contract import search
from liaison.settings import Settings, SettingsError
from liaison.temporal import RETENTION, NamespaceFault, connect, identity, set_up_namespace, wait_until_serving
from tests.ports import free_ports
from tests.running.copies import Copy


@pytest.fixture(scope="module")
async def client(running: Copy) -> Client:
    return await connect(Settings(temporal_port=int(running.environment["LIAISON_TEMPORAL_PORT"])), "test")


async def _retention(client: Client) -> timedelta:
    found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    return found.config.workflow_execution_retention_ttl.ToTimedelta()


async def test_up_has_set_the_namespace_up(client: Client) -> None:
    assert await _retention(client) == timedelta(hours=720)
    listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
    wanted = {key.name: key.indexed_value_type for key in search.ALL}
    assert dict(listed.custom_attributes).items() >= wanted.items()


async def test_setting_up_again_changes_nothing_and_mends_what_is_off(client: Client) -> None:
    await set_up_namespace(client, attributes=search.ALL, retention=timedelta(hours=48))
    assert await _retention(client) == timedelta(hours=48)
    for _ in range(2):
        await set_up_namespace(client, attributes=search.ALL)
        assert await _retention(client) == RETENTION


async def test_attributes_can_be_used_at_once(client: Client) -> None:
    attributes = TypedSearchAttributes([SearchAttributePair(search.COURT, "0104")])
    started = await client.start_workflow("Any", id="attributes", task_queue="nobody", search_attributes=attributes)
    assert (await started.describe()).typed_search_attributes[search.COURT] == "0104"
    await started.terminate()


async def test_an_attribute_of_another_type_is_a_sentence(client: Client) -> None:
    with pytest.raises(NamespaceFault, match=r"LiaisonCourt of Temporal's namespace default is keyword, .* be int\."):
        await set_up_namespace(client, attributes=[SearchAttributeKey.for_int("LiaisonCourt")])


async def test_a_namespace_that_is_not_there_is_registered(client: Client, running: Copy) -> None:
    address = f"127.0.0.1:{running.environment['LIAISON_TEMPORAL_PORT']}"
    fresh = await Client.connect(address, namespace="twenty-cities")
    await set_up_namespace(fresh, attributes=())
    assert await _retention(fresh) == RETENTION


async def test_a_namespace_the_server_refuses_is_a_sentence(client: Client, running: Copy) -> None:
    address = f"127.0.0.1:{running.environment['LIAISON_TEMPORAL_PORT']}"
    with pytest.raises(NamespaceFault, match=r"could not be set up \(INVALID_ARGUMENT\)"):
        await set_up_namespace(await Client.connect(address, namespace=""), attributes=())


async def test_identity_names_role_and_version_only(client: Client) -> None:
    assert client.identity == identity("test")
    assert identity("worker").startswith("liaison-worker/")


async def test_waiting_for_a_server_that_is_silent_or_absent_ends_in_time() -> None:
    (absent,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (absent, silent.getsockname()[1]):
            client = await connect(Settings(temporal_port=port), "test", lazy=True)
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await wait_until_serving(client, timedelta(seconds=1))
            assert 1 <= time.monotonic() - began < 2


async def test_production_goes_where_envconfig_says(monkeypatch: pytest.MonkeyPatch, running: Copy) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{running.environment['LIAISON_TEMPORAL_PORT']}")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "default")
    production = {"profile": "production", "database_url": "postgresql+psycopg://db/liaison"}
    found = await connect(Settings.model_validate(production), "test")
    assert await found.service_client.check_health()

    monkeypatch.delenv("TEMPORAL_ADDRESS")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", "/nowhere.toml")
    with pytest.raises(SettingsError, match="TEMPORAL_ADDRESS must be set in the production profile"):
        await connect(Settings.model_validate(production), "test")
