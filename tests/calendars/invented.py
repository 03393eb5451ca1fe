"""The notice for 2027 that exists for tests only."""

from pathlib import Path

from calendars.notice import Notice
from calendars.sources import notice_file

FILE = Path(__file__).parent.parent / "data" / "notices" / "2027-invented.toml"


def invented_2027() -> Notice:
    """The invented notice for 2027, which says of itself that it is invented."""
    return notice_file.parse(FILE.read_bytes())
