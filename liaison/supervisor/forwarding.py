"""One merged log: every line a child writes, in the shape of our own chain, once."""

import json
import logging
import sys
from typing import Any, Final, Literal

import structlog

from liaison.logs import line_prefix

# What Temporal's server says beside its message and an operator wants to read.
_DETAILS: Final = ("operation", "component", "error")


class Forwarder:
    """Writes the lines of the children to standard error.

    Lines that passed the chain in the child go on untouched; all others (Temporal's, a traceback, a library's print)
    pass it here, so nothing reaches the log unredacted.
    """

    def __init__(self, form: Literal["json", "pretty"]) -> None:
        self._form = form

    def __call__(self, process: str, line: bytes) -> None:
        """Forward one line of one child."""
        text = line.decode(errors="replace").rstrip()
        if not text:
            return
        parsed = _parse(text)
        if "process" in parsed if self._form == "json" else text.startswith(line_prefix(process)):
            _write(text)
            return
        level = logging.getLevelNamesMapping().get(str(parsed.get("level")), logging.INFO)
        log = structlog.stdlib.get_logger(process)
        log.log(level, _message(parsed) or text, process=process)


def _parse(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {}
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _message(parsed: dict[str, Any]) -> str:
    """Temporal's JSON line as one sentence; empty for anything else."""
    details = [f"{name}={parsed[name]}" for name in _DETAILS if name in parsed]
    return " ".join([str(parsed["msg"]), *details]) if "msg" in parsed else ""


def _write(text: str) -> None:
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        # Whoever read our log went away; the courts' deadlines do not.
        return
