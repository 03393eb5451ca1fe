"""``python -m tests.replay.record [LIFE ...]``: live these lives of ``lives.py``, or all, and keep their histories."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.testing import WorkflowEnvironment

from tests.city import prepare_template, shanghai
from tests.replay.commands import keep_fingerprints
from tests.replay.histories import recording_ring, write
from tests.replay.lives import LIVES, MORNING, Life
from tests.ui.live import normal_server, open_live_city


async def record(names: list[str]) -> None:
    """Record the lives of these names, all if none is named, and the fingerprints of the code that lived them."""
    lives = [life for life in LIVES if life.__name__ in names or not names]
    with TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        await prepare_template(template)
        async with normal_server() as server:
            for life in lives:
                await _record(life, template, Path(folder) / life.__name__, server)
    keep_fingerprints()


async def _record(life: Life, template: Path, home: Path, server: WorkflowEnvironment) -> None:
    async with open_live_city(template, home, server, payload_ring=recording_ring()) as city:
        workflow_id = await life(city.moved_to(shanghai(MORNING)))
        history = await city.client.get_workflow_handle(workflow_id).fetch_history()
    write(life.__name__, history)


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
