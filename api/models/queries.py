"""Query parameters of lists; unknown ones are refused."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.models.text import PlainDate, QueryMoment
from liaison.policy.words import ProposalState, Stage

Code = Annotated[str, Field(max_length=40, pattern="^[!-~]+$")]
"""An id or a code of the directory."""


class PageQuery(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    cursor: str | None = Field(
        default=None, max_length=100, pattern="^[!-~]+$", description="`next_cursor` of the part before."
    )
    limit: int = Field(default=50, ge=1, le=200)


class RequestQuery(PageQuery):
    """Which requests; parameters narrow the list together."""

    court: Code | None = None
    department: Code | None = None
    holder: Code | None = Field(default=None, description="Id of a judge, code of a department.")
    stage: Stage | None = None
    overdue: bool = Field(default=False, description="Open requests past a deadline only.")
    due_before: QueryMoment | None = Field(default=None, description="Open requests whose next deadline lies before.")


class MessageQuery(PageQuery):
    """Which messages."""

    reference: str | None = Field(default=None, max_length=20, description="Of one request.")


class ProposalQuery(PageQuery):
    """Which proposals."""

    state: ProposalState | None = None


class DiffQuery(BaseModel):
    """With which version to compare."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    to: int = Field(ge=1, le=2**31 - 1)


class FeedQuery(BaseModel):
    """From where on."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    after: str | None = Field(
        default=None, max_length=100, pattern="^[!-~]+$", description="`next_cursor` of the last answer."
    )
    limit: int = Field(default=50, ge=1, le=200)


class RungQuery(BaseModel):
    """Which day."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    on: PlainDate | None = Field(default=None, description="A day of Shanghai; today if left out.")


class DeadlineQuery(BaseModel):
    """A time and a court."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    received_at: QueryMoment
    court: Code
