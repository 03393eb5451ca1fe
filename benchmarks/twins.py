"""Bare workflows from this process: started as ours are, their progress read from their worker's lines."""

import asyncio
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from benchmarks.bare import QUEUE, BareLife
from benchmarks.stage import Stage
from liaison.contract import search
from liaison.contract.messages import Action, RequestStart
from liaison.contract.public import Public
from liaison.contract.reference import new_reference
from liaison.policy.words import ActionKind

RPC_TIMEOUT = timedelta(seconds=30)
DETAILS = Public(
    "Channel 渠道: hotline\n\nReceived 收到: 2026-11-23 (day 0 2026-11-23)\n\n"
    "Why this procedure 程序依据: contact with the judge, art. 5 联系法官，第五条\n\n"
    "Calendar version 日历版本: 10, policy version 规则版本: 1"
)


async def start_bare(client: Client, *, due: int = 1) -> str:
    """Start one bare workflow as ``liaison.services.starting`` starts ours; ``due`` in seconds after the epoch."""
    reference = new_reference()
    await client.start_workflow(
        BareLife.run,
        RequestStart(reference, due),
        id=f"bare-{reference}",
        task_queue=QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=_attributes(),
        static_summary=Public("judge_contact · ordinary · court 0104"),
        static_details=DETAILS,
        rpc_timeout=RPC_TIMEOUT,
    )
    return reference


async def reply_bare(client: Client, reference: str) -> None:
    """Send one bare workflow its update."""
    now = datetime.now(UTC).isoformat()
    action = Action(reference, ActionKind.REPLY, "0104-j01", now, as_holder=True)
    handle = client.get_workflow_handle(f"bare-{reference}")
    await handle.execute_update(BareLife.reply, action, id=reference, rpc_timeout=RPC_TIMEOUT)


async def tell_bare(client: Client, reference: str) -> None:
    """Send one bare workflow the news of its dates."""
    handle = client.get_workflow_handle(f"bare-{reference}")
    await handle.signal(BareLife.calendar_changed, {"version": 11}, rpc_timeout=RPC_TIMEOUT)


def _attributes() -> TypedSearchAttributes:
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(search.COURT, "0104"),
        SearchAttributePair(search.STAGE, "registered"),
        SearchAttributePair(search.PROCEDURE, "ordinary"),
        SearchAttributePair(search.CHANNEL, "hotline"),
        SearchAttributePair(search.CATEGORY, "judge_contact"),
        SearchAttributePair(search.CALENDAR_VERSION, 10),
        SearchAttributePair(search.POLICY_VERSION, 1),
        SearchAttributePair(search.RUNG, -1),
        SearchAttributePair(search.PROVISIONAL, False),
        SearchAttributePair(search.EMERGENCY, False),
        SearchAttributePair(search.NEXT_DEADLINE, datetime.now(UTC) + timedelta(days=3)),
    ]
    return TypedSearchAttributes(pairs)


@dataclass
class Progress:
    """How far workflows have come: ``(what, reference)`` as events, how many of each kind, when the last came."""

    pid: int
    reached: dict[tuple[str, str], asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    last: dict[str, float] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)

    async def wait(self, what: str, reference: str) -> None:
        """Return once the workflow has come so far."""
        await self.reached[what, reference].wait()

    async def follow(self, lines: asyncio.StreamReader) -> None:
        """Read what the worker says until it ends."""
        while line := (await lines.readline()).decode().split():
            self.last[line[0]] = time.time()
            self.count[line[0]] += 1
            self.reached[line[0], line[1]].set()


@asynccontextmanager
async def bare_worker(stage: Stage) -> AsyncIterator[Progress]:
    """A process of its own that runs bare workflows."""
    command = [sys.executable, "-m", "benchmarks.bare", stage.platform.credentials["temporal_address"], str(stage.home)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    progress = Progress(process.pid)
    following = asyncio.create_task(progress.follow(process.stdout))
    try:
        yield progress
    finally:
        process.kill()
        await process.wait()
        await following
