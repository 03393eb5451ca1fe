"""What keeps the product from running on this machine."""

from pathlib import Path
from typing import Final

from liaison.settings import Profile, Settings

_SHOWN: Final = 80


class HostFault(Exception):
    """Nothing was started, or all of it was stopped again; the text is one sentence for the operator."""


def shown(path: Path) -> str:
    """A path short enough for a sentence: of a long one, its end."""
    text = str(path)
    return text if len(text) <= _SHOWN else "…" + text[1 - _SHOWN :]


def no_temporal(settings: Settings) -> HostFault:
    """What is said where Temporal does not answer."""
    if settings.profile is Profile.LOCAL:
        return HostFault(f"Temporal does not answer on port {settings.temporal_port} (LIAISON_TEMPORAL_PORT).")
    return HostFault(
        "Temporal does not answer at TEMPORAL_ADDRESS, or refuses this client (TEMPORAL_API_KEY, TEMPORAL_TLS_*)."
    )


def no_namespace(namespace: str) -> HostFault:
    """What is said where Temporal answers and does not know the namespace; its name last, for it may be long."""
    return HostFault(
        f"TEMPORAL_NAMESPACE is not known to Temporal: mend its spelling, or `liaison setup` makes it: {namespace}"
    )
