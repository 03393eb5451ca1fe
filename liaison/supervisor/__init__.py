"""``liaison up``: Temporal's server, the worker and the API under one roof (design section 9)."""

from liaison.supervisor.faults import HostFault
from liaison.supervisor.guards import find_temporal
from liaison.supervisor.programs import Programs
from liaison.supervisor.run import up

__all__ = ["HostFault", "Programs", "find_temporal", "up"]
