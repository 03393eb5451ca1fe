"""What every service is given, and the answer that those which change something give."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client

from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.gateways.sms.choice import shapes_of
from liaison.gateways.sms.port import CallbackShapes
from liaison.keys import KeyRing
from liaison.policy.scope import Scope
from liaison.services.storage import Storage

Body = dict[str, Any]
"""A JSON object as the API shows it."""

BREAK_SECONDS = 2.0
KEY_CACHE_SECONDS = 2.0
TRUSTED_SECONDS = 600.0
"""How long a reading of Temporal's clock counts: a machine that was suspended has a monotonic clock that was, too."""


class Breaker:
    """After Temporal was found away nobody waits for it for two seconds: the relay does what was left undone."""

    def __init__(self) -> None:
        self._closed_from = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether a caller should not even try."""
        return time.monotonic() < self._closed_from

    def trip(self) -> None:
        """Temporal did not answer."""
        self._closed_from = time.monotonic() + BREAK_SECONDS


class TemporalClock:
    """What Temporal's clock shows, carried on from its last reading by this machine's monotonic clock.

    So a step of the wall clock is seen at once, by arithmetic, and no call waits for a reading.
    """

    def __init__(self) -> None:
        self._shown: datetime | None = None
        self._read_at = float("-inf")

    def set(self, shown: datetime, read_at: float) -> None:
        """Temporal's clock showed ``shown`` when ``time.monotonic()`` showed ``read_at``."""
        self._shown, self._read_at = shown, read_at

    @property
    def age(self) -> float:
        """Seconds since the last reading; infinite before the first."""
        return time.monotonic() - self._read_at

    @property
    def now(self) -> datetime | None:
        """What it shows; None if nothing was read in the last ten minutes."""
        if self._shown is None or self.age > TRUSTED_SECONDS:
            return None
        return self._shown + timedelta(seconds=self.age)

    def offset(self, now: datetime) -> timedelta | None:
        """How far ``now`` is ahead of Temporal; None if nothing was read in the last ten minutes."""
        shown = self.now
        return None if shown is None else now - shown


@dataclass(frozen=True)
class KnownKey:
    """An API key as last read: ``fresh_until`` is a monotonic time in seconds."""

    secret_hash: str = field(repr=False)
    expires_at: datetime
    scope: Scope
    fresh_until: float


@dataclass(frozen=True)
class Platform:
    """The parts services work with, built once by a composition root.

    Attributes:
        db: The registration book.
        ring: Seals texts and makes keyed hashes.
        rulebook: Calendar and policy versions and the roster, as stored.
        client: Temporal, lazily connected; it may be down at any time.
        clock: Now, aware; virtual in tests and the demo.
        breaker: Spares callers the wait while Temporal is down.
        temporal_clock: Temporal's clock, as far as this process has read it.
        known_keys: API keys read in the last two seconds.
        storage: Room on the book's disk.
        shapes_of: How a gateway writes what it tells us, by its name.
        background: What goes on after a caller was answered; ``in_turn`` lets it go on one after the other.
    """

    db: Database
    ring: KeyRing
    rulebook: Rulebook
    client: Client
    clock: Callable[[], datetime]
    breaker: Breaker = field(default_factory=Breaker, kw_only=True)
    temporal_clock: TemporalClock = field(default_factory=TemporalClock, kw_only=True)
    known_keys: dict[str, KnownKey] = field(default_factory=dict, kw_only=True)
    storage: Storage = field(default_factory=Storage, kw_only=True)
    shapes_of: Callable[[str], CallbackShapes | None] = field(default=shapes_of, kw_only=True)
    background: set[asyncio.Task[None]] = field(default_factory=set, kw_only=True)
    in_turn: asyncio.Lock = field(default_factory=asyncio.Lock, kw_only=True)


@dataclass(frozen=True)
class Answer:
    """What a caller hears: status 201 (done), 202 (kept, done later) or 200 (the stored answer to a repetition)."""

    status: int
    body: Body
    location: str
