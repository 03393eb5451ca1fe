"""The ``liaison`` command: which commands there are, and how every one of them ends.

Commands are loaded when they are called: a client command that asks the API one thing must not first load Temporal,
the database and everything else this machine can run.
"""

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any, Final, NamedTuple, NoReturn

import typer
from typer.core import TyperGroup

from liaison.cli.exits import Exit, leave

CLIENT: Final = "Client commands (over HTTP)"
HOST: Final = "Host commands (on the platform's machine)"


class Place(NamedTuple):
    """Where a command is: a function, or a Typer application of several."""

    module: str
    name: str
    panel: str


COMMANDS: Final = {
    "submit": Place("requests", "submit", CLIENT),
    "show": Place("requests", "show", CLIENT),
    "read": Place("requests", "read", CLIENT),
    "list": Place("requests", "list_requests", CLIENT),
    "events": Place("requests", "events", CLIENT),
    "wait": Place("requests", "wait", CLIENT),
    "reply": Place("actions", "reply", CLIENT),
    "answer": Place("actions", "answer", CLIENT),
    "sign-in": Place("actions", "sign_in", CLIENT),
    "transfer": Place("actions", "transfer", CLIENT),
    "return": Place("actions", "return_", CLIENT),
    "change-procedure": Place("actions", "change_procedure", CLIENT),
    "confirm": Place("actions", "confirm", CLIENT),
    "revoke": Place("actions", "revoke", CLIENT),
    "withdraw": Place("actions", "withdraw", CLIENT),
    "rate": Place("aftercare", "rate", CLIENT),
    "calls": Place("aftercare", "calls", CLIENT),
    "delivered": Place("aftercare", "delivered", CLIENT),
    "supervisions": Place("supervising", "supervisions", CLIENT),
    "supervise": Place("supervising", "supervise", CLIENT),
    "unmatched": Place("unmatched", "unmatched_app", CLIENT),
    "items": Place("items", "items_app", CLIENT),
    "status": Place("status", "status", CLIENT),
    "rungs": Place("rungs_today", "rungs", CLIENT),
    "message": Place("supervising", "message_app", CLIENT),
    "calendar": Place("calendar", "calendar_app", CLIENT),
    "policy": Place("policies", "policy_app", CLIENT),
    "up": Place("start", "up", HOST),
    "demo": Place("demo", "demo_command", HOST),
    "doctor": Place("doctor", "doctor", HOST),
    "repair": Place("repair", "repair_request", HOST),
    "backup": Place("backup", "backup_command", HOST),
    "restore": Place("backup", "restore_command", HOST),
    "sends": Place("sends", "sends_app", HOST),
    "setup": Place("setup", "setup", HOST),
    "directory": Place("administration", "directory_app", HOST),
    "db": Place("administration", "db_app", HOST),
    "keys": Place("keys", "keys_app", HOST),
    "callbacks": Place("callbacks", "callbacks_app", HOST),
    "config": Place("administration", "config_app", HOST),
}


class Commands(TyperGroup):
    """Loads a command when it is called, and ends one that met a known fault with one line on stderr, no traceback."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, clients first."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; None if there is none."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        found = getattr(import_module(f"liaison.cli.{place.module}"), place.name)
        loaded = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            loaded.add_typer(found, name=cmd_name, rich_help_panel=place.panel)
        else:
            loaded.command(cmd_name, rich_help_panel=place.panel)(found)
        return typer.main.get_group(loaded).commands[cmd_name]

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            # Said already, or to be said by typer.
            raise
        except Exception as fault:
            raise typer.Exit(tell(fault)) from None


def tell(fault: Exception) -> Exit:
    """Say a known fault in one line; the exit code to leave with. An unknown one is raised again."""
    # Loaded now: most commands end well.
    known = import_module("liaison.cli.faults")
    exit_code: Exit = known.tell(fault)
    return exit_code


app = typer.Typer(
    cls=Commands,
    help="Nobody who asks to reach a judge is left without an answer. 让每一件诉求都有回音。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _everything() -> None:
    """Makes the application a group although no command is registered with it beforehand."""


def main() -> NoReturn:
    """The console entry; ends the process itself, see ``leave``."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal without Chinese shows escapes instead of a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
    leave(Exit.DONE)
