"""Whose key it is, and what its bearer may see."""

import time

from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.db.access import find_api_key
from liaison.db.tables import ApiKey
from liaison.keys import BadApiKey, hash_secret, matches, split_api_key
from liaison.policy.roster import Roster, Staff
from liaison.policy.scope import Scope
from liaison.policy.words import Channel, KeyRole, StaffRole
from liaison.services.errors import Refused, Slug
from liaison.services.platform import KEY_CACHE_SECONDS, KnownKey, Platform

_NOBODY = hash_secret("")


async def scope_of(platform: Platform, bearer: str) -> Scope:
    """The scope of an API key ``jl_<id>_<secret>``.

    Raises:
        Refused: ``UNAUTHENTICATED``: not a key, unknown, another secret, expired, its person left the directory, or it
            is for the Case Filing Chamber of a primary court, which decides nothing. A caller cannot tell which.
    """
    try:
        key_id, secret = split_api_key(bearer)
    except BadApiKey:
        raise _unauthenticated() from None
    known = await _known_key(platform, key_id)
    # An unknown id costs the same comparison as a wrong secret.
    is_right = matches(secret, known.secret_hash if known else _NOBODY)
    if known is None or not is_right or known.expires_at <= platform.clock():
        raise _unauthenticated()
    return known.scope


async def _known_key(platform: Platform, key_id: str) -> KnownKey | None:
    known = platform.known_keys.get(key_id)
    if known is not None and time.monotonic() < known.fresh_until:
        return known
    async with platform.db.peek() as session:
        row = await find_api_key(session, key_id)
        scope = await _scope(platform, session, row) if row is not None else None
    if row is None or scope is None:
        # Strangers are not remembered: their guesses would fill the memory.
        platform.known_keys.pop(key_id, None)
        return None
    fresh_until = time.monotonic() + KEY_CACHE_SECONDS
    known = KnownKey(row.secret_hash, row.expires_at, scope, fresh_until)
    platform.known_keys[key_id] = known
    return known


async def _scope(platform: Platform, session: AsyncSession, row: ApiKey) -> Scope | None:
    scopes, channels = frozenset(row.scopes), frozenset(map(Channel, row.channels))
    if row.role is KeyRole.CHAMBER and not await _is_of_the_chamber(platform, session, row):
        return None
    if row.role not in (KeyRole.JUDGE, KeyRole.LEADER):
        return Scope(row.role, row.id, court=row.court, staff=row.staff, scopes=scopes, channels=channels)
    roster = await platform.rulebook.roster(session)
    person = roster.staff(row.staff) if row.staff else None
    if person is None:
        return None
    departments = departments_of(roster, person) if row.role is KeyRole.LEADER else ()
    return Scope(row.role, row.id, person.court, person.id, person.team, departments, scopes)


async def _is_of_the_chamber(platform: Platform, session: AsyncSession, row: ApiKey) -> bool:
    """Whether a chamber's key is for the Intermediate Court: one of a primary court may be older than that rule."""
    return row.court is None or (await platform.rulebook.roster(session)).is_intermediate(row.court)


def departments_of(roster: Roster, leader: Staff) -> tuple[tuple[str, str], ...]:
    """``(court, department)`` pairs a leader answers for: his own, those he is in charge of, or all of his court."""
    match leader.role:
        case StaffRole.PRESIDENT:
            codes = {department.code for department in roster.departments if department.court == leader.court}
        case StaffRole.DEPUTY_PRESIDENT:
            codes = set(leader.in_charge_of)
        case StaffRole.DEPARTMENT_LEADER if leader.department is not None:
            codes = {leader.department}
        case _:
            codes = set()
    return tuple((leader.court, code) for code in sorted(codes))


def _unauthenticated() -> Refused:
    return Refused(Slug.UNAUTHENTICATED, "密钥无效或已过期。", "The API key is unknown or expired.")
