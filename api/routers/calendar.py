"""``/v1/calendar``: deadlines of a request that nobody has made yet."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, allow
from api.models.queries import DeadlineQuery
from api.models.views import DeadlinesView
from liaison.services import views
from liaison.services.errors import Slug

router = APIRouter(prefix="/v1/calendar", tags=["calendar"])


@router.get(
    "/deadlines",
    operation_id="show_deadlines",
    summary="Deadlines for a time of receipt",
    response_model=DeadlinesView,
    responses=problems(*READS, Slug.INVALID),
)
async def show_deadlines(query: Annotated[DeadlineQuery, Query()], caller: Annotated[Caller, allow()]) -> Response:
    """Tell when silence would climb which rung, for a request received then in that court."""
    return JSONResponse(await views.deadlines_view(caller.platform, query.received_at, query.court))
