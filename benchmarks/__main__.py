"""``python -m benchmarks [ID ...] [--full] [--json FILE]``: measure, print a table, fail if a target is missed."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from benchmarks import callbacks, closed, counting, deadlines, intake, lives, replans, restart, smpp
from benchmarks.sizes import FULL, SMALL, Sizes
from benchmarks.table import Line, show, write

BENCHMARKS: Final = {
    "H50": intake.measure,
    "H51": lives.measure,
    "H52": deadlines.measure,
    "H53": closed.measure,
    "H54": restart.measure,
    "C42": replans.measure,
    "C42b": counting.measure,
    "M43": smpp.measure,
    "M43b": callbacks.measure,
}


async def measure(ids: list[str], sizes: Sizes) -> list[Line]:
    """One benchmark after the other."""
    return [line for demand in ids for line in await BENCHMARKS[demand](sizes)]


def main() -> int:
    """0 if every target that was measured is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help=f"some of {', '.join(BENCHMARKS)}; all if none is named")
    parser.add_argument("--full", action="store_true", help="the sizes of the demands; takes an hour or so")
    parser.add_argument("--json", type=Path, default=Path("benchmarks.json"), help="where the numbers are kept")
    chosen = parser.parse_args()
    if unknown := set(chosen.ids) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    lines = asyncio.run(measure(chosen.ids or list(BENCHMARKS), FULL if chosen.full else SMALL))
    show(lines)
    write(lines, chosen.json)
    return int(any(line.met is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
