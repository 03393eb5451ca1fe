"""``make accept``: each demand of ``docs/acceptance.toml`` with pass, fail or none.

A demand is proven by test nodes (a file, a file and a test, parametrised cases included) and by commands (``$ ...``).
It passes when every node it names ran and passed and every command ended with 0; none means that nothing ran, and a
skipped test did not run. Demands of tier ``bench`` are none here: ``make bench`` measures them on a quiet machine.
"""

import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
PARALLEL = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
"""As ``make test`` runs them."""
DEMANDS = ROOT / "docs" / "acceptance.toml"


@dataclass(frozen=True)
class Demand:
    """One numbered line of an issue."""

    id: str
    says: str
    proves: tuple[str, ...]
    tier: str


def demands() -> list[Demand]:
    """Every entry of the file, in its order."""
    entries = tomllib.loads(DEMANDS.read_text(encoding="utf-8"))["demand"]
    return [Demand(entry["id"], entry["says"], tuple(entry["proves"]), entry["tier"]) for entry in entries]


def run_nodes(nodes: Iterable[str]) -> dict[str, bool]:
    """Outcome of every test that ran for the nodes, by ``file::test``; False where one of its cases failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        files = sorted({node.partition("::")[0] for node in nodes})
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *PARALLEL, *files]
        subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False)
        cases = [case for case in ET.parse(report).getroot().iter("testcase") if case.find("skipped") is None]
        ran = [(_node(case), case.find("failure") is None and case.find("error") is None) for case in cases]
    outcomes: dict[str, bool] = {}
    for node, passed in ran:
        outcomes[node] = outcomes.get(node, True) and passed
    return outcomes


def _node(case: ET.Element) -> str:
    path = case.get("classname", "").replace(".", "/") + ".py"
    return f"{path}::{case.get('name', '').partition('[')[0]}"


def result(proof: str, outcomes: dict[str, bool]) -> str:
    """``pass``, ``fail`` or ``none`` of one proof."""
    if proof.startswith("$ "):
        return "pass" if subprocess.run(proof[2:], shell=True, cwd=ROOT, check=False).returncode == 0 else "fail"
    found = [passed for node, passed in outcomes.items() if node == proof or node.startswith(f"{proof}::")]
    return ("pass" if all(found) else "fail") if found else "none"


def main() -> int:
    """Run every proof, or those of the demands whose ids begin as said, and print the table; 0 if all pass."""
    chosen = tuple(sys.argv[1:]) or ("",)
    wanted = [demand for demand in demands() if demand.id.startswith(chosen)]
    proofs = [proof for demand in wanted if demand.tier != "bench" for proof in demand.proves]
    outcomes = run_nodes(proof for proof in proofs if not proof.startswith("$ "))
    table = Table("id", "result", "says", "proves", title="acceptance")
    worst = "pass"
    for demand in wanted:
        results = [result(proof, outcomes) for proof in demand.proves if proof in proofs] or ["none"]
        overall = next((word for word in ("fail", "none") if word in results), "pass")
        worst = worst if overall == "pass" else overall
        table.add_row(demand.id, overall, demand.says, "\n".join(demand.proves))
    Console(width=180).print(table)
    return int(worst != "pass")


if __name__ == "__main__":
    sys.exit(main())
