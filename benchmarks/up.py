"""``python -m benchmarks.up SECONDS``: ``liaison up`` with a worker of another sticky patience."""

import sys

from liaison.cli.exits import leave
from liaison.cli.start import make_ready
from liaison.cli.up import up_command
from liaison.supervisor import Programs

if __name__ == "__main__":
    leave(up_command(make_ready, Programs(worker=(sys.executable, "-m", "benchmarks.sticky_worker", sys.argv[1]))))
