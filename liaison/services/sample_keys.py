"""Who gets an API key in the local profile, and how the keys of an earlier start are kept (issue line L05)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from liaison.db.tables import ApiKey
from liaison.keys import BadApiKey, hash_secret, matches, new_api_key, split_api_key
from liaison.policy.roster import Roster, Staff, StaffStatus
from liaison.policy.words import Channel, KeyRole, StaffRole
from liaison.services.credentials import Credentials

PREFIX: Final = "sample-"
"""How the id of every sample key begins; the production profile refuses such keys."""

LIFETIME: Final = timedelta(days=30)
README_COURT: Final = "0104"
"""The court of the README's example; its judges stand first in the file."""

LEADERS: Final = (StaffRole.DEPARTMENT_LEADER, StaffRole.DEPUTY_PRESIDENT, StaffRole.PRESIDENT)
READ_MESSAGES: Final = "messages:read"
_NUMBERS: Final = (1, 2)


@dataclass(frozen=True)
class Bearer:
    """Somebody who gets a key. ``name`` is his id in the credentials file and, after ``PREFIX``, in the book."""

    name: str
    role: KeyRole
    court: str | None = None
    staff: str | None = None
    channels: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    @property
    def key_id(self) -> str:
        """The same at every renewal: what a channel submitted under its old key stays its own."""
        return PREFIX + self.name

    def row(self, secret: str, expires_at: datetime) -> ApiKey:
        """What the book keeps of a key."""
        return ApiKey(
            id=self.key_id,
            secret_hash=hash_secret(secret),
            role=self.role,
            court=self.court,
            staff=self.staff,
            channels=list(self.channels),
            scopes=list(self.scopes),
            expires_at=expires_at,
        )


def bearers(roster: Roster) -> list[Bearer]:
    """Everybody who gets a key: one channel, one clerk, every judge and leader, two operators, two of the chamber."""
    people = sorted((p for p in roster.people if p.status is not StaffStatus.VACANT), key=_readme_first)
    return [
        Bearer("channel", KeyRole.CHANNEL, channels=tuple(Channel)),
        Bearer("clerk", KeyRole.CLERK, scopes=(READ_MESSAGES,)),
        *(Bearer(p.id, KeyRole.JUDGE, p.court, p.id) for p in people if p.role is StaffRole.JUDGE),
        *(Bearer(p.id, KeyRole.LEADER, p.court, p.id) for p in people if p.role in LEADERS),
        *(Bearer(f"operator-{n}", KeyRole.OPERATOR, scopes=(READ_MESSAGES,)) for n in _NUMBERS),
        *(Bearer(f"chamber-{n}", KeyRole.CHAMBER, scopes=(READ_MESSAGES,)) for n in _NUMBERS),
    ]


def kept_keys(old: Credentials | None, rows: Mapping[str, ApiKey], now: datetime) -> dict[str, str]:
    """The keys of the file that still open the door, by key id: known to the book, of the same secret, not expired."""
    return dict(_still_good(old.all_keys() if old else [], rows, now))


def fresh_key(bearer: Bearer, now: datetime) -> tuple[str, ApiKey]:
    """A new key and what the book keeps of it."""
    key = new_api_key(bearer.key_id)
    return key, bearer.row(split_api_key(key).secret, now + LIFETIME)


def credentials_of(everybody: list[Bearer], keys: Mapping[str, str], addresses: Mapping[str, str]) -> Credentials:
    """The file's content from the keys by key id."""

    def of(role: KeyRole) -> dict[str, str]:
        return {bearer.name: keys[bearer.key_id] for bearer in everybody if bearer.role is role}

    return Credentials(
        **addresses,
        channel_key=of(KeyRole.CHANNEL)["channel"],
        clerk_key=of(KeyRole.CLERK)["clerk"],
        judge_keys=of(KeyRole.JUDGE),
        leader_keys=of(KeyRole.LEADER),
        operator_keys=of(KeyRole.OPERATOR),
        chamber_keys=of(KeyRole.CHAMBER),
    )


def _readme_first(person: Staff) -> bool:
    return person.court != README_COURT


def _still_good(keys: list[str], rows: Mapping[str, ApiKey], now: datetime) -> Iterator[tuple[str, str]]:
    for key in keys:
        try:
            key_id, secret = split_api_key(key)
        except BadApiKey:
            continue
        row = rows.get(key_id)
        if row is not None and row.expires_at > now and matches(secret, row.secret_hash):
            yield key_id, key
