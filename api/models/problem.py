"""The shape of a problem (RFC 9457), for the API's description."""

from pydantic import Field

from api.models.views import View


class FaultView(View):
    """One fault."""

    pointer: str = Field(description="RFC 6901 pointer into the body; for a query parameter, a slash and its name.")
    detail: str


class Problem(View):
    """Why a call was not done. Told apart by ``type``; the sentences follow ``Accept-Language`` (zh or en)."""

    type: str = Field(examples=["/problems/invalid-request"])
    title: str
    status: int
    detail: str
    errors: list[FaultView] | None = Field(default=None, description="Every fault found, at most 100.")
