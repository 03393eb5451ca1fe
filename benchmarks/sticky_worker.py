"""``python -m benchmarks.sticky_worker SECONDS``: our worker, whose tasks wait for another one so long."""

import sys
from datetime import timedelta

import worker

if __name__ == "__main__":
    vars(worker)["STICKY"] = timedelta(seconds=float(sys.argv[1]))
    worker.main()
