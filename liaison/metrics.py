"""``/metrics``: figures in Prometheus's format on a port of their own, the SDK's among them. A leaf.

What happens in a process is counted by the instruments below; what the book says is asked for at every scrape, through
a collector that the composition root brings. Temporal's SDK can only serve its own metrics itself: it does so on a
loopback port that nobody needs to know, and we hand its page on.
"""

import socket
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

disable_created_metrics()  # type: ignore[no-untyped-call]

PATH: Final = "/metrics"
SDK_TIMEOUT_SECONDS: Final = 2.0

REGISTRY: Final = CollectorRegistry()
"""What this process counts. Labels come from bounded sets only, never a reference, a court or a person."""

TIMER_LATENESS: Final = Histogram(
    "liaison_timer_lateness_seconds",
    "How long after its planned instant a rung was recorded.",
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86400),
    registry=REGISTRY,
)
PROJECTION_LAG: Final = Histogram(
    "liaison_projection_lag_seconds",
    "How long after it happened in a workflow a line of the record was written.",
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 86400),
    registry=REGISTRY,
)
CODEC_FAILURES: Final = Counter(
    "liaison_codec_failures",
    "Payloads that could not be decrypted.",
    ["reason"],
    registry=REGISTRY,
)
UNKNOWN_KEY, DAMAGED = "unknown key", "damaged"
for _reason in (UNKNOWN_KEY, DAMAGED):
    # Shown from the start, so that the first failure is an increase.
    CODEC_FAILURES.labels(_reason)

ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)


class Endpoint:
    """Serves ``/metrics`` from a thread of its own, so that a scrape is answered however busy the process is."""

    def __init__(self, host: str, port: int, sdk_url: str | None) -> None:
        """Listen, and answer from now on.

        Args:
            host: an IPv4 address.
            port: 0 for a free one, see ``port``.
            sdk_url: where the SDK serves its metrics; None if it does not.

        Raises:
            OSError: the port is taken.
        """
        self._sdk_url = sdk_url
        self._collectors = CollectorRegistry()
        self._server = make_server(host, port, self._answer, _Server, _Quiet)
        self.port: int = self._server.server_port
        Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def add(self, collector: Collector) -> None:
        """Ask this collector too, at every scrape."""
        self._collectors.register(collector)

    def remove(self, collector: Collector) -> None:
        """Ask it no longer."""
        self._collectors.unregister(collector)

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
            start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"GET /metrics\n"]
        pages = [generate_latest(REGISTRY), generate_latest(self._collectors), self._sdk_page()]
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return pages

    def _sdk_page(self) -> bytes:
        if self._sdk_url is None:
            return b""
        with suppress(OSError), urllib.request.urlopen(self._sdk_url, timeout=SDK_TIMEOUT_SECONDS) as page:
            content: bytes = page.read()
            return content
        return b""


def free_loopback_address() -> str:
    """``127.0.0.1:<port>`` that nobody listens on, for the SDK, which cannot choose one and say which."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind; without asking the name service who we are, which may take seconds."""
        self.allow_reuse_address = True
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Write no line a scrape."""
