"""The ``liaison`` command: which commands there are, and how every one of them ends."""

import sys
from errno import EPIPE
from io import TextIOWrapper
from typing import Any, NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError
from typer.core import TyperGroup

from liaison.cli import actions, requests, supervising
from liaison.cli.administration import config_app, db_app, directory_app
from liaison.cli.calendar import calendar_app
from liaison.cli.client import ApiFault
from liaison.cli.doctor import doctor
from liaison.cli.exits import Exit, complain, leave
from liaison.cli.keys import keys_app
from liaison.cli.repair import repair_request
from liaison.cli.start import up
from liaison.cli.status import status
from liaison.db.errors import DatabaseError
from liaison.settings import SettingsError
from liaison.supervisor import HostFault

CLIENT = "Client commands (over HTTP)"
HOST = "Host commands (on the platform's machine)"


class Commands(TyperGroup):
    """Ends a command that met a known fault with one line on stderr and its exit code, never with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except ApiFault as fault:
            complain(str(fault))
            for detail in fault.details:
                complain(detail)
            raise typer.Exit(fault.exit_code) from None
        except (SettingsError, HostFault, DatabaseError) as fault:
            complain(str(fault))
        except SQLAlchemyError as fault:
            # Its text would quote the statement and its values.
            complain(f"The database cannot be used ({type(fault).__name__}); liaison doctor says more.")
        except OSError as fault:
            if fault.errno == EPIPE:
                # Whoever read our output has gone; typer ends the command.
                raise
            complain(str(fault))
        raise typer.Exit(Exit.NOT_READY)


app = typer.Typer(
    cls=Commands,
    help="Nobody who asks to reach a judge is left without an answer. 让每一件诉求都有回音。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for name, command in (
    ("submit", requests.submit),
    ("show", requests.show),
    ("list", requests.list_requests),
    ("events", requests.events),
    ("wait", requests.wait),
    ("reply", actions.reply),
    ("answer", actions.answer),
    ("sign-in", actions.sign_in),
    ("transfer", actions.transfer),
    ("return", actions.return_),
    ("withdraw", actions.withdraw),
    ("supervisions", supervising.supervisions),
    ("supervise", supervising.supervise),
    ("status", status),
):
    app.command(name, rich_help_panel=CLIENT)(command)
app.add_typer(supervising.message_app, name="message", rich_help_panel=CLIENT)

app.command("up", rich_help_panel=HOST)(up)
app.command("doctor", rich_help_panel=HOST)(doctor)
app.command("repair", rich_help_panel=HOST)(repair_request)
for name, group in (
    ("directory", directory_app),
    ("db", db_app),
    ("keys", keys_app),
    ("config", config_app),
    ("calendar", calendar_app),
):
    app.add_typer(group, name=name, rich_help_panel=HOST)


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
