"""Host commands: directory, database, keys, settings, and what comes before worker and API start (L05, L10, L51)."""

import json
import stat
from importlib.resources import files
from pathlib import Path

import pytest

from liaison.cli.exits import Exit
from liaison.cli.start import prepare
from liaison.settings import Profile, Settings
from liaison.supervisor import HostFault
from tests.chinese import is_chinese
from tests.cli.conftest import Liaison, Place, run

SAMPLE = (files("liaison") / "sample_city/directory.csv").read_text(encoding="utf-8")


@pytest.fixture
def empty(tmp_path: Path) -> dict[str, str]:
    """The variables of a folder that does not exist yet."""
    return {"LIAISON_HOME": str(tmp_path / "none")}


def test_directory_show_has_posts_and_no_names(liaison: Liaison) -> None:
    table, shown = liaison("directory", "show"), json.loads(liaison("directory", "show", "--json").stdout)
    assert len(shown["courts"]) == 13
    assert {"0104-j01", "01-p01"} <= {person["id"] for person in shown["people"]}
    assert "0104-j01" in table.stdout
    names = {line.split(",")[5] for line in SAMPLE.splitlines()[1:] if line.split(",")[5]}
    assert not any(name in table.stdout for name in names)
    one = json.loads(liaison("directory", "show", "--court", "0104", "--json").stdout)
    assert {person["court"] for person in one["people"]} == {"0104"}


def test_directory_load_replaces_all(place: Place, liaison: Liaison, tmp_path: Path) -> None:
    file = tmp_path / "city.csv"
    file.write_text(SAMPLE.replace("0104-j07,", "0104-j70,"), encoding="utf-8")
    result = liaison("directory", "load", str(file))
    assert result.exit_code == Exit.DONE, result.stderr
    people = {p["id"] for p in json.loads(liaison("directory", "show", "--json").stdout)["people"]}
    assert "0104-j70" in people and "0104-j07" not in people


def test_directory_load_tells_every_fault_by_line_and_changes_nothing(liaison: Liaison, tmp_path: Path) -> None:
    before = liaison("directory", "show", "--json").stdout
    file = tmp_path / "faulty.csv"
    lines = SAMPLE.splitlines()
    lines[5] = lines[5].replace("person", "robot").replace("department", "robot")
    lines[20] = lines[20].replace(",0103,", ",9999,")
    file.write_text("\n".join(lines), encoding="utf-8")
    result = liaison("directory", "load", str(file))
    assert result.exit_code == Exit.REFUSED
    told = result.stderr.splitlines()
    assert any(line.startswith("line 6: ") for line in told) and any(line.startswith("line 21: ") for line in told)
    assert told[-1].endswith("nothing was changed.")
    assert liaison("directory", "show", "--json").stdout == before


def test_directory_load_of_no_file_or_another_encoding(liaison: Liaison, tmp_path: Path) -> None:
    assert liaison("directory", "load", str(tmp_path / "none.csv")).exit_code == Exit.USAGE
    gbk = tmp_path / "gbk.csv"
    gbk.write_bytes(SAMPLE.encode("gbk"))
    assert liaison("directory", "load", str(gbk)).exit_code == Exit.REFUSED


def test_without_a_database_host_commands_are_not_ready(empty: dict[str, str]) -> None:
    for words in (("directory", "show"), ("db", "check"), ("keys", "create", "--role", "clerk", "--out", "-")):
        result = run(empty, *words)
        assert result.exit_code == Exit.NOT_READY, words
        assert len(result.stderr.splitlines()) == 1
    assert not Path(empty["LIAISON_HOME"]).exists()


def test_db_upgrade_makes_a_book_with_rules(empty: dict[str, str]) -> None:
    assert "none" in run(empty, "db", "current").stdout
    result = run(empty, "db", "upgrade")
    assert result.exit_code == Exit.DONE, result.stderr
    assert "policy version 1" in result.stdout
    assert run(empty, "db", "upgrade").exit_code == Exit.DONE
    assert run(empty, "db", "check").exit_code == Exit.DONE
    assert "none" not in run(empty, "db", "current").stdout


