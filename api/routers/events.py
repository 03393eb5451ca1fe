"""``/v1/events``: what happened to everything a key may see, in one list to follow."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, allow
from api.models.queries import FeedQuery
from api.models.views import Feed
from liaison.services.errors import Slug
from liaison.services.feed import feed_view

router = APIRouter(prefix="/v1/events", tags=["events"])


@router.get(
    "",
    operation_id="follow_events",
    summary="What happened since",
    response_model=Feed,
    responses=problems(*READS, Slug.INVALID),
)
async def follow_events(query: Annotated[FeedQuery, Query()], caller: Annotated[Caller, allow()]) -> Response:
    """Follow the records of all requests this key may see, each line once, in the order they were recorded.

    Keep `next_cursor` and send it as `after` with the next call, now or tomorrow; it is there on an empty page too.
    """
    return JSONResponse(await feed_view(caller.platform, caller.scope, query.after, query.limit))
