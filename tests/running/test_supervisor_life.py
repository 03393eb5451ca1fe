"""L02-L04: a copy starts in order, keeps its children alive, and lets another copy live beside it."""

import os
import signal

import pytest

from tests.running.conftest import MakeCopy
from tests.running.copies import Copy, is_gone, wait_for


def test_everything_starts_in_order(running: Copy) -> None:
    started = [line["child"] for line in running.lines() if line["event"] == "child started"]
    assert started[0] == "temporal"
    assert set(started[1:3]) == {"worker", "api"}
    order = (running.home / "order").read_text().split()
    # The stand-in worker ends at once where Temporal does not serve; the API is ready only after the worker.
    assert order[0] == "prepare"
    assert order.index("worker") < order.index("/readyz=200")
    assert order.index("/livez=200") < order.index("/readyz=200")


def test_says_what_to_do_next_in_both_languages(running: Copy) -> None:
    for shown in (
        f"http://127.0.0.1:{running.environment['LIAISON_API_PORT']}",
        f"http://127.0.0.1:{running.environment['LIAISON_TEMPORAL_UI_PORT']}",
        str(running.home / "credentials.json"),
        "make first-request",
        "已就绪",
        "Ctrl-C",
    ):
        assert shown in running.stdout


def test_one_log_holds_every_process_and_each_line_once(running: Copy) -> None:
    assert running.events("worker").count("worker polls") == 1
    assert {"up", "worker"} <= {str(line["process"]) for line in running.lines()}
    assert all({"event", "level", "process", "timestamp"} <= line.keys() for line in running.lines())


def test_a_killed_child_comes_back_after_a_pause(running: Copy) -> None:
    for child in ("worker", "api"):

        def is_back(child: str = child, starts: int = len(running.pids(child))) -> bool:
            return len(running.pids(child)) > starts

        before = running.pids(child)
        os.kill(before[-1], signal.SIGKILL)
        pause = wait_for(is_back)
        assert pause >= 0.4, "it came back without back-off"
        death = [line for line in running.lines() if line["event"] == "child died" and line["child"] == child][-1]
        assert (death["exit_code"], death["restart_in_seconds"]) == (-signal.SIGKILL, 0.5)
        assert not is_gone(running.pids(child)[-1])


def test_a_second_copy_on_the_folder_is_refused(running: Copy, make_copy: MakeCopy) -> None:
    second = make_copy(LIAISON_HOME=str(running.home))
    assert second.process.wait(30) == 6
    assert second.stderr.splitlines()[-1].startswith("Another liaison runs on ")
    assert f"(process {running.process.pid})" in second.stderr
    assert second.pids() == []
    assert running.process.poll() is None


def test_two_copies_run_side_by_side(running: Copy, make_copy: MakeCopy) -> None:
    other = make_copy("other").wait_until_ready()
    assert running.process.poll() is None
    assert not set(other.pids()) & set(running.pids())
    assert other.end(signal.SIGTERM)[0] == 0
    assert running.process.poll() is None


@pytest.mark.parametrize("variable", ["LIAISON_API_PORT", "LIAISON_TEMPORAL_PORT", "LIAISON_TEMPORAL_UI_PORT"])
def test_a_taken_port_is_named_with_its_setting(running: Copy, make_copy: MakeCopy, variable: str) -> None:
    taken = running.environment[variable]
    copy = make_copy(**{variable: taken})
    assert copy.process.wait(30) == 6
    assert copy.stderr == f"Port {taken} is taken; stop what uses it or set {variable} to another.\n"
    assert copy.pids() == []
