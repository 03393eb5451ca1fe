"""The key of one request: when its wrapped form is erased, every text under it is unreadable for good."""

import os
from dataclasses import dataclass

from liaison.keys.cipher import KEY_BYTES, bind, decrypt, encrypt


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """A 32-byte AES-256 key kept only in memory; stored wrapped by the key ring.

    Attributes:
        secret: 32 bytes, never logged (the class has no ``repr`` of its fields).
    """

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")

    def seal(self, text: str, context: str) -> bytes:
        """Encrypt a text for one place.

        Args:
            text: Any text that UTF-8 can carry (no lone surrogates).
            context: The place it belongs to, such as reference and class of text; ``open`` needs the same.
        """
        return encrypt(self.secret, text.encode(), bind("data-key-text", context))

    def open(self, sealed: bytes, context: str) -> str:
        """Read what ``seal`` made.

        Raises:
            DamagedCiphertext: altered, another data key, or moved here from another place.
        """
        return decrypt(self.secret, sealed, bind("data-key-text", context)).decode()


def new_data_key() -> DataKey:
    """A fresh random data key."""
    return DataKey(os.urandom(KEY_BYTES))
