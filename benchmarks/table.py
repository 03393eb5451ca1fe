"""What a benchmark found: lines for people, JSON for programs."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass
class Line:
    """One measured thing: ours, bare Temporal's, and their ratio.

    Attributes:
        id: The demand.
        what: What was measured, under which load, in which unit.
        ours: The median of the rounds; ``bare`` likewise, None where there is nothing to compare with.
        target: What the demand asks of the ratio (of ``ours`` where nothing is compared), such as ``>= 0.8``.
        measured: Ours or the ratio, whichever the target speaks of.
        load: Load average of the machine when it was measured.
    """

    id: str
    what: str
    ours: float
    bare: float | None = None
    target: str = ""
    ratio: float | None = field(init=False)
    load: float = field(default_factory=lambda: round(os.getloadavg()[0], 1))

    def __post_init__(self) -> None:
        self.ratio = None if self.bare is None else self.ours / self.bare

    @property
    def met(self) -> bool | None:
        """Whether the target was reached; None without one."""
        if not self.target:
            return None
        sign, limit = self.target.split()
        measured = self.ours if self.ratio is None else self.ratio
        return measured >= float(limit) if sign == ">=" else measured <= float(limit)


def show(lines: Sequence[Line]) -> None:
    """Print the table."""
    table = Table("id", "what", "ours", "bare", "ours / bare", "target", "load", title="benchmarks")
    for line in lines:
        verdict = {None: "", True: f"{line.target} met", False: f"{line.target} MISSED"}[line.met]
        table.add_row(
            line.id, line.what, _shown(line.ours), _shown(line.bare), _shown(line.ratio), verdict, _shown(line.load)
        )
    Console(width=140).print(table)


def write(lines: Sequence[Line], path: Path) -> None:
    """Keep the table as JSON."""
    rows = [asdict(line) | {"met": line.met} for line in lines]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"
