"""``/v1/supervisions``: the inbox of a leader, of a judge who stands in for one, of the Case Filing Chamber."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, problems
from api.deps import Caller, allow
from api.models.queries import PageQuery
from api.models.views import Page, SupervisionView
from liaison.policy.words import KeyRole
from liaison.services import views
from liaison.services.errors import Slug

router = APIRouter(prefix="/v1/supervisions", tags=["supervision"])

SUPERVISORS: Final = (KeyRole.LEADER, KeyRole.JUDGE, KeyRole.CHAMBER)


@router.get(
    "",
    operation_id="list_supervisions",
    summary="Requests that climbed to me",
    response_model=Page[SupervisionView],
    responses=problems(*READS, Slug.INVALID),
)
async def list_supervisions(
    query: Annotated[PageQuery, Query()],
    caller: Annotated[Caller, allow(KeyRole.LEADER, KeyRole.JUDGE, KeyRole.CHAMBER)],
) -> Response:
    """Show every open request whose silence was brought before the caller, with the party's full text."""
    return JSONResponse(await views.supervisions_view(caller.platform, caller.scope, query.cursor, query.limit))
