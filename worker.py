"""The Temporal worker process: runs workflows and activities, and the relay beside them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, TypedDict

import structlog
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime
from temporalio.service import RPCError
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.gateways import task_queue_of
from activities.registry import activities_of
from activities.sms import Sender
from activities.tools import Tools
from liaison.cli.exits import Exit, leave
from liaison.cli.start_faults import FORESEEN, give_up, own_key_ring
from liaison.codec import data_converter
from liaison.contract.names import DEPLOYMENT, TASK_QUEUE
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.db.schema import check
from liaison.gateways.sms.accounts import OUTBOX
from liaison.gateways.sms.choice import open_gateways
from liaison.gateways.sms.templates import packaged_templates
from liaison.gateways.trial_system.embedded import EmbeddedTrialSystem
from liaison.keys import KeyRing
from liaison.logs import configure_logs
from liaison.memory import spare_what_is_loaded
from liaison.release import release
from liaison.sample_city import sample_trial_register
from liaison.services.callbacks import Desk
from liaison.services.clock_offset import clock_watched
from liaison.services.platform import Platform
from liaison.services.production import refuse_sample_keys
from liaison.services.relay import run_relay
from liaison.services.watching import book_shown
from liaison.settings import Profile, Settings, load_settings
from liaison.supervisor.faults import no_namespace, no_temporal
from liaison.temporal import connect, has_namespace, measured_runtime
from workflows.delivery import DeliveryWorkflow
from workflows.followup import FollowUpWorkflow
from workflows.horizon import HorizonWorkflow
from workflows.liaison_request import LiaisonRequestWorkflow
from workflows.mailbox import MailboxWorkflow
from workflows.notice import NoticeWorkflow
from workflows.purge import PurgeWorkflow
from workflows.replan import ReplanWorkflow

WORKFLOWS: Final = (
    LiaisonRequestWorkflow,
    NoticeWorkflow,
    MailboxWorkflow,
    DeliveryWorkflow,
    FollowUpWorkflow,
    PurgeWorkflow,
    ReplanWorkflow,
    HorizonWorkflow,
)
CACHED_WORKFLOWS: Final = 5_000
"""As many as may wake together: beyond it each timer costs a replay."""
STICKY: Final = timedelta(seconds=2)
"""How long a task waits for the worker that holds its workflow: what a reply waits for after a worker was killed."""
GRACE: Final = timedelta(seconds=3)
PATIENCE: Final = timedelta(seconds=10)


def build_worker(
    client: Client,
    tools: Tools,
    *,
    task_queue: str = TASK_QUEUE,
    cached: int = CACHED_WORKFLOWS,
    build_id: str | None = None,
) -> Worker:
    """A worker of every workflow and activity; the client brings codec and identity.

    Args:
        client: the way to Temporal.
        tools: what its activities work with.
        task_queue: where it polls.
        cached: workflows kept in memory.
        build_id: its version in the worker deployment; None for a worker without versions.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=activities_of(tools),
        max_cached_workflows=cached,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
        **_version(build_id),
        workflow_runner=SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default),
    )


def build_senders(client: Client, tools: Tools, *, build_id: str | None = None) -> list[Worker]:
    """A worker for each gateway that takes only so many messages a second: it sends them, and nothing else.

    The rate is the task queue's, whatever number of workers polls it; all must name the same. No sender has more in his
    hands than his gateway takes at once: who is killed leaves that many in doubt.
    """
    return [
        Worker(
            client,
            task_queue=task_queue_of(gateway),
            activities=[Sender(tools).send_message],
            max_task_queue_activities_per_second=gateway.can.rate,
            max_concurrent_activities=gateway.can.window,
            # An activity that is started eagerly passes the rate by.
            disable_eager_activity_execution=True,
            graceful_shutdown_timeout=GRACE,
            **_version(build_id),
        )
        for gateway in tools.gateways
        if gateway.can.rate is not None
    ]


class _Version(TypedDict, total=False):
    build_id: str
    deployment_config: WorkerDeploymentConfig


