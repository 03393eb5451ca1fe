"""``liaison calendar replan``: how far open requests have been brought to newer rules (issue line C22)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liaison.cli.exits import Exit
from liaison.cli.replans import _states
from liaison.db.engine import Database
from liaison.db.tables import Replan
from tests.cli.conftest import Liaison, Place

pytestmark = pytest.mark.usefixtures("served")

BEGAN = datetime(2026, 11, 23, 2, tzinfo=UTC)


def put(place: Place, *rows: Replan) -> None:
    async def write() -> None:
        db = Database(place.settings.database_url.get_secret_value())
        async with db.write() as session:
            for row in rows:
                await session.merge(row)
        await db.close()

    asyncio.run(write())


def row(number: int, finished: bool, **counts: int) -> Replan:
    began = BEGAN + timedelta(days=number)
    return Replan(
        id=f"replan-calendar-{number}", calendar_version=number, started_at=began,
        finished_at=began + timedelta(minutes=1) if finished else None, **counts,
    )  # fmt: skip


def test_before_the_first_there_is_none(liaison: Liaison) -> None:
    assert "There has been no re-plan yet." in liaison("calendar", "replan").stdout
    watched = liaison("calendar", "replan", "--watch")
    assert (watched.exit_code, watched.stderr.strip()) == (Exit.NOT_FOUND, "There has been no re-plan yet.")


def test_a_replan_is_listed_shown_and_watched_to_its_end(liaison: Liaison, place: Place) -> None:
    put(place, row(11, True, passes=3, moved=57, made_final=2, untouched=3_941), row(10, True, moved=1))
    listed = liaison("calendar", "replan")
    assert listed.stdout.index("replan-calendar-11") < listed.stdout.index("replan-calendar-10")
    shown = liaison("calendar", "replan", "replan-calendar-11")
    assert "moved" in shown.stdout and "57" in shown.stdout and "3941" in shown.stdout
    body = json.loads(liaison("calendar", "replan", "replan-calendar-11", "--json").stdout)
    assert (body["moved"], body["remaining"], body["finished_at"]) == (57, 0, "2026-12-04T10:01:00+08:00")
    # The latest; a pipe gets plain lines.
    watched = liaison("calendar", "replan", "--watch")
    line = "replan-calendar-11: 57 moved, 2 made final, 3941 untouched, 0 to go; done"
    assert (watched.exit_code, watched.stdout.splitlines()) == (Exit.DONE, [line])
    chinese = liaison("calendar", "replan", "--watch", env={"LC_ALL": "", "LANG": "zh_CN.UTF-8"})
    assert chinese.stdout.strip() == "replan-calendar-11: 已调整 57，已确定 2，不受影响 3941，待处理 0；已完成"
    assert json.loads(liaison("calendar", "replan", "--watch", "--json").stdout) == body


@pytest.mark.parametrize(
    ("which", "ends"), [("replan-calendar-99", Exit.NOT_FOUND), ("11", Exit.USAGE), ("../requests", Exit.USAGE)]
)
def test_an_unknown_one_is_one_sentence(liaison: Liaison, which: str, ends: Exit) -> None:
    result = liaison("calendar", "replan", which)
    assert result.exit_code == ends
    assert len(result.stderr.strip().splitlines()) == 1


def test_watching_looks_again_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.cli.replans._LOOK_AGAIN_SECONDS", 0.0)
    states: list[dict[str, Any]] = [{"finished_at": None}, {"finished_at": None, "moved": 1}, {"finished_at": "now"}]

    class Answers:
        def get(self, _path: str) -> dict[str, Any]:
            return states[len(seen)]

    seen: list[dict[str, Any]] = []
    for state in _states(Answers(), "replan-calendar-11"):  # type: ignore[arg-type]
        seen.append(state)
    assert seen == states