def test_a_database_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run({"LIAISON_HOME": str(tmp_path / "file" / "home")}, "db", "upgrade")
    assert result.exit_code == Exit.NOT_READY
    assert len(result.stderr.splitlines()) == 1


def test_a_made_key_opens_the_door_and_is_handed_over_once(served: Place, liaison: Liaison, tmp_path: Path) -> None:
    file = tmp_path / "key"
    words = ("keys", "create", "--role", "clerk", "--scope", "messages:read", "--out", str(file))
    result = liaison(*words)
    assert result.exit_code == Exit.DONE, result.stderr
    key = file.read_text(encoding="ascii").strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key not in result.stdout + result.stderr
    assert liaison("message", "list", env={"LIAISON_KEY_FILE": str(file)}).exit_code == Exit.DONE
    again = liaison(*words)
    assert again.exit_code == Exit.CONFLICT
    assert file.read_text(encoding="ascii").strip() == key


def test_a_key_goes_to_the_terminal_only_if_asked(liaison: Liaison) -> None:
    result = liaison("keys", "create", "--role", "judge", "--staff", "0104-j01", "--out", "-")
    assert result.exit_code == Exit.DONE
    assert result.stdout.startswith("jl_judge-")


@pytest.mark.parametrize(
    "order",
    [
        ("--role", "judge"),
        ("--role", "judge", "--staff", "0104-j99"),
        ("--role", "judge", "--staff", "0104-j01", "--court", "0105"),
        ("--role", "channel"),
        ("--role", "clerk", "--channel", "web"),
        ("--role", "clerk", "--court", "9999"),
        ("--role", "chamber", "--court", "0104"),
        ("--role", "chamber", "--staff", "0104-j01"),
    ],
)
def test_a_key_that_contradicts_the_directory_is_refused(
    liaison: Liaison, tmp_path: Path, order: tuple[str, ...]
) -> None:
    file = tmp_path / "key"
    result = liaison("keys", "create", *order, "--out", str(file))
    assert result.exit_code == Exit.REFUSED
    assert not file.exists()
    chinese = liaison("keys", "create", *order, "--out", str(file), env={"LANG": "zh_CN.UTF-8"})
    assert chinese.exit_code == Exit.REFUSED and is_chinese(chinese.stderr), chinese.stderr


def test_the_chamber_of_the_intermediate_court_gets_a_key(liaison: Liaison) -> None:
    result = liaison("keys", "create", "--role", "chamber", "--court", "01", "--out", "-")
    assert result.exit_code == Exit.DONE
    assert result.stdout.startswith("jl_chamber-")


def test_config_show_masks_secrets(place: Place, liaison: Liaison) -> None:
    rows = json.loads(liaison("config", "show", "--json", env={"LIAISON_KEY": "jl_a_secret"}).stdout)
    shown = {row["variable"]: (row["value"], row["source"]) for row in rows}
    assert shown["LIAISON_KEY"] == ("********", "environment")
    assert shown["LIAISON_API_PORT"] == (str(place.settings.api_port), "environment")
    assert shown["LIAISON_LOG_LEVEL"] == ("info", "default")
    assert "LIAISON_API_PORT" in liaison("config", "show").stdout


async def test_a_local_start_prepares_and_a_fault_is_a_sentence_of_the_host(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    await prepare(settings)
    assert settings.credentials_path.exists()
    settings.key_ring.unlink()
    with pytest.raises(HostFault, match="is gone"):
        await prepare(settings)


async def test_production_makes_nothing_and_refuses_sample_keys(tmp_path: Path) -> None:
    local = Settings(home=tmp_path / "home")
    production = local.model_copy(update={"profile": Profile.PRODUCTION})
    (tmp_path / "home").mkdir()
    with pytest.raises(HostFault, match="revision none"):
        await prepare(production)
    assert not local.credentials_path.exists() and not local.key_ring.exists()
    await prepare(local)
    with pytest.raises(HostFault, match="sample keys"):
        await prepare(production)
