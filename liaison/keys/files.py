"""The key ring on disk: written once, readable by its owner only, never overwritten."""

import os
import secrets
from pathlib import Path

from liaison.keys.errors import BadKeyRing
from liaison.keys.ring import KeyRing


def read_key_ring(path: Path) -> KeyRing:
    """Read a key ring file.

    Raises:
        FileNotFoundError: there is none.
        BadKeyRing: the file is something else.
    """
    try:
        return KeyRing.from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadKeyRing("this is not a key ring") from None


def write_key_ring(path: Path, ring: KeyRing) -> None:
    """Write a new key ring file, mode 0600, whole or not at all, on disk when this returns.

    Raises:
        FileExistsError: there is one already; a lost key ring is lost data, so it is never replaced.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(ring.to_json())
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails when the name is taken.
        os.link(scratch, path)
    finally:
        scratch.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
