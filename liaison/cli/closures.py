"""``liaison calendar closure``: client commands about closed halls."""

from typing import Annotated, Any

import typer

from liaison.cli import rule_views
from liaison.cli.identity import As, open_api
from liaison.cli.output import Json, present
from liaison.cli.requests import Cursor, IdempotencyKey, Limit
from liaison.cli.texts import path_part, short_text

PATH = "/v1/calendar/closures"

From = Annotated[str, typer.Option("--from", metavar="TIME", help="When the hall closes, with its offset.")]
To = Annotated[str, typer.Option("--to", metavar="TIME", help="When it opens again, with its offset.")]
DayOff = Annotated[
    list[str] | None,
    typer.Option("--day-off", metavar="DATE", help="A date that counts as a day off; may be repeated."),
]
DecidedBy = Annotated[str, typer.Option("--decided-by", help="Who decided.")]
Where = Annotated[str, typer.Option("--source", help="Where the decision stands; - or @FILE to read it.")]

closure_app = typer.Typer(help="Closed halls: clocks run, unless the chamber names days off.", no_args_is_help=True)


@closure_app.command("add")
def add(
    from_: From,
    to: To,
    decided_by: DecidedBy,
    source: Where,
    court: Annotated[str, typer.Option("--court", help="Code of a court; the whole city if left out.")] = "",
    day_off: DayOff = None,
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Enter a closure; only the Case Filing Chamber may name days off (--as chamber)."""
    body = {**_times(from_, to, day_off, decided_by, source), "court": court or None}
    with open_api(as_, "operator") as api:
        closure = api.post(PATH, body, idempotency_key)
    present(closure, json_, rule_views.show_closure)


@closure_app.command("amend")
def amend(
    closure: Annotated[str, typer.Argument(metavar="ID", help="The closure it takes the place of.")],
    from_: From,
    to: To,
    decided_by: DecidedBy,
    source: Where,
    day_off: DayOff = None,
    as_: As = "",
    json_: Json = False,
    idempotency_key: IdempotencyKey = "",
) -> None:
    """Put another closure in the place of one: longer, ended early, or with other days off."""
    with open_api(as_, "operator") as api:
        body = _times(from_, to, day_off, decided_by, source)
        amended = api.post(f"{PATH}/{path_part(closure)}/amendments", body, idempotency_key)
    present(amended, json_, rule_views.show_closure)


@closure_app.command("list")
def list_closures(limit: Limit = 50, cursor: Cursor = "", as_: As = "", json_: Json = False) -> None:
    """List closures, oldest first, replaced ones included."""
    with open_api(as_, "operator") as api:
        page = api.page(PATH, {"cursor": cursor} if cursor else {}, limit)
    present(page, json_, rule_views.show_closures)


def _times(from_: str, to: str, day_off: list[str] | None, decided_by: str, source: str) -> dict[str, Any]:
    return {
        "from": from_,
        "to": to,
        "days_off": day_off or [],
        "decided_by": decided_by,
        "source": short_text(source),
    }
