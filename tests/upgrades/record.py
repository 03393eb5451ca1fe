"""``python -m tests.upgrades.record``: keep a book of this release, with open requests of every kind.

Run once, by the code that is about to be released; the files of earlier releases are never made again.
"""

import asyncio
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from liaison.db.schema import current_revision
from liaison.policy.words import ActionKind, Category, Stage
from tests.city import prepare_template
from tests.services.temporal import until
from tests.ui.live import LiveCity, normal_server, open_live_city
from tests.upgrades.books import BOOKS, KEY_RING, Rows, dump

KEPT_KEYS = ("sample-channel", "sample-clerk", "sample-0104-j01", "sample-0104-j02", "sample-0104-l02")


async def record() -> None:
    """Live a while and keep the book."""
    with TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        template.mkdir(mode=0o700)
        shutil.copy(KEY_RING, template / "key-ring.json")
        await prepare_template(template)
        async with normal_server() as server, open_live_city(template, Path(folder) / "home", server) as city:
            async with city.working():
                await _live(city)
            await _while_nobody_works(city)
            url = city.tools.db.url
            revision = current_revision(url)
            write(str(revision), dump(url))


def write(revision: str, rows: Rows) -> None:
    """Keep the rows; of the sample keys only a few."""
    rows["api_key"] = [row for row in rows["api_key"] if row["id"] in KEPT_KEYS]
    BOOKS.mkdir(exist_ok=True)
    text = json.dumps(rows, ensure_ascii=False, sort_keys=True, indent=0)
    (BOOKS / f"{revision}.json").write_text(text + "\n", encoding="utf-8")


async def _live(city: LiveCity) -> None:
    await _awaiting(city, phone="13900000001")
    climbing = await _awaiting(city, phone="13900000002")
    await city.handle(climbing).signal("escalate", {"by": "operator-1", "reason": "recorded"})
    await until(lambda: _has_rungs(city, climbing))
    offered = await _awaiting(city, phone="13900000003")
    given = {"target": {"judge": "0104-j02"}, "text": {"reason": "出差"}}
    assert (await city.act(city.key_of("0104-j01"), offered, ActionKind.TRANSFER, **given)).status == 201
    asked = await city.submit(phone="13900000004", category=Category.CONSULTATION, judge=None)
    await until(lambda: city.is_at(asked, Stage.ANSWERING))
    replied = await _awaiting(city, phone="13900000005")
    assert (await city.reply(replied)).status == 201
    await city.handle(replied).result()


async def _while_nobody_works(city: LiveCity) -> None:
    async with city.temporal_away():
        await city.submit(phone="13900000006")


async def _awaiting(city: LiveCity, **given: str) -> str:
    reference = await city.submit(**given)
    await until(lambda: city.is_at(reference, Stage.AWAITING_REPLY))
    return reference


async def _has_rungs(city: LiveCity, reference: str) -> bool:
    return bool(await city.rungs(reference))


if __name__ == "__main__":
    asyncio.run(record())
