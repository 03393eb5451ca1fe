"""The bare twin: workflows with the commands of ours and nothing behind them.

``python -m benchmarks.bare ADDRESS HOME`` is its worker, with the sandbox, cache, patience and codec of ours. A life
has three activities that do nothing, one timer, two upserts, one update, and what operators read; news of its dates,
a signal, has one activity, one upsert and another timer.
"""

import asyncio
import contextlib
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

with workflow.unsafe.imports_passed_through():
    import worker as ours
    from liaison.codec import data_converter
    from liaison.contract import search
    from liaison.contract.messages import Action, Receipt, RequestStart
    from liaison.contract.options import patient
    from liaison.contract.public import Public
    from liaison.keys import read_key_ring
    from liaison.policy.words import ActionState, Stage

QUEUE: Final = "bare"
DETAILS: Final = Public(
    "**awaiting reply 待答复** · ordinary 普通\n\n" + "- Holder 承办人: Judge 法官 (0104-j01)\n" * 8
)


@activity.defn
async def opened(reference: str) -> str:
    """Do nothing; every ``opened``, ``dispatched``, ``planned`` and ``closed`` is a line of standard output."""
    return _say("opened", reference)


@activity.defn
async def dispatched(reference: str) -> str:
    """Do nothing."""
    return _say("dispatched", reference)


@activity.defn
async def planned(reference: str) -> str:
    """Do nothing."""
    return _say("planned", reference)


@activity.defn
async def closed(reference: str) -> str:
    """Do nothing."""
    return _say("closed", reference)


def _say(what: str, reference: str) -> str:
    sys.stdout.write(f"{what} {reference}\n")
    sys.stdout.flush()
    return reference


@workflow.defn
class BareLife:
    """A request's life without a request."""

    def __init__(self) -> None:
        self._reply: Action | None = None
        self._has_moved = False

    @workflow.run
    async def run(self, start: RequestStart) -> str:
        """Live; the timer is ``start.stream`` seconds after the epoch, or in three days."""
        reference = start.reference
        await workflow.execute_activity(opened, reference, **patient("claim the request, read its plan"))
        dispatching = asyncio.create_task(self._dispatch(reference))
        workflow.set_current_details(DETAILS)
        due = datetime.fromtimestamp(start.stream, workflow.now().tzinfo) if start.stream > 1 else None
        with contextlib.suppress(asyncio.TimeoutError):
            while self._reply is None:
                await self._wait_for_news(due - workflow.now() if due else timedelta(days=3))
        workflow.set_current_details(DETAILS)
        await dispatching
        await workflow.execute_activity(closed, reference, **patient("close by reply"))
        workflow.set_current_details(DETAILS)
        workflow.upsert_search_attributes([search.STAGE.value_set(Stage.CLOSED), search.NEXT_DEADLINE.value_unset()])
        return reference

    async def _wait_for_news(self, at_most: timedelta) -> None:
        self._has_moved = False
        await workflow.wait_condition(
            lambda: self._reply is not None or self._has_moved,
            timeout=at_most,
            timeout_summary=Public("warning 预警: holder, department, liaison officer, after 2026-11-25"),
        )

    async def _dispatch(self, reference: str) -> None:
        await workflow.execute_activity(dispatched, reference, **patient("find the holder, send the work order"))
        workflow.set_current_details(DETAILS)
        workflow.upsert_search_attributes(
            [
                search.STAGE.value_set(Stage.AWAITING_REPLY),
                search.DEPARTMENT.value_set("0104-d-civil1"),
                search.JUDGE.value_set("0104-j01"),
            ]
        )

    @workflow.signal
    async def calendar_changed(self, body: dict[str, int]) -> None:
        """Hear that the dates are others."""
        reference = workflow.info().workflow_id.removeprefix("bare-")
        await workflow.execute_activity(planned, reference, **patient("count the dates anew"))
        workflow.set_current_details(DETAILS)
        workflow.upsert_search_attributes([search.CALENDAR_VERSION.value_set(body["version"])])
        self._has_moved = True

    @workflow.update
    def reply(self, action: Action) -> Receipt:
        """Take the reply."""
        self._reply = action
        return Receipt(action.action_id, ActionState.ACCEPTED)

    @reply.validator
    def _check(self, action: Action) -> None:
        if self._reply is not None:
            raise ValueError(action.action_id)


async def serve(address: str, home: Path) -> None:
    """Poll until killed."""
    client = await Client.connect(address, data_converter=data_converter(read_key_ring(home / "key-ring.json")))
    await Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareLife],
        activities=[opened, dispatched, planned, closed],
        max_cached_workflows=ours.CACHED_WORKFLOWS,
        sticky_queue_schedule_to_start_timeout=ours.STICKY,
        workflow_runner=SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default),
    ).run()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
