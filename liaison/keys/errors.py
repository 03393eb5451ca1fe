"""What can go wrong with keys; every message is free of key material and of the text it was meant to protect."""


class KeysError(Exception):
    """Base of every error raised in ``liaison.keys``."""


class BadKeyRing(KeysError):
    """The key ring file or its content is not a key ring."""


class UnknownKey(KeysError):
    """A ciphertext names a key that this ring does not hold."""


class DamagedCiphertext(KeysError):
    """A ciphertext was cut, altered, made for another place or under another key."""


class BadApiKey(KeysError):
    """A text is not an API key of the shape ``jl_<id>_<secret>``, or an id cannot be part of one."""
