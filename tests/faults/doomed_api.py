"""The real API, killed at a marked point: ``python -P doomed_api.py POINT=PORT ...``, settings by environment.

One process for each point, forked when everything is imported. A point is a passage in the program that the next call
reaches; nothing in the product knows of it.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import ModuleType
from typing import Any, NoReturn

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import api.app
from liaison.services import actions, intake, starting

Step = Callable[..., Awaitable[Any]]


def die(*_: Any, **__: Any) -> NoReturn:
    """As by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("dead")


def at_once(_step: Step) -> Step:
    """Do not even begin."""
    return die


def then_die(step: Step) -> Step:
    """Do it, and do nothing more."""

    async def last(*args: Any, **given: Any) -> NoReturn:
        await step(*args, **given)
        die()

    return last


def mute(create_app: Callable[..., ASGIApp]) -> Callable[..., ASGIApp]:
    """An application that dies with the answer to a POST on its lips."""

    def create(*args: Any, **given: Any) -> ASGIApp:
        app = create_app(*args, **given)

        async def muted(scope: Scope, receive: Receive, send: Send) -> None:
            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    die()
                await send(message)

            await app(scope, receive, answer if scope.get("method") == "POST" else send)

        return muted

    return create


MARKS: Mapping[str, tuple[ModuleType, str, Callable[[Any], Any]]] = {
    "intake before commit": (intake, "store_answer", then_die),
    "intake after commit": (intake, "start_at_once", at_once),
    "intake after start": (intake, "start_at_once", then_die),
    "intake before answer": (api.app, "create_app", mute),
    "reply before commit": (actions, "store_answer", then_die),
    "reply after inbox": (actions, "deliver_and_see", at_once),
    "reply after delivery": (actions, "deliver_and_see", then_die),
    "reply before answer": (api.app, "create_app", mute),
}
"""Which step of which module is replaced by what of it."""


def mark(point: str) -> None:
    """Make a point deadly, and wait for Temporal as patiently as tests do: the relay would start what is left to it."""
    starting.START_SECONDS = 30.0
    module, step, deadly = MARKS[point]
    setattr(module, step, deadly(getattr(module, step)))


def main() -> None:
    """Serve at every point; end when all are dead."""
    for order in sys.argv[1:]:
        point, _, port = order.partition("=")
        if os.fork() == 0:
            os.environ["LIAISON_API_PORT"] = port
            mark(point)
            api.app.main()
    for _ in sys.argv[1:]:
        os.wait()


if __name__ == "__main__":
    main()
