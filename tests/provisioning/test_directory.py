"""Loading another directory: all or nothing, seen by readers, keys for its people (issue lines L05, L10)."""

from datetime import timedelta
from importlib.resources import files

import pytest

from liaison.db.directory import replace_directory, staff_contact
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.keys import read_key_ring
from liaison.services.directory import load_directory, show_directory
from liaison.services.directory_file import parse_directory
from liaison.services.provisioning import prepare_local
from liaison.settings import Settings
from tests.provisioning.conftest import NOW

SAMPLE = (files("liaison") / "sample_city/directory.csv").read_text(encoding="utf-8")
ANOTHER_JUDGE = "0104-j77,person,0104,0104-d-civil1,judge,林岚知,t1,法官,Judge,020-83210999,13900001999,,,present\n"


async def test_the_sample_city_is_the_first_loading(settings: Settings, db: Database) -> None:
    await prepare_local(settings, lambda: NOW)
    view = await show_directory(db)
    assert view is not None
    assert (view.number, view.loaded_at, view.loaded_by) == (1, NOW, "sample-city")


async def test_a_loading_replaces_everybody_and_a_cached_roster_follows(settings: Settings, db: Database) -> None:
    await prepare_local(settings, lambda: NOW)
    ring, rulebook = read_key_ring(settings.key_ring), Rulebook()
    async with db.read() as session:
        assert (await rulebook.roster(session)).staff("0104-j77") is None
    changed = parse_directory(SAMPLE + ANOTHER_JUDGE)
    await load_directory(db, ring, changed, "operator-1", NOW + timedelta(hours=1))
    async with db.read() as session:
        roster = await rulebook.roster(session)
        contact = await staff_contact(session, ring, "0104-j77")
    assert {person.id for person in roster.people} == {person.id for person in changed.roster.people}
    assert roster.staff("0104-j77") in changed.roster.people
    assert contact is not None and (contact.name, contact.mobile) == ("林岚知", "+8613900001999")


async def test_a_loading_cut_short_leaves_the_directory_as_it_was(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare_local(settings, lambda: NOW)
    before = await show_directory(db)
    real = replace_directory

    async def cut(*given: object) -> None:
        await real(*given)  # type: ignore[arg-type]
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("liaison.services.directory.replace_directory", cut)
    with pytest.raises(RuntimeError, match="disk is full"):
        ring = read_key_ring(settings.key_ring)
        await load_directory(db, ring, parse_directory(SAMPLE + ANOTHER_JUDGE), "operator-1", NOW)
    assert await show_directory(db) == before


async def test_people_who_came_get_keys_at_the_next_start_and_those_who_left_lose_theirs(
    settings: Settings, db: Database
) -> None:
    first = await prepare_local(settings, lambda: NOW)
    without_j03 = "\n".join(line for line in SAMPLE.splitlines() if not line.startswith("0104-j03,"))
    other = parse_directory(f"{without_j03}\n{ANOTHER_JUDGE}")
    await load_directory(db, read_key_ring(settings.key_ring), other, "operator-1", NOW)
    second = await prepare_local(settings, lambda: NOW)
    assert second.judge_keys.keys() - first.judge_keys.keys() == {"0104-j77"}
    assert first.judge_keys.keys() - second.judge_keys.keys() == {"0104-j03"}
    assert (await show_directory(db)) is not None
    assert second.judge_keys["0104-j01"] == first.judge_keys["0104-j01"]
