"""Finding and mending requests whose workflow was terminated or lost (design section 3.9)."""

from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.names import WorkflowName, request_workflow_id
from liaison.db.claims import newest_plan
from liaison.db.errors import RequestUnknown
from liaison.db.leases import release_actions
from liaison.db.reads import references_with_run
from liaison.db.record import lock_request
from liaison.db.tables import Request
from liaison.policy.words import Stage
from liaison.services.errors import Refused, Slug
from liaison.services.finding import not_found
from liaison.services.platform import Platform
from liaison.services.relay import ATTEMPT
from liaison.services.starting import TEMPORAL_AWAY, start_request

SETTLING = timedelta(minutes=1)
"""How long a start, or the end of a run after its closure, may take."""

_RUNNING = f"WorkflowType = '{WorkflowName.LIAISON_REQUEST}' AND ExecutionStatus = 'Running'"


@dataclass(frozen=True)
class RepairResult:
    """What was done; ``started`` is False if Temporal was away and the relay starts the run later."""

    reference: str
    stream: int
    started: bool


async def open_without_workflow(platform: Platform) -> list[str]:
    """References of open requests that should have a running workflow and have none, in order.

    Those registered a moment ago are the relay's business and left out.

    Raises:
        Refused: ``UNAVAILABLE``, Temporal cannot be asked.
    """
    try:
        running = {execution.id async for execution in platform.client.list_workflows(_RUNNING)}
        suspects = [
            reference for reference in await _expected(platform) if request_workflow_id(reference) not in running
        ]
        # Visibility lags behind: only a description of the run itself is proof.
        return [reference for reference in suspects if not await _is_running(platform, reference)]
    except TEMPORAL_AWAY:
        raise _unavailable() from None


async def repair(platform: Platform, reference: str) -> RepairResult:
    """Give an open request a new run chain at its plan and state; rungs recorded before are not repeated.

    Raises:
        Refused: ``NOT_FOUND``; ``CONFLICT`` if it is closed, attached to another, or its run is open after all;
            ``UNAVAILABLE`` if Temporal cannot be asked.
    """
    try:
        if await _is_running(platform, reference):
            raise Refused(Slug.CONFLICT, "该诉求的流程仍在运行。", "The request's workflow is running.")
    except TEMPORAL_AWAY:
        raise _unavailable() from None
    now = platform.clock()
    async with platform.db.write() as session:
        try:
            request = await lock_request(session, reference)
        except RequestUnknown:
            raise not_found() from None
        _check_open(request)
        request.run_id = None
        request.stream += 1
        request.leased_until = now + ATTEMPT
        await release_actions(session, reference)
        plan = await newest_plan(session, request)
    return RepairResult(reference, request.stream, await start_request(platform, request, plan))


async def _expected(platform: Platform) -> list[str]:
    async with platform.db.read() as session:
        return await references_with_run(session, platform.clock() - SETTLING)


async def _is_running(platform: Platform, reference: str) -> bool:
    try:
        description = await platform.client.get_workflow_handle(request_workflow_id(reference)).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return description.status is WorkflowExecutionStatus.RUNNING


def _check_open(request: Request) -> None:
    if request.stage is Stage.CLOSED:
        raise Refused(Slug.CONFLICT, "诉求已办结。", "The request is closed.")
    if request.attached_to is not None:
        raise Refused(Slug.CONFLICT, "该诉求已并入另一诉求。", "The request is attached to another one.")


def _unavailable() -> Refused:
    return Refused(Slug.UNAVAILABLE, "无法连接 Temporal。", "Temporal cannot be reached.")
