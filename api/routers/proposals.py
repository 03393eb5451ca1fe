"""``/v1/calendar/proposals`` and ``/v1/policy/proposals``: one person proposes rules, another approves them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, WRITES, problems, takes
from api.bodies import LONGEST_WITH_A_FILE
from api.deps import BodyOf, Caller, Once, OnceCall, ProposalId, Sent, allow, call_of
from api.models.queries import ProposalQuery
from api.models.rule_views import NoticeProposalView, PolicyProposalView, ProposalLine, ProposalSummary
from api.models.rules import ApprovalIn, NoticeProposalIn, PolicyApprovalIn, PolicyProposalIn, RejectionIn
from api.models.views import Page
from liaison.policy.words import KeyRole, ProposalKind
from liaison.services import calendar_versions, deciding, policy_versions
from liaison.services.errors import Slug
from liaison.services.notice_sources import NoticeInput
from liaison.services.platform import Answer

calendar_router = APIRouter(prefix="/v1/calendar/proposals", tags=["calendar"])
policy_router = APIRouter(prefix="/v1/policy/proposals", tags=["policy"])

RULE_MAKERS: Final = (KeyRole.OPERATOR, KeyRole.CHAMBER)
DECIDING: Final = (*WRITES, Slug.NOT_FOUND, Slug.CONFLICT)

_NOTICE = BodyOf[Any](NoticeProposalIn, tagged_by="source", longest=LONGEST_WITH_A_FILE)
_POLICY = BodyOf[PolicyProposalIn](PolicyProposalIn)
_APPROVAL = BodyOf[ApprovalIn](ApprovalIn)
_POLICY_APPROVAL = BodyOf[PolicyApprovalIn](PolicyApprovalIn)
_REJECTION = BodyOf[RejectionIn](RejectionIn)


def _shown(answer: Answer) -> Response:
    return JSONResponse(answer.body, status_code=answer.status, headers={"Location": answer.location})


_REPEATED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The stored answer to an earlier call", "model": ProposalSummary}
}


@calendar_router.post(
    "",
    operation_id="propose_notice",
    summary="Propose a notice for the calendar",
    status_code=201,
    response_model=ProposalSummary,
    responses={**_REPEATED, **problems(*WRITES)},
    openapi_extra=takes("FromNotice", "FromHolidays", "FromJsonFeed", "FromIcalendar"),
)
async def propose_notice(
    caller: Annotated[Caller, allow(KeyRole.OPERATOR)], call: OnceCall, sent: Annotated[Sent[Any], Depends(_NOTICE)]
) -> Response:
    """Check a notice in every step; what is found is kept with it for the one who approves."""
    given = NoticeInput(**sent.model.model_dump())
    return _shown(await calendar_versions.propose_notice(caller.platform, given, call_of(caller, call, sent)))


@calendar_router.get(
    "",
    operation_id="list_notice_proposals",
    summary="Proposed notices",
    response_model=Page[ProposalLine],
    responses=problems(*READS, Slug.INVALID),
)
async def list_notice_proposals(
    query: Annotated[ProposalQuery, Query()], caller: Annotated[Caller, allow(*RULE_MAKERS)]
) -> Response:
    """List proposed notices, oldest first."""
    return await _list(caller, ProposalKind.NOTICE, query)


@calendar_router.get(
    "/{proposal_id}",
    operation_id="show_notice_proposal",
    summary="A proposed notice and what it would change",
    response_model=NoticeProposalView,
    responses=problems(*READS, Slug.NOT_FOUND),
)
async def show_notice_proposal(proposal_id: ProposalId, caller: Annotated[Caller, allow(*RULE_MAKERS)]) -> Response:
    """Show findings, the days that would change and how many open requests may move."""
    return JSONResponse(await calendar_versions.notice_proposal_view(caller.platform, proposal_id))


@calendar_router.post(
    "/{proposal_id}/approvals",
    operation_id="approve_notice",
    summary="Approve a notice that somebody else proposed",
    status_code=201,
    response_model=ProposalSummary,
    responses={**_REPEATED, **problems(*DECIDING)},
    openapi_extra=takes("ApprovalIn"),
)
async def approve_notice(
    proposal_id: ProposalId,
    caller: Annotated[Caller, allow(KeyRole.OPERATOR)],
    call: OnceCall,
    sent: Annotated[Sent[ApprovalIn], Depends(_APPROVAL)],
) -> Response:
    """Make a calendar version; open requests are brought to it. The one who proposed may not approve."""
    told = call_of(caller, call, sent)
    return _shown(await calendar_versions.approve_notice(caller.platform, proposal_id, told))


@calendar_router.post(
    "/{proposal_id}/rejections",
    operation_id="reject_notice",
    summary="Reject a proposed notice",
    status_code=201,
    response_model=ProposalSummary,
    responses={**_REPEATED, **problems(*DECIDING)},
    openapi_extra=takes("RejectionIn"),
)
async def reject_notice(
    proposal_id: ProposalId,
    caller: Annotated[Caller, allow(KeyRole.OPERATOR)],
    call: OnceCall,
    sent: Annotated[Sent[RejectionIn], Depends(_REJECTION)],
) -> Response:
    """Reject a proposal, one's own too."""
    return await _reject(ProposalKind.NOTICE, proposal_id, caller, call, sent)


