"""Ports for servers that tests start: below those the kernel hands to clients, so that none is taken meanwhile."""

import random
import socket

LOWEST, HIGHEST = 12_000, 32_000
_given: set[int] = set()
_chance = random.SystemRandom()


def free_port() -> int:
    """A port of loopback that nobody listens on and that this process did not give away before."""
    while True:
        port = _chance.randrange(LOWEST, HIGHEST)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def free_ports(number: int) -> list[int]:
    """As many of them."""
    return [free_port() for _ in range(number)]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
