"""``/v1/calendar/versions`` and ``/v1/policy/versions``: what every date was counted with."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, Number, allow
from api.models.queries import DiffQuery, PageQuery
from api.models.rule_views import DiffView, PolicyVersionView, VersionView, WholePolicyVersionView, WholeVersionView
from api.models.views import Page
from liaison.services import calendar_versions, policy_versions
from liaison.services.errors import Slug

calendar_router = APIRouter(prefix="/v1/calendar/versions", tags=["calendar"])
policy_router = APIRouter(prefix="/v1/policy/versions", tags=["policy"])


@calendar_router.get(
    "",
    operation_id="list_calendar_versions",
    summary="Calendar versions",
    response_model=Page[VersionView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_calendar_versions(query: Annotated[PageQuery, Query()], caller: Annotated[Caller, allow()]) -> Response:
    """List calendar versions, the oldest first; the last one is in force."""
    return JSONResponse(await calendar_versions.versions_view(caller.platform, query.cursor, query.limit))


@calendar_router.get(
    "/{number}",
    operation_id="show_calendar_version",
    summary="One calendar version",
    response_model=WholeVersionView,
    responses=problems(*READS, Slug.NOT_FOUND, Slug.INVALID),
)
async def show_calendar_version(number: Number, caller: Annotated[Caller, allow()]) -> Response:
    """Show the notices and closures a version rests on."""
    return JSONResponse(await calendar_versions.version_view(caller.platform, number))


@calendar_router.get(
    "/{number}/diff",
    operation_id="compare_calendar_versions",
    summary="Two calendar versions side by side",
    response_model=DiffView,
    responses=problems(*READS, Slug.NOT_FOUND, Slug.INVALID),
)
async def compare_calendar_versions(
    number: Number, query: Annotated[DiffQuery, Query()], caller: Annotated[Caller, allow()]
) -> Response:
    """Show each day that differs with what both versions say of it."""
    return JSONResponse(await calendar_versions.diff_view(caller.platform, number, query.to))


@policy_router.get(
    "",
    operation_id="list_policy_versions",
    summary="Policy versions",
    response_model=Page[PolicyVersionView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_policy_versions(query: Annotated[PageQuery, Query()], caller: Annotated[Caller, allow()]) -> Response:
    """List policy versions, the oldest first; the last one holds for new requests."""
    return JSONResponse(await policy_versions.policy_versions_view(caller.platform, query.cursor, query.limit))


@policy_router.get(
    "/{number}",
    operation_id="show_policy_version",
    summary="One policy version",
    response_model=WholePolicyVersionView,
    responses=problems(*READS, Slug.NOT_FOUND, Slug.INVALID),
)
async def show_policy_version(number: Number, caller: Annotated[Caller, allow()]) -> Response:
    """Show a policy as it was approved."""
    return JSONResponse(await policy_versions.policy_version_view(caller.platform, number))
