"""Runs a command that must not outlive its supervisor, even when that is killed with no chance to say good-bye.

A script of its own, started as ``python leash.py <supervisor's pid> <watch descriptor or -> <command> ...``: what it
does between fork and exec would not be safe in a process that has threads, and a supervisor with a Temporal client
has many. On Linux it asks the kernel for a death signal and becomes the command; elsewhere it stays beside the
command and watches a pipe that only the supervisor holds open.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from types import FrameType
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def become(supervisor: int, command: list[str]) -> None:
    """Turn into the command, to be killed by the kernel when the supervisor's thread that forked us ends."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # It may have died before the kernel knew that we care.
    if os.getppid() != supervisor:
        sys.exit(1)
    os.execvp(command[0], command)


def stay_beside(watch: int, command: list[str]) -> int:
    """Run the command, pass polite signals on, kill it when the watched pipe closes; its exit code."""
    child = subprocess.Popen(command, close_fds=False)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    def kill_when_alone() -> None:
        os.read(watch, 1)
        child.kill()

    signal.signal(signal.SIGTERM, pass_on)
    threading.Thread(target=kill_when_alone, daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    _supervisor, _watch, *_command = sys.argv[1:]
    if _watch == "-":
        become(int(_supervisor), _command)
    sys.exit(stay_beside(int(_watch), _command))
