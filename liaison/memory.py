"""What the garbage collector looks at in a process that runs for long."""

import gc
from typing import Final

NEW_OBJECTS: Final = 10_000
"""After how many the youngest are looked through: one message to a worker makes more than Python's 700."""


def spare_what_is_loaded() -> None:
    """Call it when everything is loaded: what is there stays to the end and is not looked through again.

    A worker keeps thousands of workflows in memory; each full look stops it for as long as there are objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
