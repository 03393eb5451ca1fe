"""``make first-request``: from where you are to the first accepted request, and how many seconds that took.

Starts ``liaison up`` for the time it needs if nothing runs yet, sends the given request and says what to do next.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from liaison.cli.client import ApiFault, retry_until
from liaison.cli.exits import Exit, fail
from liaison.cli.faults import tell
from liaison.cli.identity import open_api, open_api_without_key
from liaison.cli.views import show_request

PATIENCE_SECONDS: Final = 60.0


def first_request(
    example: Annotated[Path, typer.Argument(help="The request to send.")],
    since: Annotated[float, typer.Option(help="Count from this Unix time; from now if left out.")] = 0.0,
) -> None:
    """Send the first request and print the seconds it took."""
    started = since or time.time()
    with _platform() as stays:
        with open_api("", "channel") as api:
            request = api.post("/v1/requests", json.loads(example.read_text(encoding="utf-8")))
        seconds = time.time() - started
        show_request(request)
    typer.echo(f"\nfirst request accepted after {seconds:.1f} s 首件诉求已登记")
    first = "" if stays else "make run, then "
    typer.echo(f"next 下一步: {first}.venv/bin/liaison show {request['reference']}")


@contextmanager
def _platform() -> Iterator[bool]:
    """Whether a platform runs already, and stays; else one of our own runs until the block ends."""
    if _is_ready():
        yield True
        return
    liaison = Path(sys.executable).with_name("liaison")
    ours = subprocess.Popen([liaison, "up"], stdout=sys.stderr)
    try:
        _wait_until_ready(ours)
        yield False
    finally:
        ours.send_signal(signal.SIGINT)
        ours.wait()


def _wait_until_ready(ours: "subprocess.Popen[bytes]") -> None:
    for left in retry_until(time.monotonic() + PATIENCE_SECONDS, pause=0.2):
        if _is_ready():
            return
        if left <= 0 or ours.poll() is not None:
            fail(Exit.NOT_READY, "The platform did not become ready; its last lines say why.")


def _is_ready() -> bool:
    try:
        with open_api_without_key() as api:
            return api.health().ready
    except ApiFault:
        return False


def main() -> None:
    """End as every command does: a known fault is one line on stderr."""
    try:
        typer.run(first_request)
    except Exception as fault:
        sys.exit(tell(fault))


if __name__ == "__main__":
    main()
