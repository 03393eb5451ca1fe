"""How a process of ours ends that cannot start: exit code 6 and one line, whichever process it is (design 9)."""

from typing import Final, NoReturn

from sqlalchemy.exc import SQLAlchemyError

from liaison.cli.exits import Exit, complain, leave
from liaison.db.errors import DatabaseError
from liaison.gateways.sms.choice import CannotOpen
from liaison.keys import KeyRing, KeysError, read_key_ring
from liaison.settings import Settings, SettingsError
from liaison.supervisor.faults import HostFault, shown

FORESEEN: Final = (SettingsError, HostFault, CannotOpen, DatabaseError, SQLAlchemyError)
"""What may be wrong with the surroundings; anything else is a fault of ours and keeps its traceback."""


def give_up(fault: Exception) -> NoReturn:
    """Say what is wrong and end the process."""
    if isinstance(fault, SQLAlchemyError):
        # Without its own words: they may quote the address with its password.
        complain("The database of LIAISON_DATABASE_URL cannot be reached or is damaged.")
    else:
        complain(str(fault))
    leave(Exit.NOT_READY)


def own_key_ring(settings: Settings) -> KeyRing:
    """The key ring of the settings.

    Raises:
        HostFault: there is none, or none that can be read.
    """
    try:
        return read_key_ring(settings.key_ring)
    except FileNotFoundError:
        raise HostFault(
            "There is no key ring at LIAISON_KEY_RING: `liaison up` or `liaison keys ring` makes one."
        ) from None
    except OSError as fault:
        raise HostFault(f"LIAISON_KEY_RING cannot be read: {shown(settings.key_ring)} ({fault.strerror}).") from None
    except KeysError as fault:
        raise HostFault(f"LIAISON_KEY_RING cannot be used: {shown(settings.key_ring)} ({fault}).") from None
