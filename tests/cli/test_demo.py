"""``liaison demo`` as a process of its own: the ladder on paper against the ladder as played (issue line L52)."""

import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from liaison.cli.exits import Exit
from liaison.cli.main import app
from liaison.settings import Settings
from liaison.supervisor import find_temporal
from tests.chinese import is_chinese
from tests.scale import scaled

DEMO = (sys.executable, "-P", "-c", "from liaison.cli.main import main; main()", "demo")
MINUTE = 60

# Counted by hand on the State Council's calendar of 2026 from Friday 18 September: Sunday 20 is a make-up working day,
# 25 to 27 September and 1 to 7 October are holidays. A rung is recorded just after the midnight its day ends with.
DUE_ON = ["2026-09-21", "2026-09-22", "2026-09-24", "2026-09-29", "2026-09-30"]
RECORDED_ON = ["2026-09-22", "2026-09-23", "2026-09-25", "2026-09-30", "2026-10-01"]
RANG_ON = ["2026-09-22", "2026-09-23", "2026-09-28", "2026-09-30", "2026-10-08"]
BUSINESS_DAYS = [2, 3, 5, 7, 8]
YUEXIU = [
    ("liaison_officer", "0104-l01"),
    ("department_leader", "0104-l02"),
    ("deputy_president", "0104-v01"),
    ("president", "0104-p01"),
    ("intermediate_president", "01-p01"),
]
INTERMEDIATE = [
    ("liaison_officer", "01-l02"),
    ("department_leader", "01-l02"),
    ("deputy_president", "01-v01"),
    ("president", "01-p01"),
]


def surroundings(folder: Path, **variables: str) -> dict[str, str]:
    """A foreign time zone, a terminal that knows no Chinese, and a Temporal program that leaves its number behind."""
    (folder / "temporary").mkdir()
    program = folder / "temporal"
    program.write_text(f'#!/bin/sh\necho $$ >> "{folder}/numbers"\nexec "{find_temporal(Settings())}" "$@"\n')
    program.chmod(0o700)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIAISON_", "LC_", "LANG"))}
    ours = {"TZ": "America/New_York", "LC_ALL": "C", "TMPDIR": f"{folder}/temporary"}
    return kept | ours | {"LIAISON_TEMPORAL_BINARY": str(program)} | variables


def check_nothing_left(folder: Path) -> int:
    """Neither a file nor a server; how many servers there were."""
    assert list((folder / "temporary").iterdir()) == []
    assert {entry.name for entry in folder.iterdir()} <= {"temporary", "temporal", "numbers"}
    numbers = (folder / "numbers").read_text().split() if (folder / "numbers").exists() else []
    for number in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(int(number), 0)
    return len(numbers)


