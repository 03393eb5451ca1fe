"""What clerks send and see about short messages that could not be matched."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from api.models.text import Body, Reason
from api.models.views import View
from liaison.policy.message_words import InboundState, Mismatch

ShortReason = Annotated[Reason, Field(max_length=200)]
"""Why a clerk decided so; kept in the clear, hence without names."""


class AssignmentIn(Body):
    """The request that a message is a reply to."""

    reference: Annotated[str, Field(min_length=1, max_length=20)]
    reason: ShortReason


class DismissalIn(Body):
    """Why a message is no reply to anything."""

    reason: ShortReason


class InboundView(View):
    """A short message somebody sent us; ``phone`` and ``text`` are there in the queue only."""

    id: str
    gateway: str
    sent_at: AwareDatetime = Field(description="When its provider says it was sent, if that can be true.")
    received_at: AwareDatetime
    state: InboundState
    mismatch: Mismatch | None = Field(description="Why it was not matched.")
    court: str | None
    staff: str | None = Field(description="Whose number it is; null for a stranger's.")
    reference: str | None
    action: str | None = Field(description="The reply it became.")
    decided_by: str | None
    decided_at: AwareDatetime | None
    reason: str | None
    phone: str | None = Field(default=None, description="E.164.")
    text: str | None = None
