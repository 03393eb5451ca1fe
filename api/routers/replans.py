"""``/v1/calendar/replans``: how far open requests have been brought to newer rules."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, allow
from api.models.queries import PageQuery
from api.models.replans import ReplanView
from api.models.views import Page
from liaison.policy.words import KeyRole
from liaison.services import replanning
from liaison.services.errors import Slug

router = APIRouter(prefix="/v1/calendar/replans", tags=["calendar"])


@router.get(
    "",
    operation_id="list_replans",
    summary="Re-plans, the latest first",
    response_model=Page[ReplanView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_replans(
    query: Annotated[PageQuery, Query()], caller: Annotated[Caller, allow(KeyRole.OPERATOR, KeyRole.CHAMBER)]
) -> Response:
    """Show what each approved version did to the requests that were open then."""
    return JSONResponse(await replanning.replans_view(caller.platform, query.cursor, query.limit))


@router.get(
    "/{replan}",
    operation_id="show_replan",
    summary="How far one re-plan is",
    response_model=ReplanView,
    responses=problems(*READS, Slug.NOT_FOUND),
)
async def show_replan(
    replan: Annotated[str, Path(description="Such as `replan-calendar-11`.")],
    caller: Annotated[Caller, allow(KeyRole.OPERATOR, KeyRole.CHAMBER)],
) -> Response:
    """Show how many open requests were moved, made final or left alone, and how many are still to be reached."""
    return JSONResponse(await replanning.replan_view(caller.platform, replan))
