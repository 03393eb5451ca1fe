"""Faults of the machine and of the database, as one line on stderr."""

from errno import EPIPE

from sqlalchemy.exc import SQLAlchemyError

from liaison.cli.exits import Exit, complain
from liaison.converter import UndecodablePayload
from liaison.db.errors import DatabaseError
from liaison.supervisor import HostFault


def tell(fault: Exception) -> Exit:
    """Say what is wrong with the machine; a fault nobody foresaw is raised again, with its traceback."""
    if isinstance(fault, HostFault | DatabaseError | UndecodablePayload):
        complain(str(fault))
    elif isinstance(fault, SQLAlchemyError):
        # Its text would quote the statement and its values.
        complain(
            f"The database of LIAISON_DATABASE_URL cannot be used ({type(fault).__name__}); liaison doctor says more."
        )
    elif isinstance(fault, OSError) and fault.errno != EPIPE:
        complain(str(fault))
    else:
        # Among them a broken pipe: whoever read our output has gone, and typer ends the command.
        raise fault
    return Exit.NOT_READY
