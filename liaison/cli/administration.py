"""Host commands of operators: directory, database, keys, settings."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from liaison.cli.exits import Exit, complain, fail
from liaison.cli.host import book_file, now, open_book, require_book, require_ring, run
from liaison.cli.output import Json, show_fields, show_json, show_line, show_table
from liaison.db.schema import current_revision, head_revision, upgrade
from liaison.db.seeding import RuleVersions
from liaison.services.directory import DirectoryView, load_directory, show_directory
from liaison.services.directory_file import DirectoryFile, parse_directory
from liaison.services.directory_rows import DirectoryFaults
from liaison.services.provisioning import lost_book, seed_packaged_rules
from liaison.settings import Settings, load_settings

LOADED_BY = "host-command"

directory_app = typer.Typer(help="Courts, departments and people (host commands).", no_args_is_help=True)
db_app = typer.Typer(help="The database's revision (host commands).", no_args_is_help=True)
config_app = typer.Typer(help="Settings (host commands).", no_args_is_help=True)


@directory_app.command("load")
def load(file: Annotated[Path, typer.Argument(help="A CSV; its model is liaison/sample_city/directory.csv.")]) -> None:
    """Put a directory in place of the one in force, all or nothing (host command)."""
    settings = load_settings()
    directory = _parsed(file)
    url, ring = require_book(settings), require_ring(settings)

    async def work() -> None:
        async with open_book(url) as db:
            await load_directory(db, ring, directory, LOADED_BY, now())

    run(work())
    roster = directory.roster
    show_line(
        f"Loaded {len(roster.courts)} courts, {len(roster.departments)} departments, {len(roster.people)} people."
    )


@directory_app.command("show")
def show(
    court: Annotated[str, typer.Option(help="Only this court.")] = "",
    json_: Json = False,
) -> None:
    """Show the directory in force, without names and telephones (host command)."""
    view = run(_directory(load_settings()))
    if view is None:
        fail(Exit.NOT_FOUND, "No directory is loaded.")
    people = [asdict(person) for person in view.roster.people if court in ("", person.court)]
    if json_:
        departments = [asdict(d) for d in view.roster.departments if court in ("", d.court)]
        courts = [asdict(c) for c in view.roster.courts if court in ("", c.code)]
        loaded = {"number": view.number, "loaded_at": view.loaded_at.isoformat(), "loaded_by": view.loaded_by}
        show_json({**loaded, "courts": courts, "departments": departments, "people": people})
        return
    show_line(f"Loading {view.number} of {view.loaded_at:%Y-%m-%d %H:%M} UTC by {view.loaded_by}")
    columns = ("id", "court", "department", "role", "position_en", "team", "status", "stand_in")
    show_table(columns, [[person[column] for column in columns] for person in people])


@db_app.command("upgrade")
def upgrade_book() -> None:
    """Bring the database to this program's revision and store the packaged rules (host command)."""
    settings = load_settings()
    if (lost := lost_book(settings)) is not None:
        fail(Exit.NOT_READY, lost)
    url = settings.database_url.get_secret_value()
    upgrade(url)
    versions = run(_seed(url))
    show_line(f"revision {head_revision()}, calendar version {versions.calendar}, policy version {versions.policy}")


@db_app.command("check")
def check_book() -> None:
    """Exit with 6 unless the database is at this program's revision (host command)."""
    require_book(load_settings())
    show_line(f"revision {head_revision()}")


@db_app.command("current")
def current() -> None:
    """Show the database's revision and this program's (host command)."""
    settings = load_settings()
    file = book_file(settings)
    is_there = file is None or file.exists()
    found = current_revision(settings.database_url.get_secret_value()) if is_there else None
    show_fields({"database": found or "none", "program": head_revision()})


@config_app.callback()
def config() -> None:
    """Settings (host commands)."""


@config_app.command("show")
def show_config(json_: Json = False) -> None:
    """Show every setting, its value and where it comes from; secrets are masked (host command)."""
    rows = load_settings().rows()
    if json_:
        show_json([row._asdict() for row in rows])
    else:
        show_table(("variable", "value", "source"), rows)


def _parsed(file: Path) -> DirectoryFile:
    try:
        return parse_directory(file.read_text(encoding="utf-8"))
    except OSError as unreadable:
        fail(Exit.USAGE, f"{file}: {unreadable.strerror}.")
    except UnicodeDecodeError:
        fail(Exit.REFUSED, f"{file} is not UTF-8.")
    except DirectoryFaults as faults:
        for fault in faults.faults:
            complain(str(fault))
        fail(Exit.REFUSED, f"{len(faults.faults)} faults; nothing was changed.")


async def _directory(settings: Settings) -> DirectoryView | None:
    async with open_book(require_book(settings)) as db:
        return await show_directory(db)


async def _seed(url: str) -> RuleVersions:
    async with open_book(url) as db:
        return await seed_packaged_rules(db, now())
