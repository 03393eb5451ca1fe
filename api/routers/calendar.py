"""``/v1/calendar``: the rules in force, and deadlines of a request that nobody has made yet."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, allow
from api.models.explanation_views import ExplanationView
from api.models.queries import DeadlineQuery
from api.models.rule_views import CalendarView
from api.models.views import DeadlinesView
from liaison.services import views
from liaison.services.calendar_now import calendar_view
from liaison.services.errors import Slug
from liaison.services.explaining import explain_question

router = APIRouter(prefix="/v1/calendar", tags=["calendar"])


@router.get(
    "",
    operation_id="show_calendar",
    summary="The rules in force",
    response_model=CalendarView,
    responses=problems(*READS),
)
async def show_calendar(caller: Annotated[Caller, allow()]) -> Response:
    """Show which versions are in force and whether somebody must look for the next notice."""
    return JSONResponse(await calendar_view(caller.platform))


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


@router.get(
    "/explanations",
    operation_id="explain_question",
    summary="Why deadlines are when they are, for a time of receipt",
    response_model=ExplanationView,
    responses=problems(*READS, Slug.INVALID),
)
async def explain_for_receipt(query: Annotated[DeadlineQuery, Query()], caller: Annotated[Caller, allow()]) -> Response:
    """Show each day counted and passed over, for a request received then in that court."""
    return JSONResponse(await explain_question(caller.platform, query.received_at, query.court))
