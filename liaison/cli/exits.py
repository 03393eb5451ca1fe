"""How a command ends: one exit code per kind of ending, one line on stderr when it is not well (design section 9)."""

import logging
import os
import sys
from enum import IntEnum
from typing import Final, NoReturn

import typer

_LONGEST: Final = 199


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    UNREACHABLE = 5
    NOT_READY = 6


def complain(sentence: str) -> None:
    """Write a sentence as one line of stderr, shortened to fewer than 200 characters."""
    line = " ".join(sentence.split())
    typer.echo(line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…", err=True)


def fail(code: Exit, sentence: str) -> NoReturn:
    """Complain in one line and end the command.

    Raises:
        typer.Exit: always.
    """
    complain(sentence)
    raise typer.Exit(code)


def leave(code: int) -> NoReturn:
    """End the process at once, everything written out.

    A process that has used a Temporal client may abort in the interpreter's own tear-down
    (temporalio/sdk-python issue 300), which would turn a good exit code into 134: so tear-down is left out.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
