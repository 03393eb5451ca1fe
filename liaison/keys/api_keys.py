"""API keys ``jl_<id>_<secret>``: the id finds the row, the row holds only the secret's hash.

The secret has 256 random bits, so one plain SHA-256 is enough: there is nothing to guess and nothing to slow down.
"""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

from liaison.keys.errors import BadApiKey

_SECRET_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_KEY = re.compile(rf"jl_({_ID.pattern})_([0-9a-f]{{{2 * _SECRET_BYTES}}})")


class ApiKey(NamedTuple):
    """The two halves of an API key: ``key_id`` (public) and ``secret`` (64 hex digits)."""

    key_id: str
    secret: str


def new_api_key(key_id: str) -> str:
    """A fresh key for an id of letters, digits and hyphens, at most 64; shown once, never stored.

    Raises:
        BadApiKey: the id holds something else, an underscore for one.
    """
    if not _ID.fullmatch(key_id):
        raise BadApiKey("an API key's id is 1 to 64 letters, digits and hyphens, and starts with no hyphen")
    return f"jl_{key_id}_{secrets.token_hex(_SECRET_BYTES)}"


def split_api_key(api_key: str) -> ApiKey:
    """Take an API key apart.

    Raises:
        BadApiKey: another shape; the message never quotes the text.
    """
    found = _KEY.fullmatch(api_key)
    if not found:
        raise BadApiKey("an API key looks like jl_<id>_<secret>")
    return ApiKey(found[1], found[2])


def hash_secret(secret: str) -> str:
    """What the database keeps: SHA-256 of the secret in 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, stored_hash: str) -> bool:
    """Whether the secret is the one whose hash is stored, in time that does not depend on the answer."""
    return hmac.compare_digest(hash_secret(secret).encode(), stored_hash.encode())
