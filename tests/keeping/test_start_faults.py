"""Every start-up and setting fault: exit code 6, one line under 200 characters that names the setting, no traceback.

Faults of values that one program alone checks are in ``tests/running``; here each fault meets each program (H35).
"""

import asyncio
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from liaison.cli.exits import Exit
from liaison.temporal import has_namespace
from tests.cli.conftest import Place, make_place, run
from tests.e2e.platform import BIN
from tests.scale import FULL
from tests.services.temporal import temporal_at

API = (sys.executable, "-P", "-m", "api.app")
WORKER = (sys.executable, "-P", "-m", "worker")
UP = (str(BIN / "liaison"), "up")
PROCESSES = {"api": API, "worker": WORKER, "up": UP}

NOBODY = "postgresql+psycopg://clerk:s3cret@127.0.0.1:1/liaison"
AT = "postgresql+psycopg://clerk:{}/liaison"
REFERENCE = "7K3M-9QXF-2T4W-Z"

SETTINGS = {
    "a port that is none": ({"LIAISON_API_PORT": "eighty"}, "LIAISON_API_PORT must be a port number"),
    "two ports alike": ({"LIAISON_API_PORT": "7233", "LIAISON_TEMPORAL_PORT": "7233"}, "LIAISON_API_PORT and"),
    "no such setting": ({"LIAISON_DATABSE_URL": "x"}, "LIAISON_DATABSE_URL is not a setting"),
    "no such profile": ({"LIAISON_PROFILE": "test"}, "LIAISON_PROFILE must be local or production"),
    "another database": ({"LIAISON_DATABASE_URL": "mysql://clerk:s3cret@db/x"}, "LIAISON_DATABASE_URL must be a URL"),
    "an address of none": ({"LIAISON_DATABASE_URL": AT.format("s3cret@db:abc")}, "LIAISON_DATABASE_URL must be a URL"),
    "a colon in its password": ({"LIAISON_DATABASE_URL": AT.format("p@s3cret:x@db")}, "LIAISON_DATABASE_URL must be"),
    "an at in its password": ({"LIAISON_DATABASE_URL": AT.format("p@s3cret@db")}, "LIAISON_DATABASE_URL must be a URL"),
    "production without": ({"LIAISON_PROFILE": "production"}, "LIAISON_DATABASE_URL must be set"),
    "an open local API": ({"LIAISON_API_HOST": "0.0.0.0"}, "LIAISON_API_HOST must be 127.0.0.1"),
    "a floor that is none": ({"LIAISON_DISK_FLOOR_MB": "some"}, "LIAISON_DISK_FLOOR_MB must be a whole number"),
}
HOST_COMMANDS = (
    ("doctor",), ("repair", REFERENCE), ("repair", "--all"), ("db", "check"), ("db", "upgrade"), ("db", "current"),
    ("directory", "show"), ("keys", "create", "--role", "clerk", "--out", "-"), ("sends", "status"),
    ("sends", "freeze"), ("sends", "release"), ("setup",), ("backup", "somewhere"), ("restore", "somewhere"),
    ("config", "show"),
)  # fmt: skip
NEED_THE_BOOK = tuple(words for words in HOST_COMMANDS if words[0] not in ("doctor", "setup", "restore", "config"))


