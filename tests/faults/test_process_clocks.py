"""H04: whole processes whose clocks are off, by libfaketime (the package ``faketime``)."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.city import REPLY
from tests.e2e.platform import Running, environment_in, start
from tests.scale import FULL

JUDGE = "0104-j01"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@pytest.mark.skipif(not FULL or FAKETIME is None, reason="make prove, on a machine with libfaketime")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("skew", ["+2h", "-2h", "+1d", "-1d"])
def test_processes_whose_clocks_are_off(tmp_path: Path, skew: str) -> None:
    """Worker, API and supervisor live by another clock; Temporal's server, which asks no library, by the right one."""
    right = environment_in(tmp_path / "home")
    # Timers of the processes run on: only what is read as a date is wrong.
    astray = right | {"LD_PRELOAD": str(FAKETIME), "FAKETIME": skew, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    with _platform(right) as platform:
        reference = platform.submit("before")["reference"]
        promised = platform.wait_for(reference, lambda shown: shown["stage"] == "awaiting_reply")
    with _platform(astray) as platform:
        refused = _reply_over_http(platform, reference)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/clock-offset")
        signal = ("workflow", "signal", "--workflow-id", f"request-{reference}", "--name", "escalate")
        platform.temporal(*signal, "--input", '{"by": "operator-1", "reason": "the party is at the counter"}')
        lifted = platform.wait_for(reference, lambda shown: shown["supervision"] is not None)
        assert lifted["deadlines"] == promised["deadlines"]
        assert _is_off_by(skew, lifted["supervision"]["since"]), "the worker's clock was right"
    with _platform(right) as platform:
        assert _reply_over_http(platform, reference).status_code in (201, 202)
        closed = platform.wait_for(reference, lambda shown: shown["stage"] == "closed")
        assert closed["deadlines"] == promised["deadlines"]
    outbox = platform.home / "outbox.jsonl"
    lines = outbox.read_text(encoding="utf-8").splitlines() if outbox.exists() else []
    assert set(Counter(json.loads(line)["id"] for line in lines).values()) <= {1}


@contextmanager
def _platform(environment: dict[str, str]) -> Iterator[Running]:
    platform = start(Path(environment["LIAISON_HOME"]), environment)
    try:
        yield platform
    finally:
        platform.stop()


def _reply_over_http(platform: Running, reference: str) -> Any:
    """The same call every time."""
    key, body = platform.credentials["judge_keys"][JUDGE], {"kind": "text", "text": REPLY}
    return platform.call("POST", f"/v1/requests/{reference}/replies", key, body, "reply")


def _is_off_by(skew: str, shown: str) -> bool:
    """Whether what a process called now was as wrong as it was told to be."""
    off = {"h": timedelta(hours=1), "d": timedelta(days=1)}[skew[-1]] * int(skew[:-1])
    return abs(datetime.fromisoformat(shown) - (datetime.now(UTC) + off)) < timedelta(minutes=5)
