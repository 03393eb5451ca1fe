"""Stands in for the worker: shows that Temporal served before it, and ends as it is told."""

import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType

HOME = Path(os.environ["LIAISON_HOME"])
TEMPORAL = ("127.0.0.1", int(os.environ["LIAISON_TEMPORAL_PORT"]))


def end(_number: int, _frame: FrameType | None) -> None:
    if os.environ.get("FAKE_WORKER") != "stubborn":
        sys.stdout.write("worker drained\n")
        sys.exit(0)


signal.signal(signal.SIGTERM, end)
if os.environ.get("FAKE_WORKER") == "dies":
    sys.exit("I will not work for 13800138000")
socket.create_connection(TEMPORAL, timeout=1).close()
with (HOME / "order").open("a") as order:
    order.write("worker\n")
sys.stdout.write("worker polls\n")
while True:
    time.sleep(0.05)
