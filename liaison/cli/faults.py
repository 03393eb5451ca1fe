"""Faults that commands meet, as one line on stderr and an exit code."""

from importlib import import_module

from liaison.cli.client import ApiFault
from liaison.cli.exits import Exit, complain
from liaison.settings import SettingsError


def tell(fault: Exception) -> Exit:
    """Say what went wrong; a fault nobody foresaw is raised again, with its traceback."""
    if isinstance(fault, ApiFault):
        complain(str(fault))
        for detail in fault.details:
            complain(detail)
        return fault.exit_code
    if isinstance(fault, SettingsError):
        complain(str(fault))
        return Exit.NOT_READY
    # Loaded now: what host commands meet comes from the database and Temporal, which client commands never load.
    of_host: Exit = import_module("liaison.cli.host_faults").tell(fault)
    return of_host
