"""AES-256-GCM with a random 96-bit nonce in front of the ciphertext (NIST SP 800-38D, section 8.2.2)."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from liaison.keys.errors import DamagedCiphertext

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16


def encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """Encrypt ``plain`` under a 32-byte key.

    Args:
        key: 32 bytes.
        plain: What to hide.
        bound_to: Associated data; decryption succeeds only with the same bytes.

    Returns:
        nonce (12 bytes), ciphertext, tag (16 bytes).
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def decrypt(key: bytes, box: bytes, bound_to: bytes) -> bytes:
    """Undo ``encrypt``.

    Raises:
        DamagedCiphertext: the box was cut or altered, or key or ``bound_to`` are not those it was made with.
    """
    if len(box) < _NONCE_BYTES + _TAG_BYTES:
        raise DamagedCiphertext("ciphertext is too short")
    try:
        return AESGCM(key).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], bound_to)
    except InvalidTag:
        raise DamagedCiphertext("ciphertext does not belong to this key and place") from None


def bind(*parts: str | bytes) -> bytes:
    """Join parts into associated data, each behind its length so that no two lists give the same bytes."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
