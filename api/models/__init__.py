"""Bodies that come in and views that go out, as the API's description shows them."""

from typing import Final

from api.models.actions import (
    AnswerIn,
    ConfirmationIn,
    ProcedureChangeIn,
    ReturnIn,
    RevocationIn,
    SignInIn,
    SpokenReply,
    SupervisionActIn,
    TextReply,
    TransferIn,
    WithdrawalIn,
)
from api.models.aftercare import CalledIn, HandedOverIn, RatingIn
from api.models.clerk_items import CompletionIn
from api.models.inbound import AssignmentIn, DismissalIn
from api.models.intake import RequestIn
from api.models.rules import (
    ApprovalIn,
    ClosureAmendmentIn,
    ClosureIn,
    FromHolidays,
    FromIcalendar,
    FromJsonFeed,
    FromNotice,
    PolicyApprovalIn,
    PolicyProposalIn,
    RejectionIn,
)
from api.models.text import Body

BODIES: Final[tuple[type[Body], ...]] = (
    RequestIn,
    AnswerIn,
    TextReply,
    SpokenReply,
    SignInIn,
    TransferIn,
    ReturnIn,
    WithdrawalIn,
    ProcedureChangeIn,
    SupervisionActIn,
    ConfirmationIn,
    RevocationIn,
    AssignmentIn,
    DismissalIn,
    CompletionIn,
    CalledIn,
    HandedOverIn,
    RatingIn,
    FromNotice,
    FromHolidays,
    FromJsonFeed,
    FromIcalendar,
    ApprovalIn,
    RejectionIn,
    PolicyProposalIn,
    PolicyApprovalIn,
    ClosureIn,
    ClosureAmendmentIn,
)
"""Every shape of a body; routes read bodies themselves, so FastAPI does not know them."""
