"""Starting the workflow of a registered request; the database row is what counts, this may fail and be repeated."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio.client import Client, RPCTimeoutOrCancelledError
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from calendars.core import shanghai_date
from liaison.contract import search
from liaison.contract.messages import RequestStart
from liaison.contract.names import TASK_QUEUE, WorkflowName, request_workflow_id
from liaison.contract.public import Public
from liaison.db.tables import Plan, Request
from liaison.policy.words import Stage
from liaison.services.platform import Platform

START_SECONDS = 2.0
NO_RUNG = -1

TEMPORAL_AWAY = (RPCError, RPCTimeoutOrCancelledError, RuntimeError, TimeoutError)
"""What the client raises while Temporal cannot be reached; ``RuntimeError`` is a lazy client's failed connection."""


async def start_at_once(platform: Platform, request: Request, plan: Plan) -> bool:
    """Try for at most two seconds, and not at all just after a failure: the relay repeats."""
    if platform.breaker.is_open:
        return False
    return await start_request(platform, request, plan)


async def start_request(platform: Platform, request: Request, plan: Plan) -> bool:
    """Start the request's workflow if it is not running.

    No mark is made: the claim in ``open_request`` is the mark, and a second start changes nothing.

    Returns:
        Whether Temporal has the workflow now; False if it could not be reached.
    """
    try:
        async with asyncio.timeout(START_SECONDS):
            await _start(platform.client, request, plan)
    except WorkflowAlreadyStartedError:
        # It ran and ended before it claimed its row, as after a termination: nothing a repeated start could mend.
        return True
    except TEMPORAL_AWAY:
        platform.breaker.trip()
        return False
    return True


async def _start(client: Client, request: Request, plan: Plan) -> None:
    # After a repair the id has a closed run behind it; the claim still lets only one run through.
    repaired = request.stream > 1
    reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE if repaired else WorkflowIDReusePolicy.REJECT_DUPLICATE
    await client.start_workflow(
        WorkflowName.LIAISON_REQUEST,
        RequestStart(request.reference, request.stream),
        id=request_workflow_id(request.reference),
        task_queue=TASK_QUEUE,
        id_reuse_policy=reuse,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        search_attributes=_search_attributes(request, plan),
        static_summary=Public(f"{request.category} · {request.procedure} · court {request.court}"),
        static_details=_details(request, plan),
        rpc_timeout=timedelta(seconds=START_SECONDS),
    )


def _search_attributes(request: Request, plan: Plan) -> TypedSearchAttributes:
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(search.COURT, request.court),
        SearchAttributePair(search.STAGE, Stage.REGISTERED.value),
        SearchAttributePair(search.PROCEDURE, request.procedure.value),
        SearchAttributePair(search.CHANNEL, request.channel.value),
        SearchAttributePair(search.CATEGORY, request.category.value),
        SearchAttributePair(search.CALENDAR_VERSION, request.calendar_version),
        SearchAttributePair(search.POLICY_VERSION, request.policy_version),
        SearchAttributePair(search.RUNG, NO_RUNG),
        SearchAttributePair(search.PROVISIONAL, any(rung["provisional"] for rung in plan.rungs)),
        SearchAttributePair(search.EMERGENCY, False),
    ]
    if request.next_due_at is not None:
        pairs.append(SearchAttributePair(search.NEXT_DEADLINE, request.next_due_at))
    return TypedSearchAttributes(pairs)


def _details(request: Request, plan: Plan) -> Public:
    """What operators may read and never changes; the workflow's own details tell the rest."""
    lines = (
        f"Channel 渠道: {request.channel}",
        f"Received 收到: {shanghai_date(request.received_at)} (day 0 {plan.day0})",
        f"Why this procedure 程序依据: {request.triage_reason}",
        f"Calendar version 日历版本: {plan.calendar_version}, policy version 规则版本: {plan.policy_version}",
    )
    return Public("\n\n".join(lines))
