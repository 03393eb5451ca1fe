"""``make first-request``: starts what does not run yet, and prints the seconds (issue line L07)."""

import re
import subprocess
from pathlib import Path

from tests.e2e.platform import ROOT, environment_in


def test_the_first_request_takes_less_than_two_minutes(tmp_path: Path) -> None:
    environment = environment_in(tmp_path / "home")
    ended = subprocess.run(
        ["make", "--no-print-directory", "first-request"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = re.search(r"first request accepted after ([0-9.]+) s", ended.stdout)
    assert found is not None
    assert float(found[1]) < 120
