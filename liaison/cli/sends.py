"""``liaison sends``: keep every message back, let them go again, see how it stands (host commands)."""

from datetime import datetime
from typing import Annotated, Any

import typer

from liaison.cli.exits import Exit, fail
from liaison.cli.host import now, open_book, require_book, run
from liaison.cli.output import Json, present, show_fields, show_line
from liaison.db.sends import freeze_sends, messages_by_state, release_sends, sends
from liaison.settings import load_settings

sends_app = typer.Typer(help="Whether messages may leave (host commands).", no_args_is_help=True)


@sends_app.command("freeze")
def freeze(
    reason: Annotated[str, typer.Option(help="For whoever looks later; at most 200 characters.")] = "by hand",
) -> None:
    """Let no message leave: rungs are recorded all the same, messages stay reserved (host command)."""
    if len(reason) > 200:
        fail(Exit.USAGE, "--reason takes at most 200 characters.")
    run(_freeze(require_book(load_settings()), reason))
    show_line("No message leaves until liaison sends release.")


@sends_app.command("release")
def release() -> None:
    """Let messages leave again; what may have gone out already is asked of the gateway first (host command)."""
    waiting = run(_release(require_book(load_settings())))
    if waiting is None:
        fail(Exit.CONFLICT, "Sending is not frozen.")
    show_line(f"{waiting} messages are handed on; those whose notice sleeps follow within 15 minutes.")


@sends_app.command("status")
def status(json_: Json = False) -> None:
    """Show whether sending is frozen, and how many messages wait or are in doubt (host command)."""
    present(run(_status(require_book(load_settings()))), json_, show_fields)


async def _freeze(url: str, reason: str) -> None:
    async with open_book(url) as db, db.write() as session:
        await freeze_sends(session, reason, now())


async def _release(url: str) -> int | None:
    async with open_book(url) as db, db.write() as session:
        return await release_sends(session, now())


async def _status(url: str) -> dict[str, Any]:
    async with open_book(url) as db, db.read() as session:
        row, waiting = await sends(session), await messages_by_state(session)
    return {
        "frozen": row is not None and row.frozen,
        "since": _shown(row.since) if row and row.frozen else None,
        "reason": row.reason if row and row.frozen else None,
        "restored_at": _shown(row.restored_at) if row and row.restored_at else None,
        **{state.value: count for state, count in waiting.items()},
    }


def _shown(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
