"""``liaison calendar``: versions of the calendar, closures, and why a date is when it is.

All but ``deadlines`` are client commands: they ask the API.
"""

import typer

from liaison.cli.closures import closure_app
from liaison.cli.deadlines import deadlines
from liaison.cli.explain import explain
from liaison.cli.notices import approve, diff, propose, reject, review, show, versions
from liaison.cli.replans import replan

calendar_app = typer.Typer(
    help="Calendar versions by proposal and approval, closures, and why a date is when it is.", no_args_is_help=True
)
for _command in (propose, review, approve, reject, versions, show, diff, explain, replan, deadlines):
    calendar_app.command(_command.__name__)(_command)
calendar_app.add_typer(closure_app, name="closure")
