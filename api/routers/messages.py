"""``/v1/messages``: what was sent to whom, texts masked."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, allow, reference_of
from api.models.queries import MessageQuery
from api.models.views import MessageView, Page
from liaison.services import views
from liaison.services.errors import Slug

router = APIRouter(prefix="/v1/messages", tags=["messages"])


@router.get(
    "",
    operation_id="list_messages",
    summary="Messages, texts masked",
    response_model=Page[MessageView],
    responses=problems(*READS, Slug.NOT_FOUND, Slug.INVALID),
)
async def list_messages(
    query: Annotated[MessageQuery, Query()], caller: Annotated[Caller, allow(scope="messages:read")]
) -> Response:
    """List messages and what became of them; needs a key with the scope `messages:read`."""
    reference = reference_of(query.reference) if query.reference is not None else None
    return JSONResponse(await views.messages_view(caller.platform, caller.scope, reference, query.cursor, query.limit))
