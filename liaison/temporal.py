"""The way to Temporal: where it is, how long to wait for it, and what its namespace must hold."""

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Literal

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client, Interceptor
from temporalio.common import SearchAttributeKey
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfigProfile, ClientConnectConfig
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RetryConfig, RPCError, RPCStatusCode, TLSConfig

from liaison.metrics import PATH, Endpoint, free_loopback_address
from liaison.release import release
from liaison.settings import Profile, Settings, SettingsError

RETENTION: Final = timedelta(hours=720)
RPC_TIMEOUT: Final = timedelta(seconds=2)

_POLL: Final = 0.1
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_TLS: Final = "TEMPORAL_TLS_"


class NamespaceFault(Exception):
    """The namespace cannot be made what it must be; the text is one sentence."""


def identity(role: str) -> str:
    """What Temporal's UI shows as the author: ``liaison-<role>/<version>``, no machine and no person."""
    return f"liaison-{role}/{release()}"


def logged_runtime(metrics: PrometheusConfig | None = None) -> Runtime:
    """The SDK's runtime with its core's lines sent through our log chain; make one a process."""
    forwarding = LogForwardingConfig(
        logger=logging.getLogger("temporalio.core"), append_target_to_name=False, prepend_target_on_message=False
    )
    lines = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=lines, metrics=metrics))


def measured_runtime(settings: Settings, role: Literal["api", "worker"]) -> tuple[Runtime, Endpoint | None]:
    """The runtime of a process and, if a port is set for it, its ``/metrics`` with the SDK's own; make one a process.

    Raises:
        SettingsError: the port cannot be listened on.
    """
    port = settings.api_metrics_port if role == "api" else settings.worker_metrics_port
    if port is None:
        return logged_runtime(), None
    address = free_loopback_address()
    try:
        endpoint = Endpoint(str(settings.metrics_host), port, f"http://{address}{PATH}")
    except OSError as fault:
        variable = f"LIAISON_{role.upper()}_METRICS_PORT"
        raise SettingsError(
            f"{variable} cannot be listened on: {settings.metrics_host}:{port}, {fault.strerror}."
        ) from None
    return logged_runtime(_sdk_metrics(address)), endpoint


def _sdk_metrics(address: str) -> PrometheusConfig:
    """The SDK's own metrics at ``address``, in Prometheus's naming: seconds, units and ``_total`` in the names."""
    return PrometheusConfig(
        bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )


async def connect(
    settings: Settings,
    role: str,
    *,
    data_converter: DataConverter = DataConverter.default,
    interceptors: Sequence[Interceptor] = (),
    lazy: bool = False,
    patience: timedelta = RPC_TIMEOUT,
    runtime: Runtime | None = None,
) -> Client:
    """A client of the profile's Temporal: the local server, or what ``temporalio.envconfig`` finds.

    Args:
        settings: the process's settings.
        role: ``api``, ``worker``, ``cli`` ...: part of the identity.
        data_converter: the one with our codec.
        interceptors: of the client; a worker made from it inherits them.
        lazy: return without a connection; the first call connects.
        patience: how long a failing call is tried again. Without it ``rpc_timeout`` bounds each attempt only, and a
            call to a dead server takes ten seconds.
        runtime: see ``logged_runtime``.

    Raises:
        SettingsError: production without a usable Temporal configuration.
        RuntimeError: not lazy, and nobody answers.
    """
    return await Client.connect(
        **temporal_place(settings),
        data_converter=data_converter,
        interceptors=interceptors,
        lazy=lazy,
        identity=identity(role),
        retry_config=RetryConfig(max_elapsed_time_millis=int(patience / timedelta(milliseconds=1))),
        runtime=runtime,
    )


def temporal_place(settings: Settings) -> ClientConnectConfig:
    """Where Temporal is, by profile.

    Raises:
        SettingsError: production without a usable Temporal configuration.
    """
    if settings.profile is Profile.LOCAL:
        return {"target_host": settings.temporal_address, "namespace": "default"}
    try:
        place = ClientConfigProfile.load(config_file_strict=True).to_client_connect_config()
    except RuntimeError as fault:
        raise SettingsError(
            f"Temporal's client configuration (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE) cannot be read: {fault}"
        ) from None
    except OSError as fault:
        named = (name for name, value in os.environ.items() if name.startswith(_TLS) and value == fault.filename)
        setting = next(named, "Temporal's client configuration (TEMPORAL_CONFIG_FILE)")
        raise SettingsError(
            f"{setting} names a file that cannot be read ({fault.strerror}): {fault.filename}"
        ) from None
    _refuse_what_cannot_connect(place)
    return place


