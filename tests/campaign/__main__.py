"""``python -m tests.campaign SEED [STEPS]``: play one script again and show what each step came to."""

import asyncio
import sys

from tests.campaign.run import STEPS, play_seed


def main() -> int:
    """Play; 0 if platform and model agree."""
    seed = int(sys.argv[1])
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else STEPS
    log, fault = asyncio.run(play_seed(seed, steps))
    sys.stdout.write("\n".join([*log, fault or "platform and model agree"]) + "\n")
    return int(bool(fault))


if __name__ == "__main__":
    sys.exit(main())
