"""``liaison items``: client commands of clerks about what they should look at."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from liaison.cli.identity import As, open_api
from liaison.cli.output import Json, present, show_fields, show_table, when
from liaison.cli.requests import Cursor, IdempotencyKey, Limit
from liaison.cli.texts import short_text
from liaison.cli.views import show_more

PATH = "/v1/clerk-items"

ItemId = Annotated[int, typer.Argument(metavar="ID", min=1, help="The item, as the list shows it.")]
Note = Annotated[str, typer.Option("--note", help="What you made of it; without names.")]

items_app = typer.Typer(help="What a clerk should look at.", no_args_is_help=True)


@items_app.callback()
def items() -> None:
    """What a clerk should look at."""


@items_app.command("list")
def list_items(limit: Limit = 50, cursor: Cursor = "", as_: As = "", json_: Json = False) -> None:
    """List what waits for a clerk, oldest first: redos to be offered, replies set aside, signals not followed."""
    with open_api(as_, "clerk") as api:
        page = api.page(PATH, {"cursor": cursor} if cursor else {}, limit)
    present(page, json_, show_items)


@items_app.command("done")
def done(item: ItemId, note: Note, as_: As = "", json_: Json = False, idempotency_key: IdempotencyKey = "") -> None:
    """Take an item off the list; the record of its request says who did, and the note."""
    with open_api(as_, "clerk") as api:
        completed = api.post(f"{PATH}/{item}/completions", {"note": short_text(note)}, idempotency_key)
    present(completed, json_, show_item)


def show_items(page: Mapping[str, Any]) -> None:
    """What waits, one a line."""
    columns = ("id", "reference", "court", "kind", "at", "reason")
    show_table(columns, [[_readable(item)[name] for name in columns] for item in page["items"]])
    show_more(page)


def show_item(item: Mapping[str, Any]) -> None:
    """One item, and since when it is done."""
    show_fields(_readable(item))


def _readable(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, **{name: when(item[name]) for name in ("at", "created_at", "done_at")}}
