"""The notices that ship with the program; for composition roots, which alone open files."""

import tomllib
from importlib.resources import files

from calendars.notice import Notice, parse_notice


def packaged_notices() -> tuple[Notice, ...]:
    """Read every packaged notice, in order of publication."""
    folder = files("calendars") / "notices"
    documents = (entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    notices = (parse_notice(tomllib.loads(document)) for document in documents)
    return tuple(sorted(notices, key=lambda notice: notice.published_on))