def _refuse_what_cannot_connect(place: ClientConnectConfig) -> None:
    """What the SDK says only when it connects, which a lazy client does in the midst of its work."""
    address, tls = place.get("target_host"), place.get("tls")
    if address is None:
        raise SettingsError("TEMPORAL_ADDRESS must be set in the production profile.")
    if not _ADDRESS.fullmatch(address):
        raise SettingsError(f"TEMPORAL_ADDRESS must be like temporal.court:7233, not {address[:40]!a}.")
    if isinstance(tls, TLSConfig) and (tls.client_cert is None) != (tls.client_private_key is None):
        raise SettingsError(f"{_TLS}CLIENT_CERT_PATH and {_TLS}CLIENT_KEY_PATH go together: set both or neither.")


async def wait_until_serving(client: Client, within: timedelta) -> None:
    """Return as soon as the server behind a lazy client says that it serves.

    Raises:
        TimeoutError: it did not in time.
    """
    async with asyncio.timeout(within.total_seconds()):
        await _until(lambda: _serves(client))


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await true():
            return
        await asyncio.sleep(_POLL)


async def _serves(client: Client) -> bool:
    try:
        # A timeout of its own: rpc_timeout does not cover the connecting, and a stopped server accepts and is silent.
        async with asyncio.timeout(RPC_TIMEOUT.total_seconds()):
            return await client.service_client.check_health(timeout=RPC_TIMEOUT)
    except (RPCError, RuntimeError, TimeoutError):
        return False


async def has_namespace(client: Client) -> bool:
    """Whether Temporal knows the client's namespace.

    Raises:
        RPCError: it does not answer, or refuses this client.
    """
    return await _retention(client) is not None


async def set_up_namespace(
    client: Client, *, attributes: Iterable[SearchAttributeKey[Any]], retention: timedelta = RETENTION
) -> None:
    """Make the client's namespace hold closed executions for ``retention`` and know the search attributes.

    Idempotent, so every start does it; a namespace that already is right is only read.

    Raises:
        NamespaceFault: an attribute exists under another type, or the server refuses.
    """
    try:
        await _keep_for(client, retention)
        await _know(client, {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in attributes})
    except RPCError as fault:
        raise NamespaceFault(
            f"Temporal's namespace {client.namespace} could not be set up ({fault.status.name}): {fault.message}"
        ) from fault


async def _keep_for(client: Client, retention: timedelta) -> None:
    wanted = Duration()
    wanted.FromTimedelta(retention)
    found = await _retention(client)
    if found is None:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(namespace=client.namespace, workflow_execution_retention_period=wanted)
        )
        # The frontend learns of a new namespace some seconds after the store has it.
        await _until(lambda: _is_known(client))
    elif found != wanted:
        config = NamespaceConfig(workflow_execution_retention_ttl=wanted)
        await client.workflow_service.update_namespace(
            UpdateNamespaceRequest(namespace=client.namespace, config=config)
        )


async def _retention(client: Client) -> Duration | None:
    """The namespace's retention, None where there is no such namespace yet."""
    try:
        found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as fault:
        if fault.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return found.config.workflow_execution_retention_ttl


async def _is_known(client: Client) -> bool:
    try:
        await _search_attributes(client)
    except RPCError as fault:
        if fault.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def _know(client: Client, wanted: Mapping[str, IndexedValueType.ValueType]) -> None:
    known = await _search_attributes(client)
    for name, kind in wanted.items():
        # The server takes another type without a word and keeps the old one, so the comparison is ours to make.
        if known.get(name, kind) != kind:
            raise NamespaceFault(
                f"Search attribute {name} of Temporal's namespace {client.namespace} is {_type_name(known[name])}, "
                f"but must be {_type_name(kind)}."
            )
    missing = {name: kind for name, kind in wanted.items() if name not in known}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )


async def _search_attributes(client: Client) -> dict[str, IndexedValueType.ValueType]:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return dict(listed.custom_attributes)


def _type_name(kind: IndexedValueType.ValueType) -> str:
    return IndexedValueType.Name(kind).removeprefix("INDEXED_VALUE_TYPE_").lower()