def every(cases: list[tuple[str, str]], some: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Every process with every fault under ``make prove``; some of each in ``make test``, for each is a process."""
    return cases if FULL else some


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A folder in which nothing is wrong, for tests to copy or to look at."""
    return make_place(tmp_path_factory.mktemp("sound") / "home")


@pytest.fixture
def place(sound: Place, tmp_path: Path) -> dict[str, str]:
    """The variables of a copy that a test may harm."""
    shutil.copytree(sound.settings.home, tmp_path / "home")
    return {**sound.environment, "LIAISON_HOME": str(tmp_path / "home")}


def home_of(place: dict[str, str]) -> Path:
    return Path(place["LIAISON_HOME"])


def ended(command: tuple[str, ...], variables: dict[str, str], folder: Path) -> str:
    """The one line a process leaves when it cannot start; ``folder`` must stay as it was."""
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LIAISON_LOG_FORMAT": "json", **variables}
    result = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    # What the supervisor and the SDK log before the end is a line of the log, not of the fault.
    lines = [line for line in result.stderr.splitlines() if not line.startswith("{")]
    assert (result.returncode, len(lines)) == (Exit.NOT_READY, 1), result.stderr
    assert "s3cret" not in result.stderr and "Traceback" not in result.stderr
    assert len(lines[0]) < 200
    return lines[0]


def refused(words: tuple[str, ...], variables: dict[str, str], code: Exit = Exit.NOT_READY) -> str:
    """The one line of a host command that cannot do its work."""
    result = run(variables, *words)
    lines = result.stderr.splitlines()
    assert (result.exit_code, len(lines)) == (code, 1), (words, result.exception, result.output, result.stderr)
    assert "s3cret" not in result.output + result.stderr
    assert len(lines[0]) < 200
    return lines[0]


@pytest.mark.parametrize(
    ("program", "fault"),
    every(
        [(program, fault) for fault in SETTINGS for program in PROCESSES],
        [("api", "a port that is none"), ("worker", "no such setting"), ("up", "production without")],
    ),
)
def test_a_wrong_setting_stops_every_process(program: str, fault: str, tmp_path: Path) -> None:
    variables, sentence = SETTINGS[fault]
    assert ended(PROCESSES[program], {"LIAISON_HOME": str(tmp_path), **variables}, tmp_path).startswith(sentence)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", HOST_COMMANDS, ids=" ".join)
@pytest.mark.parametrize("fault", SETTINGS)
def test_a_wrong_setting_stops_every_host_command(words: tuple[str, ...], fault: str, tmp_path: Path) -> None:
    variables, sentence = SETTINGS[fault]
    assert refused(words, {"LIAISON_HOME": str(tmp_path), **variables}).startswith(sentence)


@pytest.mark.parametrize("words", NEED_THE_BOOK, ids=" ".join)
def test_a_database_that_does_not_answer(words: tuple[str, ...], place: dict[str, str]) -> None:
    if words[0] == "backup":
        assert "pg_dump" in refused(words, {**place, "LIAISON_DATABASE_URL": NOBODY}, Exit.REFUSED)
    else:
        assert "LIAISON_DATABASE_URL" in refused(words, {**place, "LIAISON_DATABASE_URL": NOBODY})


@pytest.mark.parametrize("program", ["api", "worker"])
def test_a_database_that_does_not_answer_a_process(program: str, place: dict[str, str], tmp_path: Path) -> None:
    told = ended(PROCESSES[program], {**place, "LIAISON_DATABASE_URL": NOBODY}, tmp_path)
    assert "LIAISON_DATABASE_URL" in told


@pytest.mark.parametrize(
    ("program", "harm"),
    every(
        [(program, harm) for program in ("api", "worker") for harm in ("gone", "broken", "a folder")],
        [("api", "gone"), ("api", "a folder"), ("worker", "broken")],
    ),
)
def test_a_key_ring_that_cannot_be_used(program: str, harm: str, place: dict[str, str], tmp_path: Path) -> None:
    harm_ring(home_of(place) / "key-ring.json", harm)
    told = ended(PROCESSES[program], place, tmp_path)
    assert "LIAISON_KEY_RING" in told or "key ring" in told


@pytest.mark.parametrize("words", [("repair", REFERENCE), ("setup",)], ids=" ".join)
@pytest.mark.parametrize("harm", ["gone", "broken", "a folder"])
def test_a_key_ring_that_a_host_command_cannot_use(words: tuple[str, ...], harm: str, place: dict[str, str]) -> None:
    harm_ring(home_of(place) / "key-ring.json", harm)
    assert "key ring" in refused(words, place)


def harm_ring(path: Path, harm: str) -> None:
    path.unlink()
    if harm == "broken":
        path.write_text("{}", encoding="utf-8")
        path.chmod(0o600)
    elif harm == "a folder":
        path.mkdir()


@pytest.mark.parametrize(
    ("program", "harm"),
    every(
        [(program, harm) for program in ("api", "worker") for harm in ("revision", "file")],
        [("api", "file"), ("worker", "revision")],
    ),
)
def test_a_book_of_another_release_or_none(program: str, harm: str, place: dict[str, str], tmp_path: Path) -> None:
    harm_book(home_of(place), harm)
    told = ended(PROCESSES[program], place, tmp_path)
    assert "revision 9999" in told if harm == "revision" else "LIAISON_DATABASE_URL" in told


@pytest.mark.parametrize("words", NEED_THE_BOOK, ids=" ".join)
@pytest.mark.parametrize("harm", ["revision", "file"])
def test_a_book_that_a_host_command_cannot_use(words: tuple[str, ...], harm: str, place: dict[str, str]) -> None:
    if words in (("db", "current"), ("backup", "somewhere")) and harm == "revision":
        pytest.skip("they say which revision it is; that is no fault")
    harm_book(home_of(place), harm)
    words = tuple(word.replace("somewhere", str(home_of(place) / "copy")) for word in words)
    refused(words, place)


def test_a_book_that_is_gone_is_not_made_anew(place: dict[str, str], tmp_path: Path) -> None:
    book = home_of(place) / "liaison.db"
    book.unlink()
    for told in (ended(UP, place, tmp_path), refused(("db", "upgrade"), place)):
        assert "`liaison restore DIR --replace`" in told and "move the folder away" in told
    assert not book.exists()


def harm_book(home: Path, harm: str) -> None:
    book = home / "liaison.db"
    if harm == "revision":
        with closing(sqlite3.connect(book)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
        return
    for leftover in home.glob("liaison.db*"):
        leftover.unlink()
    book.write_bytes(b"not a database " * 1000)


@pytest.fixture
def taken(place: dict[str, str]) -> Iterator[None]:
    """Another program on the API's port."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", int(place["LIAISON_API_PORT"])))
        other.listen()
        yield


def test_an_api_whose_port_is_taken(taken: None, place: dict[str, str], tmp_path: Path) -> None:
    assert "LIAISON_API_PORT" in ended(API, place, tmp_path)


def test_a_worker_that_finds_no_temporal(place: dict[str, str], tmp_path: Path) -> None:
    assert "LIAISON_TEMPORAL_PORT" in ended(WORKER, place, tmp_path)


TEMPORAL: dict[str, tuple[dict[str, str], str]] = {
    "no address": ({}, "TEMPORAL_ADDRESS must be set in the production profile."),
    "no host": ({"TEMPORAL_ADDRESS": "foo bar"}, "TEMPORAL_ADDRESS must be like temporal.court:7233, not 'foo bar'."),
    "no port": ({"TEMPORAL_ADDRESS": "temporal.court"}, "TEMPORAL_ADDRESS must be like"),
    "a URL": ({"TEMPORAL_ADDRESS": "https://temporal.court:7233"}, "TEMPORAL_ADDRESS must be like"),
    "no certificate": (
        {"TEMPORAL_ADDRESS": "localhost:1", "TEMPORAL_TLS_CLIENT_CERT_PATH": "/nope.pem"},
        "TEMPORAL_TLS_CLIENT_CERT_PATH names a file that cannot be read (No such file or directory): /nope.pem",
    ),
    "half a certificate": (
        {"TEMPORAL_ADDRESS": "localhost:1", "TEMPORAL_TLS_CLIENT_CERT_DATA": "s3cret"},
        "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH go together",
    ),
    "no such profile": (
        {"TEMPORAL_PROFILE": "courts"}, "Temporal's client configuration (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE)"
    ),
}  # fmt: skip
NOT_AT_ALL = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


@pytest.mark.parametrize(
    ("program", "fault"),
    every(
        [(program, fault) for fault in TEMPORAL for program in PROCESSES],
        [("api", "no host"), ("worker", "half a certificate"), ("up", "no address")],
    ),
)
def test_a_way_to_temporal_that_is_none(program: str, fault: str, place: dict[str, str], tmp_path: Path) -> None:
    variables, sentence = TEMPORAL[fault]
    assert ended(PROCESSES[program], in_production(place) | variables, tmp_path).startswith(sentence)


@pytest.mark.parametrize("fault", TEMPORAL)
def test_a_host_command_without_a_way_to_temporal(fault: str, place: dict[str, str]) -> None:
    variables, sentence = TEMPORAL[fault]
    assert refused(("setup",), in_production(place) | variables).startswith(sentence)


def test_a_temporal_that_does_not_answer(place: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.cli.setup.WAIT", timedelta(seconds=0.5))
    told = refused(("setup",), in_production(place) | NOT_AT_ALL, Exit.UNREACHABLE)
    assert "TEMPORAL_ADDRESS" in told and "TEMPORAL_TLS" in told
    assert "LIAISON_TEMPORAL_PORT" in refused(("setup",), place, Exit.UNREACHABLE)


def in_production(place: dict[str, str]) -> dict[str, str]:
    """The variables of the same place in the other profile, and a book that may be used there."""
    url = f"sqlite+aiosqlite:///{home_of(place) / 'liaison.db'}"
    with closing(sqlite3.connect(home_of(place) / "liaison.db")) as connection:
        connection.execute("DELETE FROM api_key")
        connection.commit()
    return {**place, "LIAISON_PROFILE": "production", "LIAISON_DATABASE_URL": url}


@pytest.mark.parametrize("program", ["worker", "up"])
@pytest.mark.parametrize("namespace", ["courts", "x" * 300], ids=["short", "long"])
async def test_a_namespace_that_temporal_does_not_know(
    namespace: str, program: str, place: dict[str, str], port: int, tmp_path: Path
) -> None:
    variables = {**in_production(place), "TEMPORAL_ADDRESS": f"127.0.0.1:{port}", "TEMPORAL_NAMESPACE": namespace}
    async with temporal_at(port):
        told = await asyncio.to_thread(ended, PROCESSES[program], variables, tmp_path)
        client = await Client.connect(f"127.0.0.1:{port}", namespace=namespace)
        assert not await has_namespace(client), "a name typed wrong must not become a court"
    assert "TEMPORAL_NAMESPACE" in told and "`liaison setup` makes it" in told
    assert namespace[:20] in told


@pytest.mark.parametrize("words", [("db", "upgrade"), ("restore", "somewhere")], ids=" ".join)
def test_a_folder_that_cannot_be_written(words: tuple[str, ...]) -> None:
    assert "/proc/liaison" in refused(words, {"LIAISON_HOME": "/proc/liaison"})
