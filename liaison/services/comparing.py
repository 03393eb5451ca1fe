"""The book beside Temporal: what lacks its workflow, and which workflows are of another time.

After a restore the two may show different instants. The book is what counts (design section 3): a run that it does not
know, or knows under an older claim, must not go on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.messages import RequestStart
from liaison.contract.names import TASK_QUEUE, WorkflowName, delivery_workflow_id, request_workflow_id
from liaison.db.checkup import Claim, claims_expected, without_open_row
from liaison.db.deliveries import to_be_watched
from liaison.services.errors import Refused, Slug
from liaison.services.platform import Platform
from liaison.services.starting import TEMPORAL_AWAY

SETTLING = timedelta(minutes=1)
"""How long a start, or the end of a run after its closure, may take."""

_STUCK = f"TaskQueue = '{TASK_QUEUE}' AND ExecutionStatus = 'Running' AND TemporalReportedProblems IS NOT NULL"
_REQUEST, _DELIVERY = request_workflow_id(""), delivery_workflow_id("")


@dataclass(frozen=True)
class Differences:
    """References, each list in order.

    Attributes:
        lost: open, and no workflow runs.
        outdated: open, and the workflow that runs is of another time than the row.
        strays: a workflow runs and the row is closed, or there is none.
        unwatched: closed, the answer is not made, and no workflow watches over it.
    """

    lost: list[str]
    outdated: list[str]
    strays: list[str]
    unwatched: list[str]

    @property
    def all(self) -> list[str]:
        """Everything that ``repair`` mends."""
        return sorted({*self.lost, *self.outdated, *self.strays, *self.unwatched})


async def compare(platform: Platform) -> Differences:
    """What Temporal and the book say differently; what was registered or closed a moment ago is left out.

    Raises:
        Refused: ``UNAVAILABLE``, Temporal cannot be asked.
    """
    try:
        running = await _running(platform, WorkflowName.LIAISON_REQUEST, _REQUEST)
        async with platform.db.read() as session:
            expected = await claims_expected(session, platform.clock() - SETTLING)
            unknown = await without_open_row(session, running.keys() - expected.keys(), platform.clock() - SETTLING)
        # Visibility lags behind: only a description of the run itself is proof.
        lost = [
            reference for reference in expected.keys() - running.keys() if not await running_of(platform, reference)
        ]
        outdated = await _outdated(platform, expected, running)
        strays = [reference for reference in unknown if await running_of(platform, reference)]
        watched = await _running(platform, WorkflowName.DELIVERY, _DELIVERY)
        async with platform.db.read() as session:
            to_watch = await to_be_watched(session, platform.clock() - SETTLING) - watched.keys()
        unwatched = [reference for reference in to_watch if not await _is_watched(platform, reference)]
    except TEMPORAL_AWAY:
        raise temporal_away() from None
    return Differences(sorted(lost), sorted(outdated), sorted(strays), sorted(unwatched))


async def stuck(platform: Platform) -> list[str]:
    """Ids of the workflows that run and get nowhere, in order: their tasks failed five times in a row.

    A request's, or one that carries a message, an answer or a re-plan. Temporal says so since server 1.30, and takes it
    back with the first task that succeeds.

    Raises:
        Refused: ``UNAVAILABLE``, Temporal cannot be asked, or does not know the question.
    """
    try:
        listed = platform.client.list_workflows(_STUCK)
        return sorted([execution.id async for execution in listed])
    except TEMPORAL_AWAY:
        raise temporal_away() from None


async def is_unwatched(platform: Platform, reference: str) -> bool:
    """Whether a request's answer should be watched, and is not."""
    async with platform.db.read() as session:
        to_watch = await to_be_watched(session, platform.clock() - SETTLING, reference)
    return reference in to_watch and not await _is_watched(platform, reference)


async def running_of(platform: Platform, reference: str) -> WorkflowExecutionDescription | None:
    """The request's running workflow; None if none runs."""
    return await _describe(platform, request_workflow_id(reference))


async def _is_watched(platform: Platform, reference: str) -> bool:
    return await _describe(platform, delivery_workflow_id(reference)) is not None


async def _running(platform: Platform, type_: WorkflowName, prefix: str) -> dict[str, str]:
    """Run ids of the running workflows of a type, by reference, as far as visibility has come."""
    listed = platform.client.list_workflows(f"WorkflowType = '{type_}' AND ExecutionStatus = 'Running'")
    return {execution.id.removeprefix(prefix): execution.run_id async for execution in listed}


async def _describe(platform: Platform, workflow_id: str) -> WorkflowExecutionDescription | None:
    try:
        found = await platform.client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return found if found.status is WorkflowExecutionStatus.RUNNING else None


async def is_of_claim(platform: Platform, found: WorkflowExecutionDescription, claim: Claim) -> bool:
    """Whether a running workflow is the one the row means: the run that claimed it, or the one that is about to.

    A reset run has another id, and the first id of its chain.
    """
    if claim.run_id is not None:
        return bool(found.raw_description.workflow_execution_info.first_run_id == claim.run_id)
    return await _stream_of(platform, found) == claim.stream


async def _outdated(platform: Platform, expected: dict[str, Claim], running: dict[str, str]) -> Iterable[str]:
    doubtful = [
        reference for reference, claim in expected.items() if running.get(reference, claim.run_id) != claim.run_id
    ]
    outdated = []
    for reference in doubtful:
        found = await running_of(platform, reference)
        if found is not None and not await is_of_claim(platform, found, expected[reference]):
            outdated.append(reference)
    return outdated


async def _stream_of(platform: Platform, found: WorkflowExecutionDescription) -> int:
    """The number of the run chain that a workflow was started for."""
    handle = platform.client.get_workflow_handle(found.id, run_id=found.run_id)
    async for event in handle.fetch_history_events(page_size=1):
        payloads = event.workflow_execution_started_event_attributes.input.payloads
        [start] = await platform.client.data_converter.decode(payloads, [RequestStart])
        return int(start.stream)
    return 0


def temporal_away() -> Refused:
    """What is said when Temporal cannot be asked."""
    return Refused(Slug.UNAVAILABLE, "无法连接 Temporal。", "Temporal cannot be reached.")
