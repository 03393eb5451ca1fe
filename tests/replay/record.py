"""``python -m tests.replay.record``: live every life of ``lives.py`` on a normal server and keep its history."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from temporalio.testing import WorkflowEnvironment

from tests.city import prepare_template, shanghai
from tests.replay.commands import keep_fingerprints
from tests.replay.histories import recording_ring, write
from tests.replay.lives import LIVES, MORNING, Life
from tests.ui.live import normal_server, open_live_city


async def record() -> None:
    """Record every life anew, and the fingerprints of the code that lived them."""
    with TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        await prepare_template(template)
        async with normal_server() as server:
            for life in LIVES:
                await _record(life, template, Path(folder) / life.__name__, server)
    keep_fingerprints()


async def _record(life: Life, template: Path, home: Path, server: WorkflowEnvironment) -> None:
    async with open_live_city(template, home, server, payload_ring=recording_ring()) as city:
        workflow_id = await life(city.moved_to(shanghai(MORNING)))
        history = await city.client.get_workflow_handle(workflow_id).fetch_history()
    write(life.__name__, history)


if __name__ == "__main__":
    asyncio.run(record())
