"""The directory in force: loaded as a whole from a file without faults, shown without personal data."""

from dataclasses import dataclass
from datetime import datetime

from liaison.db.directory import newest_load, read_roster, replace_directory
from liaison.db.engine import Database
from liaison.keys import KeyRing
from liaison.policy.roster import Roster
from liaison.services.directory_file import DirectoryFile


@dataclass(frozen=True)
class DirectoryView:
    """The roster in force with the number, time and author of its loading. It holds no name and no telephone."""

    number: int
    loaded_at: datetime
    loaded_by: str
    roster: Roster


async def load_directory(db: Database, ring: KeyRing, directory: DirectoryFile, by: str, at: datetime) -> None:
    """Put a directory in place of the one in force, in one transaction; readers notice by its number.

    Args:
        db: The registration book.
        ring: Seals names and telephones.
        directory: A file that ``parse_directory`` found without fault.
        by: Who loads it, an id.
        at: When, aware.
    """
    async with db.write() as session:
        await replace_directory(session, ring, directory.roster, directory.contacts, by, at)


async def show_directory(db: Database) -> DirectoryView | None:
    """The directory in force; None before the first loading."""
    async with db.read() as session:
        load = await newest_load(session)
        if load is None or load.number is None:
            return None
        return DirectoryView(load.number, load.loaded_at, load.loaded_by, await read_roster(session))
