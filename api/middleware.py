"""Around every call: one log line, safe headers, and a plain 500 for what nobody foresaw."""

import time
import traceback
from typing import Final

import structlog
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.catalogue import HttpSlug
from api.problems import problem

_HEADERS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_log = structlog.get_logger("api")


class Border:
    """ASGI middleware. A log line names the route's pattern, never the path or query, which callers can fill."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and put down what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        structlog.contextvars.clear_contextvars()
        began, status = time.perf_counter(), 0

        async def note_and_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        try:
            await self.app(scope, receive, note_and_send)
        except ClientDisconnect:
            # Nobody is left to answer.
            pass
        except Exception as fault:
            _put_down(fault, scope)
            if status:
                # Half an answer is out already; the connection must end so that nobody takes it for a whole one.
                raise
            await problem(Request(scope), HttpSlug.INTERNAL)(scope, receive, note_and_send)
        finally:
            _log.info(
                "call",
                method=scope["method"],
                route=_pattern(scope),
                status=status,
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )


def _pattern(scope: Scope) -> str:
    route = scope.get("route")
    return getattr(route, "path_format", None) or "none"


def _put_down(fault: Exception, scope: Scope) -> None:
    """Where it happened and of which type; an exception's own text may quote a party."""
    frames = "".join(traceback.format_list(traceback.extract_tb(fault.__traceback__)[-8:]))
    _log.error("unforeseen", error_type=type(fault).__qualname__, route=_pattern(scope), stack=frames)
