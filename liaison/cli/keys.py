"""``liaison keys``: API keys for production, until people's own logins replace them, and the key ring."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from liaison.cli.exits import Exit, complain, fail
from liaison.cli.host import now, open_book, require_book, run
from liaison.cli.language import say
from liaison.cli.output import show_line
from liaison.db.tables import ApiKey
from liaison.keys import KeyRing, write_key_ring
from liaison.policy.words import Channel, KeyRole
from liaison.services.new_keys import KeyOrder, KeyRefused, make_key
from liaison.settings import load_settings

keys_app = typer.Typer(help="API keys and the key ring (host commands).", no_args_is_help=True)


@keys_app.callback()
def keys() -> None:
    """API keys and the key ring (host commands)."""


@keys_app.command("create")
def create(
    role: Annotated[KeyRole, typer.Option(help="Whose key it is.")],
    out: Annotated[str, typer.Option(metavar="FILE", help="A new file for the key, mode 0600; - for standard output.")],
    staff: Annotated[
        str,
        typer.Option(help="Id of its owner in the directory; without it two keys of one person are two people."),
    ] = "",
    court: Annotated[str, typer.Option(help="Code of the one court it is for; every court if left out.")] = "",
    channel: Annotated[list[Channel] | None, typer.Option(help="A channel it may hand in for; repeatable.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A further right such as messages:read.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = 30,
) -> None:
    """Make an API key and hand it over once; the database keeps its hash (host command)."""
    order = KeyOrder(role, staff, court, tuple(channel or ()), tuple(scope or ()))
    url = require_book(load_settings())
    try:
        row = run(_make(url, order, days, out))
    except KeyRefused as refused:
        fail(Exit.REFUSED, say(refused.zh, refused.en))
    except FileExistsError:
        fail(Exit.CONFLICT, f"{out} exists already; a key is never written over another file.")
    except OSError as fault:
        fail(Exit.USAGE, f"{out}: {fault.strerror}.")
    complain(f"Key {row.id}, good until {row.expires_at:%Y-%m-%d %H:%M} UTC.")


@keys_app.command("ring")
def ring(
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new file for the key ring, mode 0600.")],
) -> None:
    """Make the key ring that every process of one installation shares; without it nothing stored can be read.

    Keep a copy away from the database: whoever holds both reads everything (host command).
    """
    file = out.expanduser()
    try:
        write_key_ring(file, KeyRing.generate())
    except FileExistsError:
        fail(Exit.CONFLICT, f"{file} exists already; a key ring is never replaced.")
    except OSError as fault:
        fail(Exit.USAGE, f"{file}: {fault.strerror}.")
    complain(f"Key ring written; point LIAISON_KEY_RING at {file.absolute()}.")


async def _make(url: str, order: KeyOrder, days: int, out: str) -> ApiKey:
    at = now()
    async with open_book(url) as db:
        return await make_key(db, order, at, at + timedelta(days=days), lambda key: _hand_over(key, out))


def _hand_over(key: str, out: str) -> None:
    if out == "-":
        show_line(key)
        return
    descriptor = os.open(Path(out).expanduser(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
