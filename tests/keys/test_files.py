"""The key ring on disk."""

import os
import stat
from pathlib import Path

import pytest

from liaison.keys import BadKeyRing, KeyRing, read_key_ring, write_key_ring


def test_written_once_readable_by_the_owner_only(tmp_path: Path) -> None:
    path, ring = tmp_path / "keys.json", KeyRing.generate()
    umask = os.umask(0)
    try:
        write_key_ring(path, ring)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key_ring(path) == ring
    assert os.listdir(tmp_path) == ["keys.json"]


def test_never_overwritten(tmp_path: Path) -> None:
    path, ring = tmp_path / "keys.json", KeyRing.generate()
    write_key_ring(path, ring)
    with pytest.raises(FileExistsError):
        write_key_ring(path, KeyRing.generate())
    assert read_key_ring(path) == ring
    assert os.listdir(tmp_path) == ["keys.json"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_key_ring(tmp_path / "keys.json", KeyRing.generate())
    assert os.listdir(tmp_path) == []


def test_a_missing_and_a_foreign_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_key_ring(tmp_path / "none.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(BadKeyRing):
        read_key_ring(tmp_path / "binary")
