"""The key ring: several AES-256 keys by id, one of them current, and a root for keyed hashes.

New ciphertexts are made with the current key; older ones name the key they need, so rotation never
rewrites a row. The root for keyed hashes does not rotate: a phone must hash to the same value for ever.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from liaison.keys.cipher import KEY_BYTES, bind, decrypt, encrypt
from liaison.keys.data_key import DataKey
from liaison.keys.errors import BadKeyRing, DamagedCiphertext, UnknownKey

_KEY_ID = re.compile(r"[a-z0-9-]{1,32}")
_FORMAT = 1


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """Keys by id with one current; no ``repr`` of its fields, so that a traceback shows no key.

    Attributes:
        current: Id of the key that encrypts; one of ``keys``.
        keys: Key id (lower-case letters, digits, hyphens; at most 32) to 32 bytes.
        mac_root: 32 bytes from which the keys of ``mac`` are derived.

    Raises:
        BadKeyRing: a length, an id or the current id is wrong.
    """

    current: str
    keys: Mapping[str, bytes]
    mac_root: bytes

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise BadKeyRing("the current key is not in the key ring")
        if not all(_KEY_ID.fullmatch(key_id) for key_id in self.keys):
            raise BadKeyRing("key ids are 1 to 32 lower-case letters, digits and hyphens")
        if any(len(secret) != KEY_BYTES for secret in (*self.keys.values(), self.mac_root)):
            raise BadKeyRing(f"every key has {KEY_BYTES} bytes")

    @classmethod
    def generate(cls) -> "KeyRing":
        """A ring of one random key and a random root."""
        key_id = _new_key_id()
        return cls(key_id, {key_id: os.urandom(KEY_BYTES)}, os.urandom(KEY_BYTES))

    def rotated(self) -> "KeyRing":
        """The same ring with a fresh current key; the older keys still read, keyed hashes do not change."""
        key_id = _new_key_id()
        return KeyRing(key_id, {**self.keys, key_id: os.urandom(KEY_BYTES)}, self.mac_root)

    def to_json(self) -> str:
        """The ring as JSON: ``{version, current, keys: {id: base64}, mac_root: base64}``. Secret."""
        keys = {key_id: base64.b64encode(secret).decode() for key_id, secret in self.keys.items()}
        root = base64.b64encode(self.mac_root).decode()
        return json.dumps({"version": _FORMAT, "current": self.current, "keys": keys, "mac_root": root}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> "KeyRing":
        """Read what ``to_json`` wrote.

        Raises:
            BadKeyRing: not JSON, another version, a field missing or of the wrong shape.
        """
        try:
            data = json.loads(text)
            if data["version"] != _FORMAT:
                raise BadKeyRing("the key ring has a version this program does not know")
            keys = {key_id: base64.b64decode(secret, validate=True) for key_id, secret in data["keys"].items()}
            return cls(data["current"], keys, base64.b64decode(data["mac_root"], validate=True))
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            # Without its cause: the parser's message could quote a line of key material.
            raise BadKeyRing("this is not a key ring") from None

    def encrypt(self, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt under the current key; the caller keeps ``current`` beside the result."""
        return encrypt(self.keys[self.current], plain, bind(self.current, bound_to))

    def decrypt(self, key_id: str, box: bytes, bound_to: bytes) -> bytes:
        """Undo ``encrypt``.

        Raises:
            UnknownKey: ``key_id`` is not in this ring.
            DamagedCiphertext: cut, altered, or bound to something else.
        """
        secret = self.keys.get(key_id)
        if secret is None:
            raise UnknownKey(f"key {key_id[:32]!a} is not in the key ring")
        return decrypt(secret, box, bind(key_id, bound_to))

    def seal(self, text: str, context: str) -> bytes:
        """Encrypt a text that belongs to no request (directory contacts), bound to its place."""
        return self._framed(text.encode(), bind("text", context))

    def open(self, sealed: bytes, context: str) -> str:
        """Read what ``seal`` made. Raises as ``decrypt``."""
        return self._unframed(sealed, bind("text", context)).decode()

    def wrap(self, data_key: DataKey, context: bytes) -> bytes:
        """A data key as it may be stored, bound to its row."""
        return self._framed(data_key.secret, bind("data-key", context))

    def unwrap(self, wrapped: bytes, context: bytes) -> DataKey:
        """Read what ``wrap`` made. Raises as ``decrypt``."""
        return DataKey(self._unframed(wrapped, bind("data-key", context)))

    def mac(self, purpose: str, text: str) -> str:
        """Keyed hash for equality search (phones, case numbers, query fingerprints).

        Args:
            purpose: Names the use; the same text gives unrelated values for two purposes.
            text: The normalised text.

        Returns:
            HMAC-SHA256 in 64 hex digits under a key derived from the root (RFC 5869), the same after rotation.
        """
        key = HKDF(SHA256(), KEY_BYTES, salt=None, info=bind("mac", purpose)).derive(self.mac_root)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _framed(self, plain: bytes, bound_to: bytes) -> bytes:
        key_id = self.current.encode()
        return bytes([_FORMAT, len(key_id)]) + key_id + self.encrypt(plain, bound_to)

    def _unframed(self, framed: bytes, bound_to: bytes) -> bytes:
        if len(framed) < 2 or framed[0] != _FORMAT:
            raise DamagedCiphertext("ciphertext has no known header")
        end = 2 + framed[1]
        return self.decrypt(framed[2:end].decode("ascii", "replace"), framed[end:], bound_to)


def _new_key_id() -> str:
    return f"k-{secrets.token_hex(4)}"
