"""The first start and the later ones (issue lines L05, L10)."""

import json
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import select

from liaison.db.directory import desk_contact, read_roster, staff_contact
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.db.schema import check
from liaison.db.tables import ApiKey, CalendarVersion, DirectoryLoad, PolicyVersion
from liaison.keys import matches, read_key_ring, split_api_key
from liaison.policy.words import Channel, KeyRole
from liaison.services import provisioning
from liaison.services.provisioning import CannotPrepare, lost_book, prepare_local
from liaison.settings import Profile, Settings
from tests.provisioning.conftest import NOW

FIELDS = {
    "api_url",
    "temporal_address",
    "temporal_ui_url",
    "channel_key",
    "clerk_key",
    "judge_keys",
    "leader_keys",
    "operator_keys",
    "chamber_keys",
}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def clock() -> datetime:
    return NOW


def credentials(settings: Settings) -> dict[str, object]:
    found: dict[str, object] = json.loads(settings.credentials_path.read_text(encoding="utf-8"))
    return found


def keys_in(found: dict[str, object]) -> list[str]:
    many = [value for value in found.values() if isinstance(value, dict)]
    return [str(found["channel_key"]), str(found["clerk_key"]), *(key for keys in many for key in keys.values())]


async def rows_of_keys(db: Database) -> dict[str, ApiKey]:
    async with db.read() as session:
        return {row.id: row for row in await session.exec(select(ApiKey))}


