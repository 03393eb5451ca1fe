"""Reads the documents: code blocks, links, headings, tables."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
READMES: Final = ("README.md", "README.zh-CN.md")
DOCUMENTS: Final = (
    *READMES,
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "deploy/README.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))),
)

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"`([^`\n]+)`")


def read(document: str) -> str:
    """The document's text."""
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str, language: str = "sh") -> list[str]:
    """Its fenced blocks of one language."""
    return [body for name, body in _BLOCK.findall(read(document)) if name == language]


def prose(document: str) -> str:
    """Everything but its fenced blocks."""
    return _BLOCK.sub("", read(document))


def inline_code(document: str) -> list[str]:
    """What stands between single backticks."""
    return _CODE.findall(prose(document))


def links(document: str) -> list[str]:
    """Targets of its links."""
    return _LINK.findall(prose(document))


def anchors(document: str) -> set[str]:
    """Anchors of its headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(document: str) -> list[list[str]]:
    """Cells of every table row."""
    lines = re.findall(r"^\|(.+)\|$", prose(document), re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines]
