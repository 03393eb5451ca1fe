"""``liaison up``: what has to be made ready before worker and API start, by profile."""

import asyncio

import typer
from temporalio.service import RPCError

from liaison.cli.host import now
from liaison.cli.up import up_command
from liaison.codec import data_converter
from liaison.contract.schedules import put_schedules
from liaison.db.errors import DatabaseError
from liaison.db.schema import check
from liaison.keys import KeysError, read_key_ring
from liaison.services.production import refuse_sample_keys
from liaison.services.provisioning import CannotPrepare, prepare_local
from liaison.settings import Profile, Settings
from liaison.supervisor import HostFault
from liaison.supervisor.faults import shown
from liaison.temporal import connect


def up() -> None:
    """Run Temporal, worker and API on this machine until Ctrl-C (host command)."""
    raise typer.Exit(up_command(make_ready))


async def make_ready(settings: Settings) -> None:
    """Everything worker and API need; Temporal serves already.

    Raises:
        HostFault: Something cannot be made ready.
    """
    await prepare(settings)
    await _put_schedules(settings)


async def prepare(settings: Settings) -> None:
    """Make the local profile ready; in production only look, for it generates nothing (design section 9).

    Raises:
        HostFault: It cannot be made ready, or is not.
    """
    try:
        if settings.profile is Profile.LOCAL:
            await prepare_local(settings, now)
        else:
            url = settings.database_url.get_secret_value()
            await asyncio.to_thread(check, url)
            await refuse_sample_keys(url)
    except (CannotPrepare, DatabaseError) as fault:
        raise HostFault(str(fault)) from fault


async def _put_schedules(settings: Settings) -> None:
    try:
        ring = read_key_ring(settings.key_ring)
        client = await connect(settings, "up", data_converter=data_converter(ring), lazy=True)
        await put_schedules(client)
    except (KeysError, OSError) as fault:
        raise HostFault(f"The key ring {shown(settings.key_ring)} cannot be used: {fault}.") from fault
    except RPCError as fault:
        raise HostFault(f"Temporal's Schedules could not be put in place ({fault.status.name}).") from fault
