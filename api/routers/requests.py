"""``/v1/requests``: a request is registered, shown and listed."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from api.answers import READS, WRITES, problems, takes
from api.bodies import read_json
from api.deps import Caller, OnceCall, Reference, allow
from api.intake import intake_of, read_request
from api.models.explanation_views import ExplanationView
from api.models.queries import PageQuery, RequestQuery
from api.models.views import ContentView, EventView, Page, RequestView
from liaison.policy.words import KeyRole
from liaison.services import views
from liaison.services.errors import Slug
from liaison.services.explaining import explain_request
from liaison.services.intake import accept_request

router = APIRouter(prefix="/v1/requests", tags=["requests"])


@router.post(
    "",
    operation_id="submit_request",
    summary="Register a request",
    status_code=201,
    response_model=RequestView,
    responses={200: {"description": "The stored answer to an earlier call", "model": RequestView}, **problems(*WRITES)},
    openapi_extra=takes("RequestIn"),
)
async def submit_request(
    request: Request, caller: Annotated[Caller, allow(KeyRole.CHANNEL)], call: OnceCall
) -> Response:
    """Register a request; from the answer on it cannot be lost, whatever happens to the rest of the platform."""
    sent = await read_request(caller, await read_json(request))
    fingerprint = call.fingerprint(caller.platform, sent.raw)
    answer = await accept_request(caller.platform, caller.scope, intake_of(sent.model), call.key, fingerprint)
    structlog.contextvars.bind_contextvars(reference=answer.body["reference"])
    return JSONResponse(answer.body, status_code=answer.status, headers={"Location": answer.location})


@router.get(
    "",
    operation_id="list_requests",
    summary="Requests this key may see",
    response_model=Page[RequestView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_requests(query: Annotated[RequestQuery, Query()], caller: Annotated[Caller, allow()]) -> Response:
    """List requests by court, department, holder, stage and deadline."""
    filters = views.RequestFilters(**query.model_dump(exclude={"cursor", "limit"}))
    return JSONResponse(await views.list_requests(caller.platform, caller.scope, filters, query.cursor, query.limit))


@router.get(
    "/{reference}",
    operation_id="show_request",
    summary="One request",
    response_model=RequestView,
    responses=problems(*READS, Slug.NOT_FOUND),
)
async def show_request(caller: Annotated[Caller, allow()], reference: Reference) -> Response:
    """Show where a request stands."""
    return JSONResponse(await views.request_view(caller.platform, caller.scope, reference))


@router.get(
    "/{reference}/content",
    operation_id="read_content",
    summary="What the party asked",
    response_model=ContentView,
    responses=problems(*READS, Slug.NOT_FOUND, Slug.ERASED),
)
async def read_content(caller: Annotated[Caller, allow()], reference: Reference) -> Response:
    """Read a party's text, for holder and team, whoever it is offered to, supervisors, clerks and its own channel."""
    return JSONResponse(await views.content_view(caller.platform, caller.scope, reference))


@router.get(
    "/{reference}/events",
    operation_id="list_events",
    summary="The record of one request",
    response_model=Page[EventView],
    responses=problems(*READS, Slug.NOT_FOUND, Slug.INVALID),
)
async def list_events(
    query: Annotated[PageQuery, Query()], caller: Annotated[Caller, allow()], reference: Reference
) -> Response:
    """Show what happened to a request, in the order it was recorded."""
    return JSONResponse(await views.events_view(caller.platform, caller.scope, reference, query.cursor, query.limit))


@router.get(
    "/{reference}/deadlines",
    operation_id="explain_deadlines",
    summary="Why its deadlines are when they are",
    response_model=ExplanationView,
    responses=problems(*READS, Slug.NOT_FOUND),
)
async def explain_deadlines(caller: Annotated[Caller, allow()], reference: Reference) -> Response:
    """Show each day counted and passed over with its reason, by the versions this request's dates were made with."""
    return JSONResponse(await explain_request(caller.platform, caller.scope, reference))