def _version(build_id: str | None) -> _Version:
    """Open requests move to the version made current: histories replay on it (ADR 0004).

    The behaviour is the worker's and never the workflow's: a worker without versions could not finish a task of one.
    Such a worker is known by our release, or the SDK would hash every loaded module to give it a name.
    """
    if build_id is None:
        return {"build_id": release()}
    version = WorkerDeploymentVersion(DEPLOYMENT, build_id)
    return {
        "deployment_config": WorkerDeploymentConfig(
            version=version, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE
        )
    }


async def serve(settings: Settings) -> None:
    """Poll until SIGTERM or SIGINT, then drain."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = settings.database_url.get_secret_value()
    await asyncio.to_thread(check, url)
    if settings.profile is Profile.PRODUCTION:
        await refuse_sample_keys(url)
    ring = own_key_ring(settings)
    runtime, endpoint = measured_runtime(settings, "worker")
    client = await _connect(settings, ring, runtime)
    tools = make_tools(settings, client, Database(url))
    platform = _platform(tools)
    try:
        async with (
            clock_watched(platform),
            book_shown(platform, endpoint, "worker"),
            _at_work(client, tools, platform, settings.build_id),
        ):
            spare_what_is_loaded()
            relay = asyncio.create_task(run_relay(platform, stop, "worker"))
            _say_what_it_does(settings)
            await stop.wait()
            await relay
    finally:
        await tools.db.close()


async def _connect(settings: Settings, ring: KeyRing, runtime: Runtime) -> Client:
    try:
        converter = data_converter(ring)
        client = await connect(settings, "worker", data_converter=converter, patience=PATIENCE, runtime=runtime)
        # The connecting does not look at it, and the SDK's worker would end with a traceback.
        is_there = await has_namespace(client)
    except (RuntimeError, RPCError) as fault:
        raise no_temporal(settings) from fault
    if not is_there:
        raise no_namespace(client.namespace)
    return client


@asynccontextmanager
async def _at_work(client: Client, tools: Tools, platform: Platform, build_id: str | None) -> AsyncIterator[None]:
    """Poll for the length of the block. Gateways listen before the first message is sent and after the last one: what
    they answer to is nobody's doubt then."""
    async with AsyncExitStack() as parts:
        for gateway in tools.gateways:
            await parts.enter_async_context(gateway.listening(Desk(platform, gateway.name)))
        for each in (build_worker(client, tools, build_id=build_id), *build_senders(client, tools, build_id=build_id)):
            await parts.enter_async_context(each)
        yield


def _say_what_it_does(settings: Settings) -> None:
    log = structlog.get_logger()
    log.info("worker polls", task_queue=TASK_QUEUE, version=settings.build_id or "none")
    if settings.profile is Profile.PRODUCTION and settings.gateway_names == (OUTBOX,):
        log.warning("messages go to the embedded outbox and reach no telephone")
    if settings.profile is Profile.PRODUCTION:
        log.warning("no trial register is connected: no case is known, nobody is answered by machine")


def make_tools(settings: Settings, client: Client, db: Database) -> Tools:
    """The tools of this machine's worker. The sample city's cases are for the local profile only."""
    templates = packaged_templates()
    return Tools(
        db=db,
        ring=own_key_ring(settings),
        rulebook=Rulebook(),
        client=client,
        clock=lambda: datetime.now(UTC),
        trial_system=sample_trial_register() if settings.profile is Profile.LOCAL else EmbeddedTrialSystem.empty(),
        gateways=open_gateways(settings.sms_accounts, templates, lambda: datetime.now(UTC)),
        templates=templates,
        plain_signals_accepted=settings.plain_signals == "accept",
        plain_signals_confirmed=settings.plain_signals == "confirm",
        replan_per_second=settings.replan_per_second,
    )


def _platform(tools: Tools) -> Platform:
    return Platform(tools.db, tools.ring, tools.rulebook, tools.client, tools.clock)


def main() -> None:
    """``python -m worker``."""
    try:
        settings = load_settings()
        configure_logs("worker", form=settings.log_format, level=settings.log_level)
        asyncio.run(serve(settings))
    except FORESEEN as fault:
        give_up(fault)
    leave(Exit.DONE)


if __name__ == "__main__":
    main()
