"""How commands end: exit codes, one line on stderr, never a traceback (design section 9)."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from liaison.cli.exits import Exit
from tests.cli.conftest import Liaison, Place, a_request, run
from tests.ports import free_port

LIAISON = (sys.executable, "-c", "from liaison.cli.main import main; main()")


def in_a_process(variables: Mapping[str, str], *words: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run the console entry as an operating system does."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    return subprocess.run(
        [*LIAISON, *words],
        input=text.encode(),
        env={**clean, **variables},
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "reference",
    ["7K3M-9QXF-2T4W-X", "0000", "", "../problems", "７K3M"],
    ids=["check", "short", "empty", "path", "wide"],
)
def test_a_mistyped_reference_is_not_found(liaison: Liaison, reference: str) -> None:
    result = liaison("show", reference)
    assert result.exit_code == Exit.NOT_FOUND
    assert len(result.stderr.splitlines()) == 1


def test_an_unknown_reference_is_not_found(served: Place, liaison: Liaison) -> None:
    result = liaison("show", "0000-0000-0000-0")
    assert result.exit_code == Exit.NOT_FOUND
    assert result.stderr.strip()


def test_an_api_that_is_away_is_unreachable(place: Place) -> None:
    away = {**place.environment, "LIAISON_URL": f"http://127.0.0.1:{free_port()}"}
    result = run(away, "list")
    assert result.exit_code == Exit.UNREACHABLE
    assert "is liaison up running?" in result.stderr


class _Strange(BaseHTTPRequestHandler):
    """Another program on our port."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def do_POST(self) -> None:
        """Take the call and hang up, or say that it took too long, as a proxy may."""
        self.close_connection = True
        if self.path.startswith("/slow"):
            self.send_response(504)
            self.end_headers()
            self.wfile.write(b"<html>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def strange_url() -> object:
    server = HTTPServer(("127.0.0.1", 0), _Strange)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_program_on_the_port_is_no_traceback(place: Place, strange_url: str) -> None:
    for command in ("list", "status"):
        result = run({**place.environment, "LIAISON_URL": strange_url}, command)
        assert result.exit_code == Exit.UNREACHABLE
        assert "not this platform" in result.stderr


@pytest.mark.parametrize("way", ["", "/slow"], ids=["hangs up", "takes too long"])
def test_a_call_without_an_answer_says_how_to_repeat_it(place: Place, strange_url: str, way: str) -> None:
    """It may have been done: repeated under another key it would be done twice."""
    variables = {**place.environment, "LIAISON_URL": strange_url + way}
    result = run(variables, "submit", "-", "--idempotency-key", "once-7", text=json.dumps(a_request()))
    assert result.exit_code == Exit.UNREACHABLE
    assert "--idempotency-key once-7" in result.stderr
    assert "Repeat with --idempotency-key 0" in run(variables, "submit", "-", text=json.dumps(a_request())).stderr


def test_a_wrong_setting_is_one_sentence(place: Place) -> None:
    for wrong in ({"LIAISON_COLOUR": "red"}, {"LIAISON_URL": "here"}, {"LIAISON_API_PORT": "0"}):
        result = run({**place.environment, **wrong}, "list")
        assert result.exit_code == Exit.NOT_READY
        assert len(result.stderr.splitlines()) == 1 and next(iter(wrong)) in result.stderr


@pytest.mark.parametrize("as_", ["judge", "judge:nobody", "king", "leader:", "operator:9"])
def test_an_unknown_role_is_usage(liaison: Liaison, as_: str) -> None:
    result = liaison("list", "--as", as_)
    assert result.exit_code == Exit.USAGE
    assert len(result.stderr.splitlines()) == 1


def test_keys_come_from_the_environment_or_a_file_first(served: Place, liaison: Liaison, tmp_path: Path) -> None:
    keys = json.loads(served.settings.credentials_path.read_text(encoding="utf-8"))
    file = tmp_path / "key"
    file.write_text(keys["channel_key"] + "\n", encoding="utf-8")
    as_channel = {"LIAISON_KEY_FILE": str(file)}
    assert liaison("message", "list", env=as_channel).exit_code == Exit.REFUSED
    assert liaison("message", "list", env={"LIAISON_KEY": keys["clerk_key"]}).exit_code == Exit.DONE
    assert liaison("message", "list", "--as", "clerk", env=as_channel).exit_code == Exit.DONE


def test_a_text_that_is_no_key_is_never_repeated(liaison: Liaison) -> None:
    result = liaison("list", env={"LIAISON_KEY": "hunter2-hunter2"})
    assert result.exit_code == Exit.USAGE
    assert "hunter2" not in result.stderr


def test_a_strange_key_is_refused(served: Place, liaison: Liaison) -> None:
    result = liaison("list", env={"LIAISON_KEY": f"jl_sample-clerk_{'0' * 64}"})
    assert result.exit_code == Exit.REFUSED


def test_no_key_at_all_is_usage(tmp_path: Path) -> None:
    result = run({"LIAISON_HOME": str(tmp_path)}, "list")
    assert result.exit_code == Exit.USAGE
    assert "LIAISON_KEY" in result.stderr


@pytest.mark.parametrize(
    ("source", "text"),
    [("{}", ""), ("@/nowhere/at/all", ""), ("-", "not json"), ("-", "[1]"), ("-", "[" * 200_000)],
    ids=["argument", "no file", "no json", "no object", "deep"],
)
def test_input_that_cannot_be_read_is_usage(liaison: Liaison, source: str, text: str) -> None:
    result = liaison("submit", source, text=text)
    assert result.exit_code == Exit.USAGE
    assert len(result.stderr.splitlines()) == 1


def test_input_that_is_not_utf_8_is_usage(liaison: Liaison, tmp_path: Path) -> None:
    file = tmp_path / "gbk.json"
    file.write_bytes('{"content": "何时开庭"}'.encode("gbk"))
    result = liaison("submit", f"@{file}")
    assert result.exit_code == Exit.USAGE and "UTF-8" in result.stderr


def test_the_console_entry_leaves_with_the_same_codes(served: Place) -> None:
    for words, code in ((("show", "0000"), 3), (("show",), 2), (("list", "--json"), 0), (("doctor", "--nothing"), 2)):
        ended = in_a_process(served.environment, *words)
        assert ended.returncode == code, ended.stderr
        assert b"Traceback" not in ended.stderr
    assert json.loads(in_a_process(served.environment, "list", "--json").stdout)["next_cursor"] is None


def test_a_terminal_without_chinese_gets_escapes_and_no_traceback(served: Place) -> None:
    plain = {**served.environment, "PYTHONIOENCODING": "ascii", "LANG": "zh_CN.UTF-8"}
    ended = in_a_process(plain, "submit", "-", text=json.dumps(a_request("13800138060")))
    assert ended.returncode == Exit.DONE, ended.stderr
    assert b"Traceback" not in ended.stderr


HEAVY = ("temporalio", "sqlalchemy", "sqlmodel", "alembic", "fastapi", "structlog", "aiosqlite", "psycopg")


@pytest.mark.parametrize(
    ("words", "text", "ending"),
    [
        (("show", "{reference}"), "", Exit.DONE),
        (("read", "{reference}"), "", Exit.DONE),
        (("list", "--json"), "", Exit.DONE),
        (("withdraw", "{reference}", "--reason", "已解决"), "", Exit.DONE),
        (("show", "0000-0000-0000-0"), "", Exit.NOT_FOUND),
        (("submit", "-"), "{}", Exit.REFUSED),
        (("reply", "{reference}"), "", Exit.USAGE),
        (("show",), "", Exit.USAGE),
        (("show", "{reference}", "--colour"), "", Exit.USAGE),
    ],
)
def test_client_commands_load_neither_temporal_nor_the_database(
    served: Place, liaison: Liaison, words: tuple[str, ...], text: str, ending: Exit
) -> None:
    given = json.loads(liaison("submit", "-", "--json", text=json.dumps(a_request())).stdout)
    told = [word.format(reference=given["reference"]) for word in words]
    # The console entry ends the process itself, so what is loaded is looked at where it does.
    program = (
        "import os, sys; from liaison.cli import main; end = os._exit\n"
        f"def look(code): print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr, flush=True); end(code)\n"
        "os._exit = look; main.main()"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    result = subprocess.run(
        [sys.executable, "-c", program, *told],
        input=text.encode(), env={**clean, **served.environment}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == ending, result.stderr
    assert result.stderr.splitlines()[-1] == b"[]"


def test_the_first_request_ends_as_commands_do(tmp_path: Path) -> None:
    environment = {**os.environ, "LIAISON_HOME": str(tmp_path), "LIAISON_API_PORT": "abc"}
    program = [sys.executable, "-m", "liaison.cli.first_request", str(tmp_path / "request.json")]
    result = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (Exit.NOT_READY, "")
    [line] = result.stderr.splitlines()
    assert "LIAISON_API_PORT" in line
