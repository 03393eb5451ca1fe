"""Faults that commands meet, as one line on stderr and an exit code."""

from errno import EPIPE

from sqlalchemy.exc import SQLAlchemyError

from liaison.cli.client import ApiFault
from liaison.cli.exits import Exit, complain
from liaison.db.errors import DatabaseError
from liaison.settings import SettingsError
from liaison.supervisor import HostFault


def tell(fault: Exception) -> Exit:
    """Say what went wrong; a fault nobody foresaw is raised again, with its traceback."""
    if isinstance(fault, ApiFault):
        complain(str(fault))
        for detail in fault.details:
            complain(detail)
        return fault.exit_code
    if isinstance(fault, SettingsError | HostFault | DatabaseError):
        complain(str(fault))
    elif isinstance(fault, SQLAlchemyError):
        # Its text would quote the statement and its values.
        complain(f"The database cannot be used ({type(fault).__name__}); liaison doctor says more.")
    elif isinstance(fault, OSError) and fault.errno != EPIPE:
        complain(str(fault))
    else:
        # Among them a broken pipe: whoever read our output has gone, and typer ends the command.
        raise fault
    return Exit.NOT_READY
