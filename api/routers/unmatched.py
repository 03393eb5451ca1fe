"""``/v1/unmatched-messages``: short messages nobody could match, in the clerks' queue (issue line M31)."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, WRITES, problems, takes
from api.deps import BodyOf, Caller, InboundId, OnceCall, Sent, allow, call_of, reference_of
from api.models.inbound import AssignmentIn, DismissalIn, InboundView
from api.models.queries import PageQuery
from api.models.views import Page
from liaison.policy.words import KeyRole
from liaison.services import unmatched
from liaison.services.errors import Slug
from liaison.services.platform import Answer

router = APIRouter(prefix=unmatched.PATH, tags=["messages"])

_REPEATED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The stored answer to an earlier call", "model": InboundView}
}
_ASSIGNMENT = BodyOf[AssignmentIn](AssignmentIn)
_DISMISSAL = BodyOf[DismissalIn](DismissalIn)


@router.get(
    "",
    operation_id="list_unmatched_messages",
    summary="Short messages that wait for a clerk",
    response_model=Page[InboundView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_unmatched(
    query: Annotated[PageQuery, Query()], caller: Annotated[Caller, allow(KeyRole.CLERK)]
) -> Response:
    """List what people sent and nobody could match, oldest first; clerks of one court see what concerns it."""
    return JSONResponse(await unmatched.unmatched_view(caller.platform, caller.scope, query.cursor, query.limit))


@router.post(
    "/{inbound_id}/assignments",
    operation_id="assign_unmatched_message",
    summary="Say which request a message is a reply to",
    description="It becomes a claimed reply: the judge is told, and confirms or revokes it.",
    status_code=201,
    response_model=InboundView,
    responses={**_REPEATED, **problems(*WRITES, Slug.NOT_FOUND, Slug.CONFLICT)},
    openapi_extra=takes("AssignmentIn"),
)
async def assign(
    inbound_id: InboundId,
    caller: Annotated[Caller, allow(KeyRole.CLERK)],
    call: OnceCall,
    sent: Annotated[Sent[AssignmentIn], Depends(_ASSIGNMENT)],
) -> Response:
    """Let a message count as a claimed reply, received when it was sent."""
    told, reference = call_of(caller, call, sent), reference_of(sent.model.reference)
    return _shown(await unmatched.assign_message(caller.platform, told, inbound_id, reference, sent.model.reason))


@router.post(
    "/{inbound_id}/dismissals",
    operation_id="dismiss_unmatched_message",
    summary="Say that a message is no reply",
    status_code=201,
    response_model=InboundView,
    responses={**_REPEATED, **problems(*WRITES, Slug.NOT_FOUND, Slug.CONFLICT)},
    openapi_extra=takes("DismissalIn"),
)
async def dismiss(
    inbound_id: InboundId,
    caller: Annotated[Caller, allow(KeyRole.CLERK)],
    call: OnceCall,
    sent: Annotated[Sent[DismissalIn], Depends(_DISMISSAL)],
) -> Response:
    """Put a message away; it stays on record with the reason."""
    told = call_of(caller, call, sent)
    return _shown(await unmatched.dismiss_message(caller.platform, told, inbound_id, sent.model.reason))


def _shown(answer: Answer) -> Response:
    return JSONResponse(answer.body, status_code=answer.status, headers={"Location": answer.location})
