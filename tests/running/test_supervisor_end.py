"""L02-L04: however a copy ends, nothing is left running and nothing is lost."""

import asyncio
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from liaison.supervisor.faults import HostFault
from liaison.supervisor.guards import hold_home
from tests.running.conftest import MakeCopy
from tests.running.copies import Copy, is_gone, wait_for


def _gone_within(copy: Copy, seconds: float) -> None:
    wait_for(lambda: all(is_gone(pid) for pid in copy.pids()), seconds)


@contextmanager
def _hangups(disposition: signal.Handlers) -> Iterator[None]:
    """What children inherit: under nohup, where tests may well run, a closed terminal is to be ignored."""
    inherited = signal.signal(signal.SIGHUP, disposition)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, inherited)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_drains_in_reverse_order(make_copy: MakeCopy, number: signal.Signals) -> None:
    with _hangups(signal.SIG_DFL):
        copy = make_copy().wait_until_ready()
    _drains(copy, number)


def test_under_nohup_a_closed_terminal_ends_nothing(make_copy: MakeCopy) -> None:
    with _hangups(signal.SIG_IGN):
        copy = make_copy().wait_until_ready()
    copy.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        copy.process.wait(1)
    _drains(copy, signal.SIGTERM)


def _drains(copy: Copy, number: signal.Signals) -> None:
    code, seconds = copy.end(number)
    assert code == 0
    assert seconds < 10
    events = copy.events()
    assert events.index("api drained") < events.index("worker drained") < events.index("stopped")
    assert len(copy.pids()) == 3
    _gone_within(copy, 0.5)


def test_a_child_that_will_not_end_is_killed_in_time(make_copy: MakeCopy) -> None:
    copy = make_copy(FAKE_WORKER="stubborn").wait_until_ready()
    code, seconds = copy.end(signal.SIGTERM)
    assert code == 0
    assert 4 <= seconds < 10
    _gone_within(copy, 0.5)


def test_a_second_ctrl_c_does_not_wait(make_copy: MakeCopy) -> None:
    copy = make_copy(FAKE_WORKER="stubborn").wait_until_ready()
    copy.process.send_signal(signal.SIGINT)
    wait_for(lambda: "api drained" in copy.events())
    code, seconds = copy.end(signal.SIGINT)
    assert code == 0
    assert seconds < 2
    _gone_within(copy, 0.5)


def test_five_deaths_within_a_minute_end_everything(make_copy: MakeCopy) -> None:
    copy = make_copy(FAKE_WORKER="dies")
    assert copy.process.wait(60) == 6
    assert copy.stderr.splitlines()[-1] == "The worker died five times within a minute; the log says why."
    assert len(copy.pids("worker")) == 5
    pauses = [line["restart_in_seconds"] for line in copy.lines() if line["event"] == "child died"]
    assert pauses == [0.5, 1, 2, 4]
    assert copy.events("worker") == ["I will not work for [mobile]"] * 5
    _gone_within(copy, 0.5)


