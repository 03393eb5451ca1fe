"""What a closed request still waits for: that its answer is made to the party, and what the party thinks of it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, WRITES, problems, takes
from api.deps import BodyOf, Caller, OnceCall, Reference, Sent, allow, call_of
from api.models.aftercare import CalledIn, CallView, DeliveryIn, DeliveryView, HandedOverIn, RatingIn, RatingView
from api.models.queries import PageQuery
from api.models.views import Page
from liaison.policy.follow_up import Verdict
from liaison.policy.words import KeyRole
from liaison.services import call_list, deliveries, follow_up
from liaison.services.deliveries import Made
from liaison.services.errors import Slug
from liaison.services.follow_up import Rating
from liaison.services.platform import Answer

router = APIRouter(prefix="/v1/requests/{reference}", tags=["aftercare"])
calls_router = APIRouter(prefix="/v1/call-list", tags=["aftercare"])

_ENDS: Final = (*WRITES, Slug.NOT_FOUND, Slug.CONFLICT, Slug.ERASED)
_DELIVERY = BodyOf[CalledIn | HandedOverIn](DeliveryIn, tagged_by="means")
_RATING = BodyOf[RatingIn](RatingIn)


def _repeated(model: type) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The stored answer to an earlier call", "model": model}}


@router.post(
    "/deliveries",
    operation_id="record_delivery",
    summary="Put on record that the answer was told by telephone or handed over",
    status_code=201,
    response_model=DeliveryView,
    responses={**_repeated(DeliveryView), **problems(*_ENDS, Slug.NOT_THE_HOLDER)},
    openapi_extra=takes("CalledIn", "HandedOverIn"),
)
async def record_delivery(
    caller: Annotated[Caller, allow(KeyRole.CLERK, KeyRole.JUDGE, KeyRole.LEADER)],
    reference: Reference,
    call: OnceCall,
    sent: Annotated[Sent[CalledIn | HandedOverIn], Depends(_DELIVERY)],
) -> Response:
    """Make an answer that no message brings, and tell the news on the call list: both count as told at that time."""
    body = sent.model
    said = {"number": body.number} if isinstance(body, CalledIn) else {"to": body.to}
    made = Made(body.means, body.time, said | {"gist": body.gist})
    return _shown(await deliveries.record_delivery(caller.platform, reference, made, call_of(caller, call, sent)))


@router.get(
    "/deliveries",
    operation_id="list_deliveries",
    summary="How far the request's answer has come",
    response_model=Page[DeliveryView],
    responses=problems(*READS, Slug.NOT_FOUND),
)
async def list_deliveries(caller: Annotated[Caller, allow()], reference: Reference) -> Response:
    """Show how far the answer has come to the party; nothing where no answer was given in writing."""
    return JSONResponse(await deliveries.deliveries_view(caller.platform, caller.scope, reference))


@router.post(
    "/ratings",
    operation_id="submit_rating",
    summary="Say what the party thinks of the answer",
    status_code=201,
    response_model=RatingView,
    responses={**_repeated(RatingView), **problems(*_ENDS)},
    openapi_extra=takes("RatingIn"),
)
async def submit_rating(
    caller: Annotated[Caller, allow(KeyRole.CHANNEL, KeyRole.CLERK)],
    reference: Reference,
    call: OnceCall,
    sent: Annotated[Sent[RatingIn], Depends(_RATING)],
) -> Response:
    """Take a rating, once; "there was no answer" goes before the clerks, who offer a redo."""
    rating = Rating(Verdict(sent.model.rating), sent.model.comment)
    return _shown(await follow_up.rate(caller.platform, reference, rating, call_of(caller, call, sent)))


@router.get(
    "/ratings",
    operation_id="list_ratings",
    summary="What the party thinks of the answer",
    response_model=Page[RatingView],
    responses=problems(*READS, Slug.NOT_FOUND),
)
async def list_ratings(caller: Annotated[Caller, allow()], reference: Reference) -> Response:
    """Show the follow-up: how often the party was asked, and what it said."""
    return JSONResponse(await follow_up.ratings_view(caller.platform, caller.scope, reference))


@calls_router.get(
    "",
    operation_id="list_calls",
    summary="Parties that a clerk must call",
    response_model=Page[CallView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_calls(
    query: Annotated[PageQuery, Query()],
    caller: Annotated[Caller, allow(KeyRole.CLERK, KeyRole.CHAMBER, KeyRole.OPERATOR)],
) -> Response:
    """List whom no message reaches, by reference, and what they must be told; operators see no party."""
    return JSONResponse(await call_list.call_list_view(caller.platform, caller.scope, query.cursor, query.limit))


def _shown(answer: Answer) -> Response:
    return JSONResponse(answer.body, status_code=answer.status, headers={"Location": answer.location})
