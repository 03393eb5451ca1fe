"""What keeps the product from running on this machine."""

from pathlib import Path
from typing import Final

_SHOWN: Final = 80


class HostFault(Exception):
    """Nothing was started, or all of it was stopped again; the text is one sentence for the operator."""


def shown(path: Path) -> str:
    """A path short enough for a sentence: of a long one, its end."""
    text = str(path)
    return text if len(text) <= _SHOWN else "…" + text[1 - _SHOWN :]
