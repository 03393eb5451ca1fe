"""Client commands of leaders, and the messages of a request."""

from typing import Annotated, Any

import typer

from liaison.cli import views
from liaison.cli.actions import Department, Judge, taker
from liaison.cli.identity import As, open_api
from liaison.cli.output import Json, present
from liaison.cli.requests import Cursor, IdempotencyKey, Limit
from liaison.cli.texts import Reference, parsed, short_text
from liaison.policy.words import SupervisionAct

message_app = typer.Typer(help="Messages to parties and staff, texts masked.", no_args_is_help=True)


def supervisions(limit: Limit = 50, cursor: Cursor = "", as_: As = "", json_: Json = False) -> None:
    """Show a leader's inbox with the parties' full texts; what is shown counts as opened."""
    with open_api(as_) as api:
        page = api.page("/v1/supervisions", {"cursor": cursor} if cursor else {}, limit)
    present(page, json_, views.show_supervisions)


def supervise(
    reference: Reference,
    act: Annotated[SupervisionAct, typer.Option(help="What the leader does; explain is the holder's answer.")],
    note: Annotated[str, typer.Option(help="A remark; - or @FILE where it names people.")] = "",
    judge: Judge = "",
    department: Department = "",
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Press for a reply: acknowledge, urge, ask why, appoint; or explain."""
    body: dict[str, Any] = {"act": act.value}
    if note:
        body["note"] = short_text(note)
    if act is SupervisionAct.APPOINT or judge or department:
        body |= taker(judge, department)
    with open_api(as_) as api:
        action = api.post(f"/v1/requests/{parsed(reference)}/supervision-acts", body, idempotency_key)
    present(action, json_, views.show_action)


@message_app.callback()
def message() -> None:
    """Messages to parties and staff, texts masked."""


@message_app.command("list")
def list_messages(
    reference: Annotated[str, typer.Option(help="Only the messages about this request.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
    as_: As = "",
    json_: Json = False,
) -> None:
    """List messages; the key needs the scope messages:read."""
    params = {"reference": parsed(reference) if reference else "", "cursor": cursor}
    with open_api(as_, "clerk") as api:
        page = api.page("/v1/messages", {name: value for name, value in params.items() if value}, limit)
    present(page, json_, views.show_messages)
