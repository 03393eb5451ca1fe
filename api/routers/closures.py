"""``/v1/calendar/closures``: halls closed by a typhoon or a move, and whether their days count (issue line C30)."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, WRITES, problems, takes
from api.deps import BodyOf, Caller, ClosureId, OnceCall, Sent, allow, call_of
from api.models.queries import PageQuery
from api.models.rule_views import ClosureView
from api.models.rules import ClosureAmendmentIn, ClosureIn, ClosureTimes
from api.models.views import Page
from liaison.policy.words import KeyRole
from liaison.services import closures
from liaison.services.closures import ClosureInput
from liaison.services.errors import Slug
from liaison.services.platform import Answer

router = APIRouter(prefix="/v1/calendar/closures", tags=["calendar"])

_REPEATED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The stored answer to an earlier call", "model": ClosureView}
}
_CLOSURE = BodyOf[ClosureIn](ClosureIn)
_AMENDMENT = BodyOf[ClosureAmendmentIn](ClosureAmendmentIn)


@router.post(
    "",
    operation_id="enter_closure",
    summary="Enter a closure",
    status_code=201,
    response_model=ClosureView,
    responses={**_REPEATED, **problems(*WRITES)},
    openapi_extra=takes("ClosureIn"),
)
async def enter_closure(
    caller: Annotated[Caller, allow(KeyRole.OPERATOR, KeyRole.CHAMBER)],
    call: OnceCall,
    sent: Annotated[Sent[ClosureIn], Depends(_CLOSURE)],
) -> Response:
    """Enter a closure: the hall is closed and clocks run, unless the Case Filing Chamber names days off."""
    told, given = call_of(caller, call, sent), _input(sent.model)
    return _shown(await closures.enter_closure(caller.platform, sent.model.court, given, told))


@router.post(
    "/{closure_id}/amendments",
    operation_id="amend_closure",
    summary="Put another closure in its place, or end it early",
    status_code=201,
    response_model=ClosureView,
    responses={**_REPEATED, **problems(*WRITES, Slug.NOT_FOUND, Slug.CONFLICT)},
    openapi_extra=takes("ClosureAmendmentIn"),
)
async def amend_closure(
    closure_id: ClosureId,
    caller: Annotated[Caller, allow(KeyRole.OPERATOR, KeyRole.CHAMBER)],
    call: OnceCall,
    sent: Annotated[Sent[ClosureAmendmentIn], Depends(_AMENDMENT)],
) -> Response:
    """Enter the closure as it shall be; the one it replaces stays on record."""
    told, given = call_of(caller, call, sent), _input(sent.model)
    return _shown(await closures.amend_closure(caller.platform, closure_id, given, told))


@router.get(
    "",
    operation_id="list_closures",
    summary="Closures",
    response_model=Page[ClosureView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_closures(query: Annotated[PageQuery, Query()], caller: Annotated[Caller, allow()]) -> Response:
    """List closures, oldest first, replaced ones included."""
    return JSONResponse(await closures.closures_view(caller.platform, query.cursor, query.limit))


@router.get(
    "/{closure_id}",
    operation_id="show_closure",
    summary="One closure",
    response_model=ClosureView,
    responses=problems(*READS, Slug.NOT_FOUND),
)
async def show_closure(closure_id: ClosureId, caller: Annotated[Caller, allow()]) -> Response:
    """Show a closure and what replaced it."""
    return JSONResponse(await closures.closure_view(caller.platform, closure_id))


def _input(body: ClosureTimes) -> ClosureInput:
    return ClosureInput(body.from_, body.to, tuple(body.days_off), body.decided_by, body.source)


def _shown(answer: Answer) -> Response:
    return JSONResponse(answer.body, status_code=answer.status, headers={"Location": answer.location})
