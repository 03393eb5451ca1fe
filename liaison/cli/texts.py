"""Texts and JSON of client commands: from standard input or a file, never from the command line.

What stands on a command line is kept in histories and shown to everybody on the machine.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from liaison.cli.exits import Exit, complain, fail
from liaison.cli.language import say
from liaison.contract.reference import BadReference, parse_reference

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="- for standard input, or @FILE.")]
Reference = Annotated[str, typer.Argument(metavar="REF", help="The request's reference, such as 7K3M-9QXF-2T4W-Z.")]


def read_text(source: str) -> str:
    """The text of ``-`` or ``@file``, without the line break at its end.

    Raises:
        typer.Exit: Another source, an unreadable file, or not UTF-8; said on stderr.
    """
    try:
        return _read(source).decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        fail(Exit.USAGE, say("输入不是 UTF-8。", "The input is not UTF-8."))
    except OSError as fault:
        fail(Exit.USAGE, f"{source[:120]}: {fault.strerror}.")


def read_json(source: str) -> dict[str, Any]:
    """The JSON object of ``-`` or ``@file``.

    Raises:
        typer.Exit: Not a JSON object; said on stderr.
    """
    try:
        value = json.loads(read_text(source))
    except (ValueError, RecursionError):
        fail(Exit.USAGE, say("输入不是 JSON。", "The input is not JSON."))
    if not isinstance(value, dict):
        fail(Exit.USAGE, say("输入不是 JSON 对象。", "The input is not a JSON object."))
    return value


def read_said(source: str) -> dict[str, Any]:
    """What somebody says: a JSON object as the API takes it, or plain text, which becomes ``{"text": ...}``.

    Raises:
        typer.Exit: As ``read_text``.
    """
    text = read_text(source)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"text": text}


def short_text(given: str) -> str:
    """A reason or note: the words themselves, or ``-`` or ``@file`` where they name people."""
    return read_text(given) if given == "-" or given.startswith("@") else given


def path_part(given: str) -> str:
    """An id as one part of a path, whatever was typed."""
    return quote(given, safe="")


def parsed(reference: str) -> str:
    """The reference in its one written form; a mistyped one is known to nobody."""
    try:
        return parse_reference(reference)
    except BadReference as fault:
        fail(Exit.NOT_FOUND, say("这不是有效的诉求编号，请核对。", f"No such request: {fault}."))


def _read(source: str) -> bytes:
    if source.startswith("@") and len(source) > 1:
        return Path(source[1:]).expanduser().read_bytes()
    if source != "-":
        fail(
            Exit.USAGE,
            say("请用 - 或 @文件 输入文字。", "Give - for standard input or @FILE: texts never go into arguments."),
        )
    if sys.stdin.isatty():
        complain(say("请输入，以 Ctrl-D 结束。", "Type the text; Ctrl-D ends it."))
    return sys.stdin.buffer.read()
