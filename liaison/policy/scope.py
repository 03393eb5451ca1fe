"""Who may see and do what: built by a service from an API key, turned into SQL by ``liaison.db``."""

from dataclasses import dataclass, field

from liaison.policy.words import Channel, KeyRole


@dataclass(frozen=True)
class Scope:
    """The rows one key may see.

    A channel sees what its own key submitted; a clerk his court or all; a judge his court; a leader what was put
    into his inbox and the departments he leads or is in charge of; operators and the Case Filing Chamber all.
    """

    role: KeyRole
    key_id: str
    court: str | None = None
    staff: str | None = None
    team: str | None = None
    departments: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    """``(court, department)`` pairs a leader answers for; a president's are all of his court."""
    scopes: frozenset[str] = frozenset()
    channels: frozenset[Channel] = frozenset()
    """Through which a channel's key may submit."""
