"""``liaison up``: what has to be made ready before worker and API start, by profile."""

import asyncio

import typer

from liaison.cli.host import now, open_book
from liaison.cli.up import up_command
from liaison.db.errors import DatabaseError
from liaison.db.schema import check
from liaison.db.seeding import api_keys
from liaison.services.provisioning import CannotPrepare, prepare_local
from liaison.services.sample_keys import PREFIX
from liaison.settings import Profile, Settings
from liaison.supervisor import HostFault


def up() -> None:
    """Run Temporal, worker and API on this machine until Ctrl-C (host command)."""
    raise typer.Exit(up_command(prepare))


async def prepare(settings: Settings) -> None:
    """Make the local profile ready; in production only look, for it generates nothing (design section 9).

    Raises:
        HostFault: It cannot be made ready, or is not.
    """
    try:
        if settings.profile is Profile.LOCAL:
            await prepare_local(settings, now)
        else:
            await _check_production(settings.database_url.get_secret_value())
    except (CannotPrepare, DatabaseError) as fault:
        raise HostFault(str(fault)) from fault


async def _check_production(url: str) -> None:
    await asyncio.to_thread(check, url)
    async with open_book(url) as db, db.read() as session:
        if await api_keys(session, PREFIX):
            raise HostFault("The database holds sample keys of the local profile, which production refuses.")
