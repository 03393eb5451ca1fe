"""The referee himself: the model agrees with vectors made elsewhere, and a tampered book does not pass."""

import csv
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from liaison.db.engine import Database
from tests.campaign.book import Book
from tests.campaign.model import Life
from tests.campaign.player import CampaignError, Player, read_people
from tests.campaign.script import Step
from tests.city import City, open_city

VECTORS = Path(__file__).parents[1] / "data" / "vectors" / "ladder_vectors.csv"
FRIDAY = "2026-09-18 10:00"
PAST_THE_LIMIT, ITS_EVENING = Step("pass_to_limit", 0, 2, 0), Step("pass_to_limit", 0, 3, 0)
ANSWERED_ON_THE_LAST_EVENING = (
    *(Step("intake", 0, 0, 0), *[PAST_THE_LIMIT] * 4),
    *(ITS_EVENING, Step("reply", 1, 0, 0), PAST_THE_LIMIT),
)
"""Received within eight business days, and not made to the party, who hears nothing after 21:00."""
TAMPERINGS = (
    "UPDATE request SET holder_id = '0104-j05'",
    "UPDATE rung_record SET recipient = '0104-p01' WHERE rung = 1",
    "UPDATE rung_record SET due_at = '2026-09-23 00:00:00' WHERE rung = 1",
    "DELETE FROM rung_record WHERE rung = 0",
    "UPDATE event SET recorded_at = '2026-09-01 00:00:00' WHERE kind = 'warned'",
    "DELETE FROM message WHERE cause = 'rung-1-1'",
    "DELETE FROM rung_record WHERE rung = 4",
    "UPDATE rung_record SET annulled_at = '2026-10-08 00:00:00' WHERE rung = 4",
    "UPDATE answer_delivery SET state = 'made'",
    "UPDATE event SET detail = json_set(detail, '$.rung', 3) WHERE stream = 'messages' AND kind = 'rung_recorded'",
)


def test_the_models_dates_are_those_of_the_vectors() -> None:
    people = read_people()
    lines = [line for line in VECTORS.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) > 50
    for row in csv.DictReader(lines):
        court = {"primary": "0104", "intermediate": "01"}[row["court_level"]]
        life = Life(people, "R", court, "judge_contact", datetime.fromisoformat(row["received_at"]))
        # A limit is the end, exclusive, of its day: in UTC eight hours before midnight, still on that day.
        limits = [due.astimezone(UTC).date().isoformat() for due in life.dues[1:]]
        assert limits == [row[f"t{n}_date"] for n in (1, 2, 3, 4) if row[f"t{n}_date"]], row


async def test_a_tampered_book_does_not_pass(template: Path, tmp_path: Path) -> None:
    async with open_city(template, tmp_path / "home", FRIDAY) as city:
        player = Player(city, read_people())
        for step in ANSWERED_ON_THE_LAST_EVENING:
            await player.take(step)
        [life] = player.lives.values()
        assert (life.outcome, sorted(life.rungs), life.is_made) == ("replied", [0, 1, 2, 3, 4], False)
        player.compare(await Book.read(city))
        for number, tampering in enumerate(TAMPERINGS):
            copied = await _copy(city, tmp_path / f"copy-{number}.db")
            async with copied.tools.db.write() as session:
                touched = await (await session.connection()).execute(text(tampering))
                assert touched.rowcount > 0
            with pytest.raises(CampaignError):
                player.compare(await Book.read(copied))
            await copied.tools.db.close()


async def _copy(city: City, to: Path) -> City:
    """The city over a copy of its book."""
    with sqlite3.connect(city.home / "liaison.db") as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()
    return replace(city, tools=replace(city.tools, db=Database(f"sqlite+aiosqlite:///{to}")))
