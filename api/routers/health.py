"""``/livez`` and ``/readyz``: for whoever watches the processes (design section 8)."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from api.deps import public
from api.problems import RETRY_AFTER_SECONDS
from liaison.services.readiness import Readiness, Watch

router = APIRouter(tags=["health"], dependencies=[Depends(public)])


@router.get("/livez", operation_id="livez", summary="The process answers", response_class=JSONResponse)
async def livez() -> Response:
    """Say that the process is alive, whatever its surroundings do."""
    return JSONResponse({"status": "alive"})


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Requests can be registered and worked on",
    response_class=JSONResponse,
    responses={503: {"description": "Not ready yet, or the database or the key ring is away.", "content": {}}},
)
async def readyz(request: Request) -> Response:
    """Say what works: 200 from the moment a worker polls, and later even without Temporal, as ``degraded``."""
    watch: Watch = request.app.state.watch
    state, checks = await watch.look()
    content = {"status": state, "checks": {check: "ok" if found else "down" for check, found in checks.items()}}
    if state is Readiness.NOT_READY:
        return JSONResponse(content, status_code=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return JSONResponse(content)
