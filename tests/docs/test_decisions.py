"""The form of the decisions: context, one line to quote, what follows, what else there was, what holds it."""

import re
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, inline_code, links, read

FOLDER = ROOT / "docs" / "adr"
DECISIONS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "References"]

each = pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in DECISIONS])


def section(path: Path, name: str) -> str:
    """The text below a heading."""
    found = re.search(rf"^## {name}\n\n(.*?)(?=^## |\Z)", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1].strip()


def test_they_are_numbered_without_gap_and_listed() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    assert len(DECISIONS) >= 6
    assert links("docs/adr/README.md") == [path.name for path in DECISIONS]


@each
def test_the_form(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.match(rf"# {path.name[:4]} \S", text)
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == SECTIONS
    sentences = re.findall(r"[.?!](?=\s|$)", re.sub(r"(?:art|e\.g)\. ", "", section(path, "Context")))
    assert 2 <= len(sentences) <= 4
    assert re.match(r"\*\*[^*]+\*\*", section(path, "Decision")), "the line people quote"
    for name in ("Consequences", "Alternatives", "References"):
        entries = re.split(r"\n(?=- )", section(path, name))
        assert all(entry.startswith("- ") for entry in entries)
        assert len(entries) >= (1 if name == "References" else 2)


@each
def test_the_references_name_a_check_that_exists(path: Path) -> None:
    document = path.relative_to(ROOT).as_posix()
    checks = [code for code in inline_code(document) if code.startswith("tests/")]
    assert checks
    assert all((ROOT / check).exists() for check in checks)


def test_contracts_of_the_import_linter_are_quoted_as_they_are() -> None:
    for path in DECISIONS:
        for quoted in re.findall(r'import-linter: "([^"]+)"', read(path.relative_to(ROOT).as_posix())):
            assert f'name = "{quoted}"' in read("pyproject.toml")
