"""``make prove``: the demands whose numbers are too large for ``make test``, each as ``id result seconds``."""

import os
import sys
import time

from tests.accept import demands, result, run_nodes


def main() -> int:
    """Run every demand that has a full size, one after the other; 0 if all pass."""
    os.environ["PROVE"] = "full"
    wanted = [demand for demand in demands() if demand.tier == "prove" and (not sys.argv[1:] or demand.id in sys.argv)]
    results = []
    for demand in wanted:
        started = time.monotonic()
        outcomes = run_nodes(proof for proof in demand.proves if not proof.startswith("$ "))
        found = {result(proof, outcomes) for proof in demand.proves}
        results.append("pass" if found == {"pass"} else "fail")
        sys.stdout.write(f"{demand.id} {results[-1]} {time.monotonic() - started:.0f}\n")
        sys.stdout.flush()
    return int("fail" in results)


if __name__ == "__main__":
    sys.exit(main())
