"""``liaison unmatched``: client commands of clerks about short messages that nobody could match."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from liaison.cli.identity import As, open_api
from liaison.cli.output import Json, present, show_fields, show_line, when
from liaison.cli.requests import Cursor, IdempotencyKey, Limit
from liaison.cli.texts import Reference, parsed, path_part, short_text
from liaison.cli.views import show_more

PATH = "/v1/unmatched-messages"

MessageId = Annotated[str, typer.Argument(metavar="ID", help="The message, as the list shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; without names.")]

unmatched_app = typer.Typer(help="Short messages that wait for a clerk.", no_args_is_help=True)


@unmatched_app.callback()
def unmatched() -> None:
    """Short messages that wait for a clerk."""


@unmatched_app.command("list")
def list_messages(limit: Limit = 50, cursor: Cursor = "", as_: As = "", json_: Json = False) -> None:
    """List short messages that nobody could match, oldest first, with numbers and texts."""
    with open_api(as_, "clerk") as api:
        page = api.page(PATH, {"cursor": cursor} if cursor else {}, limit)
    present(page, json_, show_messages)


@unmatched_app.command("assign")
def assign(
    message: MessageId,
    reference: Reference,
    reason: Reason,
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Say which request a message is a reply to; its holder is asked to confirm it."""
    body = {"reference": parsed(reference), "reason": short_text(reason)}
    with open_api(as_, "clerk") as api:
        assigned = api.post(f"{PATH}/{path_part(message)}/assignments", body, idempotency_key)
    present(assigned, json_, show_message)


@unmatched_app.command("dismiss")
def dismiss(
    message: MessageId, reason: Reason, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = ""
) -> None:
    """Say that a message is no reply to anything."""
    with open_api(as_, "clerk") as api:
        dismissed = api.post(f"{PATH}/{path_part(message)}/dismissals", {"reason": short_text(reason)}, idempotency_key)
    present(dismissed, json_, show_message)


def show_messages(page: Mapping[str, Any]) -> None:
    """The queue, one card a message."""
    for item in page["items"]:
        show_message(item)
        show_line("")
    show_more(page)


def show_message(message: Mapping[str, Any]) -> None:
    """One message and what became of it."""
    names = ("id", "state", "mismatch", "court", "staff", "phone", "text", "reference", "reason")
    show_fields({"sent_at": when(message["sent_at"]), **{name: message.get(name) for name in names}})
