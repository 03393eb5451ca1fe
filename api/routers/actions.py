"""What people do to a request: ten lists under it, each with what was done and what became of it (design section 8).

Every list takes a ``POST``, shows its records and each of them; ``LISTS`` says who may do what, with which body.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from api.answers import READS, WRITES, problems, takes
from api.deps import ActionId, BodyOf, Caller, OnceCall, Reference, Sent, allow
from api.models.actions import (
    AnswerIn,
    ConfirmationIn,
    ProcedureChangeIn,
    ReplyIn,
    ReturnIn,
    RevocationIn,
    SignInIn,
    SpokenReply,
    SupervisionActIn,
    TextReply,
    TransferIn,
    WithdrawalIn,
)
from api.models.queries import PageQuery
from api.models.views import ActionView, Page
from liaison.policy.words import ActionKind, KeyRole
from liaison.services import views
from liaison.services.actions import PATHS, ActionInput, take_action
from liaison.services.errors import Slug

router = APIRouter(prefix="/v1/requests/{reference}", tags=["actions"])

HOLDERS: Final = (KeyRole.JUDGE, KeyRole.LEADER, KeyRole.CLERK, KeyRole.CHAMBER)
"""Whose bearers may hold a request: themselves, through a team, or as staff of a department."""


@dataclass(frozen=True)
class ActionList:
    """One of the lists.

    Attributes:
        kind: what is done; decides the path of the list.
        summary: what doing it means, for the API's description.
        roles: who may do it at all; whether he may here and now is for the service to say.
        body: reads what is sent.
        models: names of the body's shapes.
        action: what the service is told.
    """

    kind: ActionKind
    summary: str
    roles: tuple[KeyRole, ...]
    body: BodyOf[Any]
    models: tuple[str, ...]
    action: Callable[[Any], ActionInput]


def _reply(body: TextReply | SpokenReply) -> ActionInput:
    if isinstance(body, TextReply):
        return ActionInput(ActionKind.REPLY, text={"kind": body.kind.value, "text": body.text})
    told = {"kind": body.kind.value, "number": body.number, "time": body.time.isoformat(), "gist": body.gist}
    return ActionInput(ActionKind.REPLY, text=told)


def _answer(body: AnswerIn) -> ActionInput:
    return ActionInput(ActionKind.ANSWER, text={"text": body.text})


def _sign_in(_body: SignInIn) -> ActionInput:
    return ActionInput(ActionKind.SIGN_IN)


def _transfer(body: TransferIn) -> ActionInput:
    return ActionInput(ActionKind.TRANSFER, target=body.target(), text={"reason": body.reason})


def _return(body: ReturnIn) -> ActionInput:
    return ActionInput(ActionKind.RETURN, text={"reason": body.reason})


def _withdrawal(body: WithdrawalIn) -> ActionInput:
    return ActionInput(ActionKind.WITHDRAWAL, text={"reason": body.reason} if body.reason else None)


def _procedure_change(body: ProcedureChangeIn) -> ActionInput:
    return ActionInput(ActionKind.PROCEDURE_CHANGE, detail=body.procedure.value, text={"reason": body.reason})


def _supervision_act(body: SupervisionActIn) -> ActionInput:
    return ActionInput(
        ActionKind.SUPERVISION_ACT,
        detail=body.act.value,
        target=body.target() if body.judge or body.department else None,
        text={"note": body.note} if body.note else None,
    )


def _confirmation(_body: ConfirmationIn) -> ActionInput:
    return ActionInput(ActionKind.CONFIRMATION)


def _revocation(body: RevocationIn) -> ActionInput:
    return ActionInput(ActionKind.REVOCATION, text={"reason": body.reason})


LISTS: Final = (
    ActionList(
        ActionKind.ANSWER,
        "Answer under the summary procedure",
        (KeyRole.CLERK,),
        BodyOf[AnswerIn](AnswerIn),
        ("AnswerIn",),
        _answer,
    ),
    ActionList(
        ActionKind.REPLY,
        "Reply to the party, or put a call or a meeting on record",
        HOLDERS,
        BodyOf[TextReply | SpokenReply](ReplyIn, tagged_by="kind"),
        ("TextReply", "SpokenReply"),
        _reply,
    ),
    ActionList(
        ActionKind.SIGN_IN,
        "Sign in as the holder or as the one it was offered to",
        HOLDERS,
        BodyOf[SignInIn](SignInIn),
        ("SignInIn",),
        _sign_in,
    ),
    ActionList(
        ActionKind.TRANSFER,
        "Offer the request to another holder",
        HOLDERS,
        BodyOf[TransferIn](TransferIn),
        ("TransferIn",),
        _transfer,
    ),
    ActionList(
        ActionKind.RETURN,
        "Give the request back to whoever passed it on",
        HOLDERS,
        BodyOf[ReturnIn](ReturnIn),
        ("ReturnIn",),
        _return,
    ),
    ActionList(
        ActionKind.WITHDRAWAL,
        "Take the request back for the party",
        (KeyRole.CHANNEL, KeyRole.CLERK),
        BodyOf[WithdrawalIn](WithdrawalIn),
        ("WithdrawalIn",),
        _withdrawal,
    ),
    ActionList(
        ActionKind.PROCEDURE_CHANGE,
        "Change the procedure",
        (KeyRole.CLERK,),
        BodyOf[ProcedureChangeIn](ProcedureChangeIn),
        ("ProcedureChangeIn",),
        _procedure_change,
    ),
    ActionList(
        ActionKind.SUPERVISION_ACT,
        "Press for a reply, or explain why there is none yet",
        HOLDERS,
        BodyOf[SupervisionActIn](SupervisionActIn),
        ("SupervisionActIn",),
        _supervision_act,
    ),
    ActionList(
        ActionKind.CONFIRMATION,
        "Confirm the reply that came in my name",
        (KeyRole.JUDGE, KeyRole.LEADER),
        BodyOf[ConfirmationIn](ConfirmationIn),
        ("ConfirmationIn",),
        _confirmation,
    ),
    ActionList(
        ActionKind.REVOCATION,
        "Set a reply aside that waits to be confirmed; the ladder goes on",
        (KeyRole.JUDGE, KeyRole.LEADER, KeyRole.CLERK),
        BodyOf[RevocationIn](RevocationIn),
        ("RevocationIn",),
        _revocation,
    ),
)


def _taker(the: ActionList) -> Callable[..., Awaitable[Response]]:
    async def take(
        caller: Annotated[Caller, allow(*the.roles)],
        reference: Reference,
        call: OnceCall,
        sent: Annotated[Sent[Any], Depends(the.body)],
    ) -> Response:
        fingerprint = call.fingerprint(caller.platform, sent.raw)
        action = the.action(sent.model)
        answer = await take_action(caller.platform, caller.scope, reference, action, call.key, fingerprint)
        return JSONResponse(answer.body, status_code=answer.status, headers={"Location": answer.location})

    return take


def _lister(the: ActionList) -> Callable[..., Awaitable[Response]]:
    async def show_list(
        query: Annotated[PageQuery, Query()], caller: Annotated[Caller, allow()], reference: Reference
    ) -> Response:
        page = await views.actions_view(caller.platform, caller.scope, reference, the.kind, query.cursor, query.limit)
        return JSONResponse(page)

    return show_list


def _shower(the: ActionList) -> Callable[..., Awaitable[Response]]:
    async def show_one(action_id: ActionId, caller: Annotated[Caller, allow()], reference: Reference) -> Response:
        return JSONResponse(await views.action_view(caller.platform, caller.scope, reference, the.kind, action_id))

    return show_one


def _add(the: ActionList) -> None:
    one, path = the.kind.value, PATHS[the.kind]
    router.post(
        f"/{path}",
        operation_id=f"submit_{one}",
        summary=the.summary,
        description="201 when the workflow has taken it; 202 when it is kept and will be taken, see `Location`.",
        status_code=201,
        response_model=ActionView,
        responses={
            200: {"description": "The stored answer to an earlier call", "model": ActionView},
            202: {"description": "Kept; its record says later what became of it", "model": ActionView},
            **problems(*WRITES, Slug.NOT_FOUND, Slug.NOT_THE_HOLDER, Slug.CONFLICT, Slug.ERASED),
        },
        openapi_extra=takes(*the.models),
    )(_taker(the))
    router.get(
        f"/{path}",
        operation_id=f"list_{path.replace('-', '_')}",
        summary=f"The request's {path}",
        response_model=Page[ActionView],
        responses=problems(*READS, Slug.NOT_FOUND, Slug.INVALID),
    )(_lister(the))
    router.get(
        f"/{path}/{{action_id}}",
        operation_id=f"show_{one}",
        summary=f"One of the request's {path}",
        response_model=ActionView,
        responses=problems(*READS, Slug.NOT_FOUND),
    )(_shower(the))


for _each in LISTS:
    _add(_each)
