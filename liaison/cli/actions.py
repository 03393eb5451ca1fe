"""Client commands that do something to a request: reply, answer, sign in, pass on, withdraw."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from liaison.cli import views
from liaison.cli.exits import Exit, fail
from liaison.cli.identity import As, open_api
from liaison.cli.language import say
from liaison.cli.output import Json, present
from liaison.cli.requests import IdempotencyKey
from liaison.cli.texts import Reference, Source, parsed, read_json, read_said, short_text
from liaison.policy.words import Procedure, ReplyKind

Judge = Annotated[str, typer.Option("--judge", help="Staff id of the judge meant.")]
Department = Annotated[str, typer.Option("--department", help="Code of the department meant.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; - or @FILE where the reason names people.")]


def reply(
    reference: Reference,
    source: Source = "-",
    kind: Annotated[
        ReplyKind | None,
        typer.Option(
            help='text: the input is the reply. call, meeting: it is JSON {"number", "time", "gist"}. '
            'Without it the input is the reply, or JSON with its own "kind".'
        ),
    ] = None,
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Reply to a request as its holder or a member of his team."""
    said = read_json(source) if kind in (ReplyKind.CALL, ReplyKind.MEETING) else read_said(source)
    stated = {"kind": ReplyKind.TEXT.value, **said} if kind is None else {**said, "kind": kind.value}
    _act(reference, "replies", stated, as_, "", json_, idempotency_key)


def answer(
    reference: Reference,
    source: Source = "-",
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Answer a request of the summary procedure, as a clerk; the input is the answer, or JSON {"text"}."""
    _act(reference, "answers", read_said(source), as_, "clerk", json_, idempotency_key)


def sign_in(reference: Reference, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = "") -> None:
    """Sign in a work order, as its holder or as whoever it was passed on to."""
    _act(reference, "sign-ins", {}, as_, "", json_, idempotency_key)


def transfer(
    reference: Reference,
    reason: Reason,
    judge: Judge = "",
    department: Department = "",
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Pass a request on; whoever it is passed on to takes it by signing in."""
    body = {**taker(judge, department), "reason": short_text(reason)}
    _act(reference, "transfers", body, as_, "clerk", json_, idempotency_key)


def return_(
    reference: Reference, reason: Reason, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = ""
) -> None:
    """Give a request back to whoever passed it on."""
    _act(reference, "returns", {"reason": short_text(reason)}, as_, "", json_, idempotency_key)


def change_procedure(
    reference: Reference,
    to: Annotated[Procedure, typer.Option("--to", help="The procedure it shall have.")],
    reason: Reason,
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Change the procedure of a request, as a clerk; the party's clock goes on."""
    body = {"procedure": to.value, "reason": short_text(reason)}
    _act(reference, "procedure-changes", body, as_, "clerk", json_, idempotency_key)


def confirm(reference: Reference, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = "") -> None:
    """Confirm the reply that came by short message in your name, or in that of a holder you act for."""
    _act(reference, "confirmations", {}, as_, "", json_, idempotency_key)


def revoke(
    reference: Reference, reason: Reason, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = ""
) -> None:
    """Set a reply aside that waits to be confirmed, as its holder or a clerk; the ladder goes on."""
    _act(reference, "revocations", {"reason": short_text(reason)}, as_, "", json_, idempotency_key)


def withdraw(
    reference: Reference,
    reason: Reason = "",
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Take a request back in the party's name, through the channel it came by."""
    body = {"reason": short_text(reason)} if reason else {}
    _act(reference, "withdrawals", body, as_, "channel", json_, idempotency_key)


def taker(judge: str, department: str) -> dict[str, str]:
    """Who is meant, exactly one of the two.

    Raises:
        typer.Exit: Both or neither; said on stderr.
    """
    if bool(judge) == bool(department):
        fail(Exit.USAGE, say("--judge 与 --department 须且只能给出一个。", "Give either --judge or --department."))
    return {"judge": judge} if judge else {"department": department}


def _act(
    reference: str, kind: str, body: Mapping[str, Any], as_: str, default: str, json_: bool, idempotency_key: str
) -> None:
    with open_api(as_, default) as api:
        action = api.post(f"/v1/requests/{parsed(reference)}/{kind}", body, idempotency_key)
    present(action, json_, views.show_action)
