"""The Temporal worker process: runs workflows and activities, and the relay beside them."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Final

import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.registry import activities_of
from activities.tools import Tools
from liaison.cli.exits import Exit, complain, leave
from liaison.codec import data_converter
from liaison.contract.names import TASK_QUEUE
from liaison.db.engine import Database
from liaison.db.errors import DatabaseError
from liaison.db.rulebook import Rulebook
from liaison.db.schema import check
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.templates import packaged_templates
from liaison.gateways.trial_system.embedded import EmbeddedTrialSystem
from liaison.keys import KeysError, read_key_ring
from liaison.logs import configure_logs
from liaison.services.platform import Platform
from liaison.services.relay import run_relay
from liaison.settings import Settings, SettingsError, load_settings
from liaison.temporal import connect, logged_runtime
from workflows.liaison_request import LiaisonRequestWorkflow
from workflows.notice import NoticeWorkflow

WORKFLOWS: Final = (LiaisonRequestWorkflow, NoticeWorkflow)
CACHED_WORKFLOWS: Final = 5_000
"""As many as may wake together: beyond it each timer costs a replay."""
STICKY: Final = timedelta(seconds=2)
"""How long a task waits for the worker that holds its workflow: what a reply waits for after a worker was killed."""
GRACE: Final = timedelta(seconds=3)
PATIENCE: Final = timedelta(seconds=10)


def build_worker(
    client: Client, tools: Tools, *, task_queue: str = TASK_QUEUE, cached: int = CACHED_WORKFLOWS
) -> Worker:
    """A worker of every workflow and activity; the client brings codec and identity."""
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=activities_of(tools),
        max_cached_workflows=cached,
        sticky_queue_schedule_to_start_timeout=STICKY,
        graceful_shutdown_timeout=GRACE,
        workflow_runner=SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default),
    )


async def serve(settings: Settings) -> None:
    """Poll until SIGTERM or SIGINT, then drain."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = settings.database_url.get_secret_value()
    await asyncio.to_thread(check, url)
    ring = read_key_ring(settings.key_ring)
    client = await connect(
        settings, "worker", data_converter=data_converter(ring), patience=PATIENCE, runtime=logged_runtime()
    )
    tools = make_tools(settings, client, Database(url))
    try:
        async with build_worker(client, tools):
            relay = asyncio.create_task(run_relay(_platform(tools), stop, "worker"))
            structlog.get_logger().info("worker polls", task_queue=TASK_QUEUE)
            await stop.wait()
            await relay
    finally:
        await tools.db.close()


def make_tools(settings: Settings, client: Client, db: Database) -> Tools:
    """The tools of this machine's worker."""
    register = (files("liaison") / "sample_city/trial_register.csv").read_text(encoding="utf-8")
    return Tools(
        db=db,
        ring=read_key_ring(settings.key_ring),
        rulebook=Rulebook(),
        client=client,
        clock=lambda: datetime.now(UTC),
        trial_system=EmbeddedTrialSystem(register),
        gateway=EmbeddedOutbox(settings.home / "outbox.jsonl", lambda: datetime.now(UTC)),
        templates=packaged_templates(),
        plain_signals_accepted=settings.plain_signals == "accept",
    )


def _platform(tools: Tools) -> Platform:
    return Platform(tools.db, tools.ring, tools.rulebook, tools.client, tools.clock, tools.trial_system)


def main() -> None:
    """``python -m worker``."""
    try:
        settings = load_settings()
        configure_logs("worker", form=settings.log_format, level=settings.log_level)
        asyncio.run(serve(settings))
    except (SettingsError, DatabaseError, KeysError, FileNotFoundError, RuntimeError) as fault:
        complain(str(fault))
        leave(Exit.NOT_READY)
    leave(Exit.DONE)


if __name__ == "__main__":
    main()
