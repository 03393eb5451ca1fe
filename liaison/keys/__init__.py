"""Keys and ciphers; a leaf that knows nothing of requests (design section 2)."""

from liaison.keys.api_keys import ApiKey, hash_secret, matches, new_api_key, split_api_key
from liaison.keys.data_key import DataKey, new_data_key
from liaison.keys.errors import BadApiKey, BadKeyRing, DamagedCiphertext, KeysError, UnknownKey
from liaison.keys.files import read_key_ring, write_key_ring
from liaison.keys.ring import KeyRing

__all__ = [
    "ApiKey",
    "BadApiKey",
    "BadKeyRing",
    "DamagedCiphertext",
    "DataKey",
    "KeyRing",
    "KeysError",
    "UnknownKey",
    "hash_secret",
    "matches",
    "new_api_key",
    "new_data_key",
    "read_key_ring",
    "split_api_key",
    "write_key_ring",
]
