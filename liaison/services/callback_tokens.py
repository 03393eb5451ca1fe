"""Tokens of callback addresses: shown once, kept as a hash, two good at a time so that a provider can be moved over."""

import secrets
from collections.abc import Callable
from datetime import datetime

from ulid import ULID

from liaison.db.callbacks import LIVE_TOKENS, all_tokens, count_live_tokens, find_token
from liaison.db.engine import Database
from liaison.db.tables import CallbackToken
from liaison.gateways.sms.choice import shapes_of
from liaison.keys import hash_secret

_BYTES = 32


class TokenRefused(Exception):
    """Why a token is not made or revoked; one sentence."""


async def new_token(db: Database, gateway: str, now: datetime, hand_over: Callable[[str], None]) -> CallbackToken:
    """Make a token and hand it over before it is good: nobody can ever be shown it again.

    Raises:
        TokenRefused: No such gateway, or two of its tokens are good already.
    """
    if shapes_of(gateway) is None:
        raise TokenRefused(f"There is no gateway {gateway!r} that could call us.")
    token = secrets.token_urlsafe(_BYTES)
    row = CallbackToken(id=str(ULID.from_datetime(now)), gateway=gateway, token_hash=hash_secret(token), made_at=now)
    async with db.write() as session:
        if await count_live_tokens(session, gateway) >= LIVE_TOKENS:
            raise TokenRefused(f"{gateway} has {LIVE_TOKENS} good tokens already; revoke one first.")
        session.add(row)
        await session.flush()
        hand_over(token)
    return row


async def revoke_token(db: Database, token_id: str, now: datetime) -> CallbackToken:
    """Make an address no good; repeating it changes nothing.

    Raises:
        TokenRefused: No such token.
    """
    async with db.write() as session:
        row = await find_token(session, token_id)
        if row is None:
            raise TokenRefused("There is no such token.")
        row.revoked_at = row.revoked_at or now
    return row


async def list_tokens(db: Database) -> list[CallbackToken]:
    """Every token there ever was, oldest first; their hashes say nothing of them."""
    async with db.read() as session:
        return list(await all_tokens(session))
