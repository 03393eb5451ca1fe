"""``python -m tests.faults.worker_of_then HOME ADDRESS SECONDS``: the worker of a city whose clock is so much behind.

A process of its own, to be killed: production has no setting that moves a clock.
"""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from liaison.codec import data_converter
from liaison.keys import read_key_ring
from tests.ui.live import city_in


async def serve(home: Path, address: str, behind: timedelta) -> None:
    """Poll until killed."""
    client = await Client.connect(address, data_converter=data_converter(read_key_ring(home / "key-ring.json")))
    async with city_in(home, client) as city, city.moved_by(behind).working():
        sys.stdout.write("polls\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], timedelta(seconds=float(sys.argv[3]))))