def demo(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Play; whatever came of it, nothing may be left behind."""
    done = subprocess.run(
        [*DEMO, *words],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env=surroundings(folder, **variables),
        timeout=MINUTE,
    )
    assert check_nothing_left(folder) == (done.returncode == 0)
    return done


def document(folder: Path, *words: str) -> dict[str, Any]:
    """The JSON of a play that went well."""
    done = demo(folder, "--json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    played: dict[str, Any] = json.loads(done.stdout)
    assert played.keys() == {
        "reference", "received_at", "court", "rungs", "messages", "reply", "outcome", "seconds",
    }  # fmt: skip
    assert 0 < played["seconds"] < MINUTE
    return played


def check_rungs(rungs: list[dict[str, Any]], told: list[tuple[str, str]]) -> None:
    """As many rungs as people, each on its date, to its person, his bell at the next opening of the courts."""
    upto = len(told)
    assert [rung["rung"] for rung in rungs] == list(range(upto))
    assert [rung["business_day"] for rung in rungs] == BUSINESS_DAYS[:upto]
    assert [rung["due_on"] for rung in rungs] == DUE_ON[:upto]
    assert [rung["due_at"] for rung in rungs] == [f"{day}T00:00:00+08:00" for day in RECORDED_ON[:upto]]
    for rung in rungs:
        # Its share of the ten minutes' spread, and as long as the recording takes.
        passed = datetime.fromisoformat(rung["recorded_at"]) - datetime.fromisoformat(rung["due_at"])
        assert timedelta(0) <= passed < timedelta(minutes=11)
    assert [rung["rang_at"][:16] for rung in rungs] == [f"{day}T08:30" for day in RANG_ON[:upto]]
    assert [(rung["post"], rung["recipient"]) for rung in rungs] == told
    assert {rung["in_place_of"] for rung in rungs} <= {None}


def told(played: dict[str, Any], template: str) -> list[tuple[str, str]]:
    """Day and recipient of each message of a kind."""
    return [(sent["at"][:10], sent["to"]) for sent in played["messages"] if sent["template"] == template]


def test_silence_reaches_the_president_of_the_intermediate_court(tmp_path: Path) -> None:
    played = document(tmp_path)
    assert (played["court"], played["received_at"]) == ("0104", "2026-09-18T10:00:00+08:00")
    check_rungs(played["rungs"], YUEXIU)
    assert (played["reply"], played["outcome"]) == (None, None)
    assert told(played, "work_order") == [("2026-09-18", "0104-j01")]
    assert sorted(told(played, "warning")) == [
        ("2026-09-22", "0104-j01"), ("2026-09-22", "0104-l01"), ("2026-09-22", "desk:0104-d-civil1"),
    ]  # fmt: skip
    leaders = [person for _, person in YUEXIU[1:]]
    warned, *climbed = [rung["told"] for rung in played["rungs"]]
    assert sorted(warned) == ["0104-j01", "0104-l01", "desk:0104-d-civil1"]
    assert climbed == [[leader] for leader in leaders]
    assert told(played, "supervision") == list(zip(RANG_ON[1:], leaders, strict=True))
    assert all(sent["number"][:6] == "+86139" and sent["number"][6:10] == "****" for sent in played["messages"])
    assert told(played, "received") == [("2026-09-18", "party")]
    assert len(played["messages"]) == 9


def test_the_intermediate_court_has_one_rung_less_and_a_last_minute_reply_erases_none(tmp_path: Path) -> None:
    played = document(tmp_path, "--court-level", "intermediate", "--reply-on-day", "8")
    assert played["court"] == "01"
    check_rungs(played["rungs"], INTERMEDIATE)
    assert (played["reply"]["by"], played["reply"]["state"], played["outcome"]) == ("01-j01", "late", "replied")


@pytest.mark.parametrize(
    ("day", "replied_on", "state", "rungs"),
    scaled(
        [("4", "2026-09-23", "late", 2)],
        [("1", "2026-09-20", "accepted", 0), ("4", "2026-09-23", "late", 2), ("8", "2026-09-30", "late", 4)],
    ),
)
def test_a_reply_stops_the_ladder_where_it_is(
    tmp_path: Path, day: str, replied_on: str, state: str, rungs: int
) -> None:
    played = document(tmp_path, "--reply-on-day", day)
    check_rungs(played["rungs"], YUEXIU[:rungs])
    assert played["reply"]["at"][:13] == f"{replied_on}T11"
    assert (played["reply"]["by"], played["reply"]["state"], played["outcome"]) == ("0104-j01", state, "replied")
    assert told(played, "answer") == [(replied_on, "party")]
    assert len(told(played, "supervision")) == max(0, rungs - 1)
    assert max(sent["at"][:10] for sent in played["messages"]) == replied_on


def test_the_story_names_each_day_and_ends_with_what_to_do_next(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    days = {line[:10]: line for line in done.stdout.splitlines() if line.startswith("2026-")}
    assert "day of receipt" in days["2026-09-18"]
    assert "business day" not in days["2026-09-19"]
    assert days["2026-09-20"] == "2026-09-20 Sun · business day 工作日 1 · make-up working day 调休上班"
    assert "public holiday" in days["2026-09-25"]
    assert [day for day in days if "make-up" in days[day]] == ["2026-09-20"]
    happenings = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    assert any("Warning 预警" in line and "business day 2, 2026-09-21" in line for line in happenings)
    assert any("Rung 4 督办" in line and "01-p01" in line for line in happenings)
    [warned] = [line for line in done.stdout.splitlines() if line.split()[:1] == ["0"]]
    assert all(who in warned for who in ("0104-l01", "0104-j01", "desk:0104-d-civil1"))
    *_, outcome, what_next = done.stdout.splitlines()
    assert outcome.startswith("Still no reply")
    assert "make run" in what_next


def test_another_date_is_counted_on_its_own_calendar(tmp_path: Path) -> None:
    # In 2027, not announced yet: Monday to Friday; 2 a.m. UTC is 10 a.m. in Shanghai.
    played = document(tmp_path, "--received-at", "2027-03-10T02:00:00Z", "--reply-on-day", "4")
    assert played["received_at"] == "2027-03-10T10:00:00+08:00"
    assert [rung["due_on"] for rung in played["rungs"]] == ["2027-03-12", "2027-03-15"]
    assert played["reply"]["at"][:13] == "2027-03-16T11"


@pytest.mark.parametrize(
    ("received_at", "why"),
    [
        ("2026-09-18T10:00:00", "offset"),
        ("2026-09-18", "offset"),
        ("next Friday", "must look like"),
        ("2017-05-01T10:00:00+08:00", "first day"),
        ("2040-12-28T10:00:00+08:00", "last day"),
        ("0001-01-01T00:00:00+14:00", "outside"),
    ],
)
def test_a_time_that_cannot_be_played_is_one_sentence(received_at: str, why: str) -> None:
    ended = refused("--received-at", received_at)
    assert ended.stderr.startswith("--received-at") and why in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    chinese = refused("--received-at", received_at, locale="zh_CN.UTF-8")
    assert is_chinese(chinese.stderr), chinese.stderr


@pytest.mark.parametrize("words", [("--reply-on-day", "9"), ("--reply-on-day", "0"), ("--court-level", "high")])
def test_an_option_out_of_range_is_a_usage_error(words: tuple[str, str]) -> None:
    assert words[0] in refused(*words).stderr


def refused(*words: str, locale: str = "C") -> Result:
    """Ask for what cannot be played: in this process, for nothing is started."""
    ended = CliRunner().invoke(app, ["demo", *words], env={"LC_ALL": locale})
    assert (ended.exit_code, ended.stdout) == (Exit.USAGE, "")
    return ended


def test_without_a_temporal_program_one_sentence_says_so(tmp_path: Path) -> None:
    done = demo(tmp_path, LIAISON_TEMPORAL_BINARY="/no/such/program")
    assert done.returncode == Exit.NOT_READY
    assert len(done.stderr.splitlines()) == 1 and "LIAISON_TEMPORAL_BINARY" in done.stderr


@pytest.mark.parametrize(
    ("heard", "servers"), scaled([("2026-09-22", {1})], [("正在", {0, 1}), ("演示", {1}), ("2026-09-22", {1})])
)
def test_ctrl_c_ends_it_at_any_moment_and_leaves_nothing(tmp_path: Path, heard: str, servers: set[int]) -> None:
    playing = subprocess.Popen(
        DEMO,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
        env=surroundings(tmp_path, LC_ALL="", LANG="zh_CN.UTF-8", PYTHONUTF8="1"),
        start_new_session=True,
    )
    assert playing.stdout is not None
    assert any(line.startswith(heard) for line in playing.stdout)
    # As a terminal does it: the whole group hears it.
    os.killpg(playing.pid, signal.SIGINT)
    _, complaint = playing.communicate(timeout=20)
    assert playing.returncode == 130
    assert complaint == "演示已中止，未留下任何内容。\n"
    assert check_nothing_left(tmp_path) in servers