def _worker_dies_and_nothing_starts(copy: Copy) -> tuple[int, int]:
    """The supervisor can open nothing more, hence start nothing either; its limits before that."""
    before = resource.prlimit(copy.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(copy.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    os.kill(copy.pids("worker")[-1], signal.SIGKILL)
    wait_for(lambda: "child not started" in copy.events())
    return before


def test_a_child_that_the_machine_will_not_start_is_tried_again(make_copy: MakeCopy) -> None:
    copy = make_copy().wait_until_ready()
    before = _worker_dies_and_nothing_starts(copy)
    resource.prlimit(copy.process.pid, resource.RLIMIT_NOFILE, before)
    wait_for(lambda: len(copy.pids("worker")) == 2)
    refused = next(line for line in copy.lines() if line["event"] == "child not started")
    assert (refused["child"], refused["reason"]) == ("worker", "Too many open files")
    deaths = [line for line in copy.lines() if line["event"] == "child died"]
    assert [(death["exit_code"], death["restart_in_seconds"]) for death in deaths[:2]] == [(-9, 0.5), (None, 1)]
    assert copy.end(signal.SIGTERM)[0] == 0


def test_a_signal_while_a_child_cannot_be_started_drains_the_others(make_copy: MakeCopy) -> None:
    copy = make_copy().wait_until_ready()
    _worker_dies_and_nothing_starts(copy)
    assert copy.end(signal.SIGTERM)[0] == 0
    assert copy.events().index("api drained") < copy.events().index("stopped")
    _gone_within(copy, 0.5)


def test_a_child_that_can_never_be_started_ends_everything_in_order(make_copy: MakeCopy) -> None:
    copy = make_copy().wait_until_ready()
    _worker_dies_and_nothing_starts(copy)
    assert copy.process.wait(60) == 6
    assert copy.stderr.splitlines()[-1] == "The worker died five times within a minute; the log says why."
    assert copy.events().count("child not started") == 4
    assert copy.events().index("api drained") < copy.events().index("stopped")
    _gone_within(copy, 0.5)


@pytest.mark.parametrize("leash", ["death signal", "pipe"])
async def test_killed_without_warning_it_leaves_no_child_and_loses_nothing(make_copy: MakeCopy, leash: str) -> None:
    arguments = ("pipe",) if leash == "pipe" else ()
    first = make_copy("one", *arguments).wait_until_ready()
    address = f"127.0.0.1:{first.environment['LIAISON_TEMPORAL_PORT']}"
    started = await (await Client.connect(address)).start_workflow("Waits", id="request-kept", task_queue="nobody")
    first.process.kill()
    first.process.wait()
    _gone_within(first, 3)

    # At once, on the same folder and ports, while the kernel may still be cleaning up.
    ports = {name: value for name, value in first.environment.items() if name.endswith("_PORT")}
    second = make_copy("one", *arguments, **ports).wait_until_ready()
    kept = await (await Client.connect(address)).get_workflow_handle("request-kept").describe()
    assert kept.status is WorkflowExecutionStatus.RUNNING
    assert kept.run_id == started.result_run_id
    assert second.end(signal.SIGTERM)[0] == 0


async def test_a_child_left_over_from_an_earlier_run_is_noticed(tmp_path: Path) -> None:
    async with hold_home(tmp_path):
        # The supervisor's pid in the file is nobody's, but the lock is held.
        (tmp_path / "lock").write_text("4194304")
        began = time.monotonic()
        with pytest.raises(HostFault, match="left over from an earlier run"):
            async with hold_home(tmp_path):
                pass
        assert time.monotonic() - began >= 3
    async with hold_home(tmp_path):
        pass


async def test_the_next_start_waits_for_the_last_breath_of_the_children(tmp_path: Path) -> None:
    async def hold_briefly() -> None:
        async with hold_home(tmp_path):
            (tmp_path / "lock").write_text("4194304")
            held.set()
            await asyncio.sleep(0.3)

    held = asyncio.Event()
    holding = asyncio.create_task(hold_briefly())
    await held.wait()
    async with hold_home(tmp_path):
        assert holding.done()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"LIAISON_TEMPORAL_BINARY": "/nowhere/temporal"}, "LIAISON_TEMPORAL_BINARY names no program"),
        ({"LIAISON_TEMPORAL_BINARY": __file__}, "LIAISON_TEMPORAL_BINARY names no program"),
        ({"LIAISON_HOME": f"{__file__}/{'x' * 150}"}, "LIAISON_HOME cannot be written: "),
        ({"LIAISON_HOME": "/proc/liaison"}, "LIAISON_HOME cannot be written: /proc/liaison ("),
        ({"LIAISON_API_PORT": "eighty"}, "LIAISON_API_PORT must be a port number from 1 to 65535, not 'eighty'."),
        ({"LIAISON_HOEM": "/tmp"}, "LIAISON_HOEM is not a setting"),
    ],
)
def test_what_keeps_it_from_starting_is_one_sentence(
    make_copy: MakeCopy, variables: dict[str, str], sentence: str
) -> None:
    copy = make_copy(**variables)
    assert copy.process.wait(30) == 6
    (line,) = copy.stderr.splitlines()
    assert line.startswith(sentence)
    assert len(line) < 200
    assert copy.stdout == ""
