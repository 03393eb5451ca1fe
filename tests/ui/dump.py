"""Everything a Temporal server gives to whoever can reach it, read without keys."""

from collections.abc import AsyncIterator, Iterator

from google.protobuf.json_format import ParseDict
from temporalio.api.common.v1 import Payload
from temporalio.api.common.v1 import WorkflowExecution as ExecutionKey
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.workflowservice.v1 import QueryWorkflowRequest
from temporalio.client import Client, WorkflowExecution, WorkflowHistory

from liaison.contract.names import QUERY_STATE
from tests.keys.raw import payloads_in

Piece = tuple[str, bytes]
"""Where it was found, and what stood there."""

QUERIES = ("__temporal_workflow_metadata", "__stack_trace", QUERY_STATE)


async def everything(plain: Client) -> AsyncIterator[Piece]:
    """Histories, payloads, ids, attributes, memos, descriptions, lists and the answers to queries."""
    async for execution in plain.list_workflows():
        async for piece in _pieces(plain, execution):
            yield piece


def pieces_of_history(name: str, history: WorkflowHistory) -> Iterator[tuple[str, Payload]]:
    """Every payload, with the kind of event it stands in."""
    for event in history.to_json_dict()["events"]:
        for payload in payloads_in(event):
            yield f"{name} {event['eventType'].removeprefix('EVENT_TYPE_')}", ParseDict(payload, Payload())


async def _pieces(plain: Client, execution: WorkflowExecution) -> AsyncIterator[Piece]:
    name = execution.id
    handle = plain.get_workflow_handle(name, run_id=execution.run_id)
    history = await handle.fetch_history()
    yield f"{name} as JSON", history.to_json().encode()
    for event in history.events:
        yield f"{name} {_kind(event)}", event.SerializeToString()
    for place, payload in pieces_of_history(name, history):
        yield place, payload.data
    yield f"{name} description", (await handle.describe()).raw_description.SerializeToString()
    yield f"{name} in the list", execution.raw_info.SerializeToString()
    if name.startswith("request-"):
        for query in QUERIES:
            yield f"{name} answer to {query}", await _answer(plain, execution, query)


async def _answer(plain: Client, execution: WorkflowExecution, query: str) -> bytes:
    asked = QueryWorkflowRequest(
        namespace=plain.namespace,
        execution=ExecutionKey(workflow_id=execution.id, run_id=execution.run_id),
        query=WorkflowQuery(query_type=query),
    )
    return (await plain.workflow_service.query_workflow(asked)).SerializeToString()


def _kind(event: HistoryEvent) -> str:
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
