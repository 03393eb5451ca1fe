"""``liaison setup``: what Temporal must hold before the first process of an installation starts."""

from datetime import timedelta
from typing import Final

from temporalio.service import RPCError

from liaison.cli.exits import Exit, fail
from liaison.cli.host import require_ring, run
from liaison.cli.output import show_line
from liaison.codec import data_converter
from liaison.contract import search
from liaison.contract.schedules import SCHEDULES, put_schedules
from liaison.keys import KeyRing
from liaison.settings import Settings, load_settings
from liaison.supervisor.faults import no_temporal
from liaison.temporal import RETENTION, NamespaceFault, connect, set_up_namespace, wait_until_serving

WAIT: Final = timedelta(seconds=60)


def setup() -> None:
    """Set up Temporal's namespace: retention, search attributes, Schedules; safe to repeat (host command)."""
    settings = load_settings()
    ring = require_ring(settings)
    try:
        namespace = run(_set_up(settings, ring))
    except TimeoutError:
        fail(Exit.UNREACHABLE, str(no_temporal(settings)))
    except NamespaceFault as fault:
        fail(Exit.NOT_READY, str(fault))
    except RPCError as fault:
        fail(Exit.NOT_READY, f"Temporal's Schedules could not be put in place ({fault.status.name}): {fault.message}")
    show_line(
        f"namespace {namespace}, retention {RETENTION.days} days, {len(search.ALL)} search attributes, "
        f"{len(SCHEDULES)} Schedules"
    )


async def _set_up(settings: Settings, ring: KeyRing) -> str:
    client = await connect(settings, "setup", data_converter=data_converter(ring), lazy=True)
    await wait_until_serving(client, WAIT)
    await set_up_namespace(client, attributes=search.ALL)
    await put_schedules(client)
    return client.namespace
