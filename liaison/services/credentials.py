"""``credentials.json`` of the local profile: addresses and sample keys, the one place where their secrets are."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

_ONE: Final = ("channel_key", "clerk_key")
_MANY: Final = ("judge_keys", "leader_keys", "operator_keys", "chamber_keys")
_ADDRESSES: Final = ("api_url", "temporal_address", "temporal_ui_url")


class BadCredentials(ValueError):
    """The file is not what ``write_credentials`` wrote; the message never quotes it."""


@dataclass(frozen=True)
class Credentials:
    """What a person at this machine needs. Keys are secrets, hence in no ``repr``; ``*_keys`` are by id."""

    api_url: str
    temporal_address: str
    temporal_ui_url: str
    channel_key: str = field(repr=False)
    clerk_key: str = field(repr=False)
    judge_keys: dict[str, str] = field(repr=False)
    leader_keys: dict[str, str] = field(repr=False)
    operator_keys: dict[str, str] = field(repr=False)
    chamber_keys: dict[str, str] = field(repr=False)

    def all_keys(self) -> list[str]:
        """Every key of the file."""
        many = (getattr(self, name).values() for name in _MANY)
        return [self.channel_key, self.clerk_key, *(key for keys in many for key in keys)]


def read_credentials(path: Path) -> Credentials:
    """Read the file.

    Raises:
        FileNotFoundError: There is none.
        BadCredentials: It is something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        # Without its cause: the parser's message could quote a key.
        raise BadCredentials("this is not a credentials file") from None
    if not isinstance(data, dict) or data.keys() != set(Credentials.__dataclass_fields__) or not _is_sound(data):
        raise BadCredentials("this is not a credentials file")
    return Credentials(**data)


def write_credentials(path: Path, credentials: Credentials) -> None:
    """Replace the file, mode 0600, whole or not at all, on disk when this returns.

    The caller holds the folder's lock. The scratch file has one name, so that a killed write leaves no second copy of
    secrets behind for longer than until the next one.
    """
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(credentials), file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_sound(data: dict[str, Any]) -> bool:
    texts = [data[name] for name in _ADDRESSES + _ONE]
    for name in _MANY:
        if not isinstance(data[name], dict):
            return False
        texts += data[name].values()
    return all(isinstance(text, str) for text in texts)
