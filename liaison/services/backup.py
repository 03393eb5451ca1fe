"""A backup of one machine: Temporal's file first, then the book, so that the book is never the older one.

Keys are not in it: whoever finds a backup must not be able to read it, and what was erased must stay erased.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from liaison.db.copies import CopyFault, copy_online

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
KEYS: Final = "not in this backup: keep the key ring elsewhere; without it nothing personal can be read"
_CHUNK: Final = 1 << 20


class Part(StrEnum):
    """The two halves, in the order they are copied."""

    ENGINE = "engine"
    DATABASE = "database"


class BackupFault(Exception):
    """A backup cannot be made or used; the text is one sentence."""


class NoBackup(BackupFault):
    """There is none, or not a whole one."""


class PlaceTaken(BackupFault):
    """Something is there already."""


@dataclass(frozen=True)
class CopiedPart:
    """One half as the manifest lists it; instants in ISO 8601, UTC."""

    part: Part
    file: str
    bytes: int
    sha256: str
    began_at: str
    ended_at: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. It is written last: a folder without it is no backup."""

    parts: tuple[CopiedPart, ...]
    versions: Mapping[str, str]
    keys: str = KEYS
    format: int = FORMAT

    def part(self, wanted: Part) -> CopiedPart:
        """One of the halves.

        Raises:
            NoBackup: it is not in it.
        """
        for copied in self.parts:
            if copied.part is wanted:
                return copied
        raise NoBackup(f"The backup holds no {wanted}.")


def back_up(
    sources: Mapping[Part, Path], folder: Path, versions: Mapping[str, str], clock: Callable[[], datetime]
) -> Manifest:
    """Copy the files of a running or resting platform into a new folder.

    Args:
        sources: the SQLite file of each part.
        folder: where to; it is made (0700) and must hold nothing yet.
        versions: of the program, its schema and Temporal, for whoever restores.
        clock: for the manifest.

    Raises:
        PlaceTaken: the folder holds something.
        BackupFault: a file is missing, damaged or cannot be copied.
    """
    if folder.exists() and any(folder.iterdir()):
        raise PlaceTaken(f"{folder} is not empty; every backup has a folder of its own.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    copied = tuple(_copy(part, sources[part], folder, clock) for part in Part)
    manifest = Manifest(copied, versions)
    _write_durably(folder / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """What a folder holds, every file compared with its checksum.

    Raises:
        NoBackup: no manifest, or a file that it lists is missing.
        BackupFault: the manifest cannot be read, or a file was changed since.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = _manifest(content)
    except FileNotFoundError:
        raise NoBackup(f"{folder} holds no {MANIFEST}: it is no backup, or an unfinished one.") from None
    except (ValueError, KeyError, TypeError):
        raise BackupFault(f"{folder / MANIFEST} cannot be read.") from None
    for copied in manifest.parts:
        _verify(folder, copied)
    return manifest


def _copy(part: Part, source: Path, folder: Path, clock: Callable[[], datetime]) -> CopiedPart:
    target, began_at = folder / source.name, clock()
    if not source.exists():
        raise NoBackup(f"There is no {part} at {source} to back up.")
    try:
        copy_online(source, target)
    except CopyFault as fault:
        raise BackupFault(f"The {part} at {source} cannot be copied: {fault}.") from fault
    target.chmod(0o600)
    on_disk(target)
    return CopiedPart(
        part, target.name, target.stat().st_size, _sha256(target), began_at.isoformat(), clock().isoformat()
    )


def _manifest(content: dict[str, Any]) -> Manifest:
    if content["format"] != FORMAT:
        raise BackupFault(f"The backup is of format {content['format']}, this program reads {FORMAT}.")
    parts = tuple(CopiedPart(**{**copied, "part": Part(copied["part"])}) for copied in content["parts"])
    if any(Path(copied.file).name != copied.file for copied in parts):
        raise ValueError("a file of another folder")
    return Manifest(parts, content["versions"], content["keys"])


def _verify(folder: Path, copied: CopiedPart) -> None:
    path = folder / copied.file
    if not path.is_file():
        raise NoBackup(f"{path} is missing: the backup is not whole.")
    if path.stat().st_size != copied.bytes or _sha256(path) != copied.sha256:
        raise BackupFault(f"{path} was changed since the backup: its checksum is another.")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _write_durably(path: Path, text: str) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    on_disk(unfinished)
    unfinished.rename(path)
    on_disk(path.parent)


def on_disk(path: Path) -> None:
    """Have a file's bytes, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
