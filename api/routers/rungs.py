"""``/v1/rungs``: whether all of a day's rungs fired, for whoever is on call."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, allow
from api.models.queries import RungQuery
from api.models.views import RungsView
from liaison.policy.words import KeyRole
from liaison.services import rungs_today
from liaison.services.errors import Slug

router = APIRouter(prefix="/v1/rungs", tags=["operation"])


@router.get(
    "",
    operation_id="show_rungs",
    summary="Did all of a day's rungs fire?",
    response_model=RungsView,
    responses=problems(*READS, Slug.INVALID),
)
async def show_rungs(
    query: Annotated[RungQuery, Query()], caller: Annotated[Caller, allow(KeyRole.OPERATOR, KeyRole.CHAMBER)]
) -> Response:
    """Set the rungs that fell due within a day against those recorded and those told, each miss with its reason."""
    return JSONResponse(await rungs_today.rungs_view(caller.platform, query.on))