@policy_router.post(
    "",
    operation_id="propose_policy",
    summary="Propose a policy",
    status_code=201,
    response_model=ProposalSummary,
    responses={**_REPEATED, **problems(*WRITES)},
    openapi_extra=takes("PolicyProposalIn"),
)
async def propose_policy(
    caller: Annotated[Caller, allow(*RULE_MAKERS)],
    call: OnceCall,
    sent: Annotated[Sent[PolicyProposalIn], Depends(_POLICY)],
) -> Response:
    """Check a policy; one laxer than the Opinions must cite the document that allows it."""
    told, body = call_of(caller, call, sent), sent.model
    return _shown(await policy_versions.propose_policy(caller.platform, body.document, body.cites, told))


@policy_router.get(
    "",
    operation_id="list_policy_proposals",
    summary="Proposed policies",
    response_model=Page[ProposalLine],
    responses=problems(*READS, Slug.INVALID),
)
async def list_policy_proposals(
    query: Annotated[ProposalQuery, Query()], caller: Annotated[Caller, allow(*RULE_MAKERS)]
) -> Response:
    """List proposed policies, oldest first."""
    return await _list(caller, ProposalKind.POLICY, query)


@policy_router.get(
    "/{proposal_id}",
    operation_id="show_policy_proposal",
    summary="A proposed policy and what it would move",
    response_model=PolicyProposalView,
    responses=problems(*READS, Slug.NOT_FOUND),
)
async def show_policy_proposal(proposal_id: ProposalId, caller: Annotated[Caller, allow(*RULE_MAKERS)]) -> Response:
    """Show in what it is laxer and which open requests would have other dates; each is planned under it to see."""
    return JSONResponse(await policy_versions.policy_proposal_view(caller.platform, proposal_id))


@policy_router.post(
    "/{proposal_id}/approvals",
    operation_id="approve_policy",
    summary="Approve a policy that somebody else proposed",
    status_code=201,
    response_model=ProposalSummary,
    responses={**_REPEATED, **problems(*DECIDING)},
    openapi_extra=takes("PolicyApprovalIn"),
)
async def approve_policy(
    proposal_id: ProposalId,
    caller: Annotated[Caller, allow(KeyRole.CHAMBER)],
    call: OnceCall,
    sent: Annotated[Sent[PolicyApprovalIn], Depends(_POLICY_APPROVAL)],
) -> Response:
    """Make a policy version: for new requests, and for open ones only with `open_requests`, which may follow later."""
    told, moves = call_of(caller, call, sent), sent.model.open_requests
    return _shown(await policy_versions.approve_policy(caller.platform, proposal_id, moves, told))


@policy_router.post(
    "/{proposal_id}/rejections",
    operation_id="reject_policy",
    summary="Reject a proposed policy",
    status_code=201,
    response_model=ProposalSummary,
    responses={**_REPEATED, **problems(*DECIDING)},
    openapi_extra=takes("RejectionIn"),
)
async def reject_policy(
    proposal_id: ProposalId,
    caller: Annotated[Caller, allow(*RULE_MAKERS)],
    call: OnceCall,
    sent: Annotated[Sent[RejectionIn], Depends(_REJECTION)],
) -> Response:
    """Reject a proposal, one's own too."""
    return await _reject(ProposalKind.POLICY, proposal_id, caller, call, sent)


async def _list(caller: Caller, kind: ProposalKind, query: ProposalQuery) -> Response:
    return JSONResponse(await deciding.proposals_view(caller.platform, kind, query.state, query.cursor, query.limit))


async def _reject(
    kind: ProposalKind, proposal_id: str, caller: Caller, call: Once, sent: Sent[RejectionIn]
) -> Response:
    told = call_of(caller, call, sent)
    return _shown(await deciding.reject(caller.platform, kind, proposal_id, sent.model.reason, told))
