"""``liaison callbacks``: the addresses under which gateways tell us of answers and receipts."""

from typing import Annotated

import typer

from liaison.cli.exits import Exit, complain, fail
from liaison.cli.host import now, open_book, require_book, run
from liaison.cli.output import show_line, show_table
from liaison.db.tables import CallbackToken
from liaison.services.callback_tokens import TokenRefused, list_tokens, new_token, revoke_token
from liaison.settings import load_settings

callbacks_app = typer.Typer(help="Where gateways call us (host commands).", no_args_is_help=True)
token_app = typer.Typer(help="Tokens of callback addresses; two of a gateway may be good.", no_args_is_help=True)
callbacks_app.add_typer(token_app, name="token")


@callbacks_app.callback()
def callbacks() -> None:
    """Where gateways call us (host commands)."""


@token_app.command("new")
def new(gateway: Annotated[str, typer.Argument(help="Name of the gateway, such as outbox or aliyun.")]) -> None:
    """Make a token and print the two paths of the address once; the database keeps its hash (host command)."""
    url = require_book(load_settings())
    try:
        row = run(_new(url, gateway))
    except TokenRefused as refused:
        fail(Exit.REFUSED, str(refused))
    complain(f"Token {row.id}; these paths are shown once.")


@token_app.command("revoke")
def revoke(token: Annotated[str, typer.Argument(metavar="ID", help="The token's id, as the list shows it.")]) -> None:
    """Make an address no good (host command)."""
    url = require_book(load_settings())
    try:
        run(_revoke(url, token))
    except TokenRefused as refused:
        fail(Exit.NOT_FOUND, str(refused))
    complain(f"Token {token} is revoked.")


@token_app.command("list")
def list_all() -> None:
    """List tokens by id, never what they were made from (host command)."""
    rows = run(_list(require_book(load_settings())))
    show_table(
        ("id", "gateway", "made_at", "revoked_at"),
        [(row.id, row.gateway, row.made_at.isoformat(), _text(row)) for row in rows],
    )


async def _new(url: str, gateway: str) -> CallbackToken:
    async with open_book(url) as db:
        return await new_token(db, gateway, now(), lambda token: _hand_over(gateway, token))


async def _revoke(url: str, token: str) -> CallbackToken:
    async with open_book(url) as db:
        return await revoke_token(db, token, now())


async def _list(url: str) -> list[CallbackToken]:
    async with open_book(url) as db:
        return await list_tokens(db)


def _hand_over(gateway: str, token: str) -> None:
    for kind in ("replies", "receipts"):
        show_line(f"/callbacks/{gateway}/{token}/{kind}")


def _text(row: CallbackToken) -> str | None:
    return row.revoked_at.isoformat() if row.revoked_at else None
