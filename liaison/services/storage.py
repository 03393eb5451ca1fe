"""Room on the disk that holds the book: intake stops while there is still enough to finish what was begun."""

import shutil
import time
from pathlib import Path
from typing import Final

from liaison.db.copies import sqlite_file
from liaison.services.errors import Refused, Slug

KEPT_SECONDS: Final = 1.0
_MIB: Final = 1 << 20


class Storage:
    """Watches one disk. A book on another machine has no folder here, and always room as far as we can tell."""

    def __init__(self, folder: Path | None = None, floor_mb: int = 0) -> None:
        """Keep ``floor_mb`` mebibytes free on the disk of ``folder``."""
        self._folder = folder
        self._floor = floor_mb * _MIB
        self._has_room = True
        self._looked_at = float("-inf")

    @classmethod
    def of_book(cls, url: str, floor_mb: int) -> "Storage":
        """Watch the disk of a book, if it is a file of this machine."""
        file = sqlite_file(url)
        return cls(file.parent if file else None, floor_mb)

    @property
    def has_room(self) -> bool:
        """Whether more than the floor is free; looked at once a second at most."""
        if self._folder is not None and time.monotonic() - self._looked_at >= KEPT_SECONDS:
            self._has_room = shutil.disk_usage(self._folder).free >= self._floor
            self._looked_at = time.monotonic()
        return self._has_room

    def refuse_if_full(self) -> None:
        """Let nothing in that would have to be written.

        Raises:
            Refused: ``STORAGE_FULL``; the same call may be repeated when there is room.
        """
        if not self.has_room:
            raise Refused(Slug.STORAGE_FULL)