async def test_first_start_makes_a_book_with_rules_and_a_city(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    check(db.url)
    async with db.read() as session:
        calendar, policy = await Rulebook().current(session)
        roster = await read_roster(session)
        versions = (await session.exec(select(CalendarVersion))).all()
    assert len(roster.courts) == 13
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    assert calendar.checksum == versions[-1].checksum
    assert policy.version == 1


async def test_files_are_for_their_owner_only(settings: Settings) -> None:
    await prepare_local(settings, clock)
    assert mode_of(settings.key_ring) == 0o600
    assert mode_of(settings.credentials_path) == 0o600
    assert mode_of(settings.home) == 0o700


async def test_credentials_name_everybody_and_nothing_else(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    found = credentials(settings)
    async with db.read() as session:
        roster = await read_roster(session)
    judges = [person.id for person in roster.people if person.role == "judge"]
    leaders = [p.id for p in roster.people if p.role in ("department_leader", "deputy_president", "president")]
    vacant = {person.id for person in roster.people if person.status == "vacant"}
    assert set(found) == FIELDS
    assert found["api_url"] == "http://127.0.0.1:8400"
    assert set(found["judge_keys"]) == set(judges)  # type: ignore[call-overload]
    assert set(found["leader_keys"]) == set(leaders) - vacant  # type: ignore[call-overload]
    assert len(found["operator_keys"]) == len(found["chamber_keys"]) == 2  # type: ignore[arg-type]


async def test_judges_of_the_readme_stand_first(settings: Settings) -> None:
    await prepare_local(settings, clock)
    courts = [judge.split("-")[0] for judge in credentials(settings)["judge_keys"]]  # type: ignore[attr-defined]
    first_others = courts.index(next(court for court in courts if court != "0104"))
    assert courts[0] == "0104" and "0104" not in courts[first_others:]


async def test_the_book_knows_the_hash_of_every_key_for_thirty_days(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    rows = await rows_of_keys(db)
    keys = keys_in(credentials(settings))
    assert len(rows) == len(keys) == len(set(keys))
    for key in keys:
        key_id, secret = split_api_key(key)
        assert matches(secret, rows[key_id].secret_hash)
        assert rows[key_id].expires_at == NOW + timedelta(days=30)


async def test_channel_and_clerk_serve_everywhere_and_judges_their_court(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    rows = await rows_of_keys(db)
    channel, clerk, judge = rows["sample-channel"], rows["sample-clerk"], rows["sample-0104-j01"]
    assert (channel.role, channel.court, set(channel.channels)) == (KeyRole.CHANNEL, None, set(Channel))
    assert (clerk.role, clerk.court) == (KeyRole.CLERK, None)
    assert "messages:read" in clerk.scopes and "messages:read" not in channel.scopes
    assert (judge.role, judge.court, judge.staff) == (KeyRole.JUDGE, "0104", "0104-j01")


async def test_no_secret_and_no_name_lies_in_any_other_file(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    secrets = [split_api_key(key).secret.encode() for key in keys_in(credentials(settings))]
    ring = read_key_ring(settings.key_ring)
    async with db.read() as session:
        contact = await staff_contact(session, ring, "0104-j01")
        desk = await desk_contact(session, ring, "0104-d-civil1")
    assert contact is not None and contact.name and contact.mobile
    assert desk is not None and desk.mobile
    elsewhere = [path for path in settings.home.iterdir() if path != settings.credentials_path]
    content = b"".join(path.read_bytes() for path in elsewhere)
    assert not any(secret in content for secret in secrets)
    assert contact.name.encode() not in content and contact.mobile[-8:].encode() not in content


async def test_a_second_start_changes_nothing_but_the_addresses(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    before, ring = credentials(settings), settings.key_ring.read_bytes()
    moved = settings.model_copy(update={"api_port": 9411, "temporal_port": 9412, "temporal_ui_port": 9413})
    await prepare_local(moved, lambda: NOW + timedelta(days=1))
    after = credentials(settings)
    assert keys_in(after) == keys_in(before)
    assert settings.key_ring.read_bytes() == ring
    assert after["api_url"] == "http://127.0.0.1:9411"
    assert after["temporal_address"] == "127.0.0.1:9412"
    assert after["temporal_ui_url"] == "http://127.0.0.1:9413"
    async with db.read() as session:
        assert len((await session.exec(select(DirectoryLoad))).all()) == 1
        assert len((await session.exec(select(PolicyVersion))).all()) == 1


async def test_expired_and_missing_keys_are_renewed_and_the_others_kept(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    before = credentials(settings)
    async with db.write() as session:
        expired = await session.get_one(ApiKey, "sample-clerk")
        expired.expires_at = NOW - timedelta(seconds=1)
        await session.delete(await session.get_one(ApiKey, "sample-0104-j02"))
    await prepare_local(settings, clock)
    after, rows = credentials(settings), await rows_of_keys(db)
    assert after["channel_key"] == before["channel_key"]
    assert after["clerk_key"] != before["clerk_key"]
    changed = set(keys_in(after)) - set(keys_in(before))
    assert {split_api_key(key).key_id for key in changed} == {"sample-clerk", "sample-0104-j02"}
    assert all(matches(split_api_key(key).secret, rows[split_api_key(key).key_id].secret_hash) for key in changed)
    assert rows["sample-clerk"].expires_at == NOW + timedelta(days=30)


@pytest.mark.parametrize("damage", ["", "{}", '{"api_url": 1', "[]"])
async def test_a_damaged_credentials_file_is_made_anew(settings: Settings, db: Database, damage: str) -> None:
    await prepare_local(settings, clock)
    settings.credentials_path.write_text(damage, encoding="utf-8")
    await prepare_local(settings, clock)
    rows = await rows_of_keys(db)
    keys = [split_api_key(key) for key in keys_in(credentials(settings))]
    assert len(keys) == len(rows)
    assert all(matches(key.secret, rows[key.key_id].secret_hash) for key in keys)


STEPS = [
    "upgrade",
    "write_key_ring",
    "seed_rules",
    "parse_directory",
    "replace_directory",
    "read_roster",
    "put_api_keys",
    "drop_api_keys",
    "write_credentials",
]


class KilledError(Exception):
    """Stands for a process that ends here."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_start_cut_short_at_any_step_is_made_good(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    real = getattr(provisioning, step)

    def cut(*given: object) -> object:
        if after and step in ("upgrade", "write_key_ring", "write_credentials", "parse_directory"):
            real(*given)
        raise KilledError

    async def cut_later(*given: object) -> object:
        if after:
            await real(*given)
        raise KilledError

    is_async = step in ("seed_rules", "replace_directory", "read_roster", "put_api_keys", "drop_api_keys")
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(provisioning, step, cut_later if is_async else cut)
        await prepare_local(settings, clock)
    assert settings.credentials_path.exists() == (step == "write_credentials" and after)

    await prepare_local(settings, clock)
    rows = await rows_of_keys(db)
    keys = [split_api_key(key) for key in keys_in(credentials(settings))]
    assert len(keys) == len(rows) == 82
    assert all(matches(key.secret, rows[key.key_id].secret_hash) for key in keys)
    async with db.read() as session:
        assert len((await session.exec(select(DirectoryLoad))).all()) == 1
    assert sorted(path.name for path in settings.home.iterdir() if not path.name.startswith("liaison.db")) == [
        "credentials.json",
        "key-ring.json",
    ]


async def test_a_half_written_credentials_file_leaves_no_second_copy(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    half = settings.home / ".credentials.json.new"
    half.write_text("{", encoding="utf-8")
    await prepare_local(settings, clock)
    assert not half.exists()
    assert mode_of(settings.credentials_path) == 0o600


async def test_a_lost_key_ring_is_told_and_never_replaced(settings: Settings) -> None:
    await prepare_local(settings, clock)
    settings.key_ring.unlink()
    with pytest.raises(CannotPrepare, match=r"key-ring\.json is gone"):
        await prepare_local(settings, clock)
    assert not settings.key_ring.exists()


@pytest.mark.parametrize("left", [None, b""], ids=["nothing", "an empty file"])
async def test_a_lost_book_is_told_and_never_replaced(settings: Settings, left: bytes | None) -> None:
    await prepare_local(settings, clock)
    for file in settings.home.glob("liaison.db*"):
        file.unlink()
    if left is not None:
        (settings.home / "liaison.db").write_bytes(left)
    before = {path.name: path.read_bytes() for path in settings.home.iterdir()}
    with pytest.raises(CannotPrepare, match="`liaison restore DIR --replace` or, to begin anew, move the folder away"):
        await prepare_local(settings, clock)
    assert {path.name: path.read_bytes() for path in settings.home.iterdir()} == before


async def test_a_book_in_postgresql_is_not_looked_for_in_the_folder(settings: Settings) -> None:
    await prepare_local(settings, clock)
    (settings.home / "liaison.db").unlink()
    elsewhere = settings.model_copy(update={"database_url": SecretStr("postgresql+psycopg://db.court/liaison")})
    assert lost_book(settings) is not None and lost_book(elsewhere) is None


async def test_a_broken_key_ring_is_one_sentence(settings: Settings) -> None:
    await prepare_local(settings, clock)
    settings.key_ring.write_text("{}", encoding="utf-8")
    with pytest.raises(CannotPrepare, match="this is not a key ring"):
        await prepare_local(settings, clock)


async def test_a_policy_changed_under_its_number_is_refused(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    async with db.write() as session:
        stored = await session.get_one(PolicyVersion, 1)
        stored.policy = {**stored.policy, "spread_minutes": 11}
    with pytest.raises(CannotPrepare, match="policy version 1"):
        await prepare_local(settings, clock)


async def test_a_book_of_a_later_release_is_refused(settings: Settings, db: Database) -> None:
    await prepare_local(settings, clock)
    async with db.write() as session:
        await (await session.connection()).exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CannotPrepare, match="9999"):
        await prepare_local(settings, clock)


async def test_production_generates_nothing(settings: Settings) -> None:
    production = settings.model_copy(update={"profile": Profile.PRODUCTION})
    with pytest.raises(CannotPrepare, match="local profile only"):
        await prepare_local(production, clock)
    assert not settings.home.exists()


async def test_a_damaged_book_is_one_sentence(settings: Settings) -> None:
    await prepare_local(settings, clock)
    (settings.home / "liaison.db").write_bytes(b"not a database " * 500)
    with pytest.raises(CannotPrepare, match="not a database"):
        await prepare_local(settings, clock)


async def test_a_folder_that_cannot_be_made_is_one_sentence(settings: Settings) -> None:
    settings.home.parent.parent.mkdir(exist_ok=True)
    settings.home.parent.write_text("a file", encoding="utf-8")
    with pytest.raises(CannotPrepare, match="cannot be made ready"):
        await prepare_local(settings, clock)
