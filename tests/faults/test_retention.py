"""H07: Temporal forgets a closed workflow after its retention; the book does not, and one request never runs twice."""

from pathlib import Path

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.names import request_workflow_id
from liaison.db.tables import Action, Plan
from liaison.policy.words import ActionState, EventKind, Stage
from liaison.services.access import scope_of
from liaison.services.delivery import Fate, deliver
from liaison.services.intake import accept_request
from liaison.services.platform import Answer
from liaison.services.starting import start_request
from tests.city import INTAKE, City, prepare_template
from tests.ui.live import LiveCity, normal_server, open_live_city
from tests.ui.waiting import until

FORGETS_AT_ONCE = ("--dynamic-config-value", 'history.transferProcessorUpdateAckInterval="100ms"')
"""Else a closed workflow can be deleted half a minute after it ended."""


async def _submit(city: City) -> Answer:
    scope = await scope_of(city.platform, city.credentials.channel_key)
    return await accept_request(city.platform, scope, INTAKE, "the channel's own key", "the same body")


async def _is_known(city: City, reference: str) -> bool:
    try:
        await city.handle(reference).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def _replied_and_forgotten(city: LiveCity) -> Answer:
    """A request is replied to, then deleted as Temporal deletes it when the retention is over; the first answer."""
    answer = await _submit(city)
    reference = answer.body["reference"]
    await until(lambda: city.is_at(reference, Stage.AWAITING_REPLY))
    assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED
    await city.handle(reference).result()
    execution = WorkflowExecution(workflow_id=request_workflow_id(reference))
    await city.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace=city.client.namespace, workflow_execution=execution)
    )
    await until(lambda: _is_forgotten(city, reference))
    return answer


async def _is_forgotten(city: City, reference: str) -> bool:
    return not await _is_known(city, reference)


async def test_a_forgotten_request_is_one_request_and_runs_once(tmp_path: Path) -> None:
    await prepare_template(tmp_path / "template")
    async with (
        normal_server(*FORGETS_AT_ONCE) as server,
        open_live_city(tmp_path / "template", tmp_path / "home", server) as city,
        city.working(),
    ):
        first = await _replied_and_forgotten(city)
        reference = first.body["reference"]
        kinds, sent = await city.kinds(reference), city.sent()

        again = await _submit(city)
        assert (again.status, again.body) == (200, first.body)
        await city.relay()
        assert not await _is_known(city, reference)

        # Whoever delivered the reply and stood still: Temporal no longer knows what became of it, the book does.
        [reply] = await city.rows(Action, reference)
        delivered = await deliver(city.platform, reply)
        assert (delivered.fate, delivered.state) == (Fate.TAKEN, ActionState.ACCEPTED)

        # A start that was under way when all this happened: the id is free again, and the claim lets nobody through.
        [plan] = await city.rows(Plan, reference)
        assert await start_request(city.platform, await city.request(reference), plan)
        assert (await city.handle(reference).result()).duplicate
        assert (await city.handle(reference).describe()).status is WorkflowExecutionStatus.COMPLETED
        assert (await city.request(reference)).stage is Stage.CLOSED
        assert await city.kinds(reference) == kinds
        assert kinds.count(EventKind.STARTED) == kinds.count(EventKind.CLOSED) == 1
        assert city.sent() == sent
