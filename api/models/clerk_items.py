"""What clerks send and see about what they should look at."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from api.models.inbound import ShortReason
from api.models.text import Body
from api.models.views import View
from liaison.policy.words import EventKind


class CompletionIn(Body):
    """What a clerk made of an item."""

    note: Annotated[ShortReason, Field(description="It stands in the record of the request, hence without names.")]


class ClerkItemView(View):
    """Something a clerk should look at; no text of anybody is in it."""

    id: int
    reference: str
    court: str
    kind: EventKind = Field(description="What happened.")
    at: AwareDatetime = Field(description="When it happened.")
    reason: str = Field(description="Why a clerk should look at it.")
    created_at: AwareDatetime
    done_at: AwareDatetime | None
