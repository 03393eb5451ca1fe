"""What the Makefile says on a machine that lacks something (issue line L01)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder: Path, python: str) -> "subprocess.CompletedProcess[str]":
    """``make .venv`` with a Python that is a shell script; the words of its call are ``$*``."""
    script = folder / "python"
    script.write_text(f'#!/bin/sh\n{python}\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    command = ["make", "--no-print-directory", f"PYTHON={script}", ".venv"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("lacks", "sentence"),
    [
        ("ensurepip", "Python's venv is missing: install the package python3-venv"),
        ("version_info", "judge-liaison needs Python 3.11 or newer: make PYTHON=python3.11"),
    ],
)
def test_what_is_missing_is_one_sentence(folder: Path, lacks: str, sentence: str) -> None:
    ended = make(folder, f'case "$*" in *{lacks}*) exit 1;; esac')
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[0] == sentence
    assert not (folder / ".venv").exists()


def test_an_extra_that_is_not_there_is_one_sentence(folder: Path) -> None:
    (folder / ".venv").mkdir()
    (folder / ".venv" / "built").touch()
    command = ["make", "--no-print-directory", "install", "EXTRAS=smpp pigeon"]
    (folder / "requirements-smpp.txt").touch()
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[0] == "there is no extra pigeon: aliyun, smpp"


def test_without_npm_the_peers_are_one_sentence(folder: Path) -> None:
    (folder / "tests" / "peers").mkdir(parents=True)
    (folder / "tests" / "peers" / "package-lock.json").touch()
    tools = folder / "tools"
    tools.mkdir()
    for tool in ("make", "sh"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    ended = subprocess.run(
        ["make", "peers"], cwd=folder, env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert ended.stderr.splitlines()[0] == "npm is missing: install Node.js"


def test_without_make_ci_names_the_package(tmp_path: Path) -> None:
    for tool in ("bash", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "")
    script = [str(tmp_path / "bash"), str(ROOT / ".ci" / "run")]
    ended = subprocess.run(script, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.strip()) == (1, "make is missing: install the package make")
