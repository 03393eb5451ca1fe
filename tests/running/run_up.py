"""``liaison up`` with the two stand-ins; the first argument chooses what ties the children to it."""

import asyncio
import sys

from liaison.cli.exits import leave
from liaison.cli.up import up_command
from liaison.logs import configure_logs
from liaison.settings import Settings, load_settings
from liaison.supervisor import Programs, up

PROGRAMS = Programs(
    worker=(sys.executable, "-m", "tests.running.fake_worker"), api=(sys.executable, "-m", "tests.running.fake_api")
)


async def prepare(settings: Settings) -> None:
    with (settings.home / "order").open("w") as order:
        order.write("prepare\n")


def run_with_pipe() -> int:
    settings = load_settings()
    configure_logs("up", form="json")
    asyncio.run(
        up(
            settings,
            lambda: prepare(settings),
            attributes=(),
            announce=lambda: None,
            programs=PROGRAMS,
            death_signal=False,
        )
    )
    return 0


if __name__ == "__main__":
    leave(run_with_pipe() if sys.argv[1:] == ["pipe"] else up_command(prepare, PROGRAMS))
