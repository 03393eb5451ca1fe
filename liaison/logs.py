"""One chain for every log line, whoever wrote it: structlog, the standard library, uvicorn, Temporal's SDK.

A line carries ``timestamp`` (UTC in JSON, Shanghai's clock in pretty), ``level``, ``process``, ``event`` and, where a
request is in hand, its ``reference``: bind it with ``structlog.contextvars.bound_contextvars(reference=...)``; lines
of workflows and activities take it from their workflow id. Redaction is the last step before rendering, so it sees
exception texts too.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Final, Literal, TextIO

import structlog
import temporalio.activity
import temporalio.workflow
from structlog.typing import EventDict, Processor, WrappedLogger

from liaison.redaction import redact_fields

_SHANGHAI: Final = timezone(timedelta(hours=8))
_REFERENCE: Final = re.compile(r"-((?:[0-9A-Z]{4}-){3}[0-9A-Z])(?:-|$)")
_EXECUTION_FIELDS: Final = ("workflow_id", "run_id", "workflow_type", "activity_type", "attempt")
# Copies of the message, or objects that only their library understands.
_EXTRAS_DROPPED: Final = ("color_message", "temporal_log", "websocket")
_CHATTY: Final = ("httpx2", "httpcore2", "httpx", "httpcore", "aiosqlite", "asyncio")
_CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)} | {0x0A: "\\n", 0x0D: "\\r", 0x09: " "}


def configure_logs(
    process: str, *, form: Literal["json", "pretty"], level: str = "info", stream: TextIO | None = None
) -> None:
    """Send every log line of this process through the one chain; called once, by a composition root.

    Args:
        process: ``api``, ``worker``, ``temporal`` ...: the name each line bears in the merged log.
        form: ``json``, one object a line, or ``pretty``, for a terminal.
        level: the least level shown: debug, info, warning or error.
        stream: where lines go; standard error unless given.
    """
    stream = stream or sys.stderr
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(process, form, stream))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    _take_over_libraries(threshold)
    sys.excepthook = _log_uncaught


def line_prefix(process: str) -> str:
    """How a pretty line of a process begins in the merged log."""
    return f"{process:<10} | "


def _shared() -> list[Processor]:
    """What happens to a line of structlog and of the standard library alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(process: str, form: Literal["json", "pretty"], stream: TextIO) -> logging.Formatter:
    def name_process(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line.setdefault("process", process)
        return line

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder(), _read_execution],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            name_process,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else _Pretty(stream.isatty()),
        ],
    )


def _read_execution(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Flatten what the SDK attaches to lines of workflows and activities, and find the reference in the id."""
    for extra in _EXTRAS_DROPPED:
        line.pop(extra, None)
    for attached in ("temporal_workflow", "temporal_activity"):
        execution = line.pop(attached, None)
        if isinstance(execution, MutableMapping):
            line.update({name: execution[name] for name in _EXECUTION_FIELDS if name in execution})
    found = _REFERENCE.search(str(line.get("workflow_id", "")))
    if found:
        line.setdefault("reference", found[1])
    return line


def _redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return redact_fields(line)


class _Pretty:
    """A line for people: process, Shanghai time, level, event, fields."""

    def __init__(self, colors: bool) -> None:
        # Not the default formatter: rich tracebacks show local variables, and those hold what people wrote.
        self._render = structlog.dev.ConsoleRenderer(
            colors=colors, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, logger: WrappedLogger, method: str, line: EventDict) -> str:
        prefix = line_prefix(str(line.pop("process")))
        written = datetime.fromisoformat(str(line["timestamp"]))
        line["timestamp"] = written.astimezone(_SHANGHAI).strftime("%H:%M:%S")
        # Control characters in a message could forge a line of its own or steer the terminal (ASVS 16.4.1).
        line["event"] = str(line["event"]).translate(_CONTROL)
        line.pop("logger", None)
        return "\n".join(prefix + part for part in self._render(logger, method, line).splitlines())


def _take_over_libraries(threshold: int) -> None:
    logging.captureWarnings(True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    # The ids come as fields; repeated in the message they only make it long.
    temporalio.workflow.logger.workflow_info_on_message = False
    temporalio.activity.logger.activity_info_on_message = False


def _log_uncaught(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("uncaught").critical("the process ends with an uncaught error", exc_info=(kind, fault, trace))
