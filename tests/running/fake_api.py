"""Stands in for the API: lives at once, is ready once the worker has written that it works."""

import logging
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from liaison.logs import configure_logs
from liaison.settings import load_settings

HOME = Path(os.environ["LIAISON_HOME"])


class Probes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ready = "worker" in (HOME / "order").read_text().split()
        status = 200 if self.path == "/livez" or ready else 503
        self.send_response(status)
        self.end_headers()
        with (HOME / "order").open("a") as order:
            order.write(f"{self.path}={status}\n")

    def log_message(self, *_args: object) -> None:
        """Its lines would not be ours."""


def end(_number: int, _frame: FrameType | None) -> None:
    logging.getLogger("api").info("api drained")
    sys.exit(0)


configure_logs("api", form=load_settings().log_format)
signal.signal(signal.SIGTERM, end)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["LIAISON_API_PORT"])), Probes).serve_forever()
