"""``/v1/clerk-items``: what a clerk should look at, such as "there was no answer" (issue line M33)."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, WRITES, problems, takes
from api.deps import BodyOf, Caller, ItemId, OnceCall, Sent, allow, call_of
from api.models.clerk_items import ClerkItemView, CompletionIn
from api.models.queries import PageQuery
from api.models.views import Page
from liaison.policy.words import KeyRole
from liaison.services import clerk_items
from liaison.services.errors import Slug

router = APIRouter(prefix=clerk_items.PATH, tags=["aftercare"])

_REPEATED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The stored answer to an earlier call", "model": ClerkItemView}
}
_COMPLETION = BodyOf[CompletionIn](CompletionIn)


@router.get(
    "",
    operation_id="list_clerk_items",
    summary="What waits for a clerk to look at it",
    response_model=Page[ClerkItemView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_clerk_items(
    query: Annotated[PageQuery, Query()],
    caller: Annotated[Caller, allow(KeyRole.CLERK, KeyRole.CHAMBER, KeyRole.OPERATOR)],
) -> Response:
    """List redos to be offered, claimed replies set aside and signals not followed, oldest first."""
    return JSONResponse(await clerk_items.clerk_items_view(caller.platform, caller.scope, query.cursor, query.limit))


@router.post(
    "/{item_id}/completions",
    operation_id="complete_clerk_item",
    summary="Say what was made of an item",
    status_code=201,
    response_model=ClerkItemView,
    responses={**_REPEATED, **problems(*WRITES, Slug.NOT_FOUND, Slug.CONFLICT)},
    openapi_extra=takes("CompletionIn"),
)
async def complete(
    item_id: ItemId,
    caller: Annotated[Caller, allow(KeyRole.CLERK)],
    call: OnceCall,
    sent: Annotated[Sent[CompletionIn], Depends(_COMPLETION)],
) -> Response:
    """Take an item off the list; the record of its request says who did, and why."""
    told = call_of(caller, call, sent)
    answer = await clerk_items.complete_item(caller.platform, told, item_id, sent.model.note)
    return JSONResponse(answer.body, status_code=answer.status, headers={"Location": answer.location})
