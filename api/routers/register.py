"""``/v1/faults``: what the register of people lacks, and whom messages do not reach, for whoever mends it."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, allow
from api.models.queries import PageQuery
from api.models.views import Page, RegisterFaultView
from liaison.policy.words import KeyRole
from liaison.services import views
from liaison.services.errors import Slug

router = APIRouter(prefix="/v1/faults", tags=["operation"])


@router.get(
    "",
    operation_id="list_faults",
    summary="The register of faults, the newest first",
    response_model=Page[RegisterFaultView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_faults(
    query: Annotated[PageQuery, Query()], caller: Annotated[Caller, allow(KeyRole.OPERATOR, KeyRole.CHAMBER)]
) -> Response:
    """List vacant and absent posts, wrong numbers and refused templates, each with the request that found it."""
    return JSONResponse(await views.faults_view(caller.platform, query.cursor, query.limit))
