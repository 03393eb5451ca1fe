"""H20: ``liaison db upgrade|check|current`` on both databases; two upgrades of one new database both succeed."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from liaison.db.schema import head_revision
from tests.e2e.platform import BIN
from tests.production.installation import settings_free

TOGETHER = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'book' / 'liaison.db'}"
    new_database: Callable[[], str] = request.getfixturevalue("new_database")
    return new_database()


def begin(url: str, home: Path, word: str) -> "subprocess.Popen[str]":
    environment = settings_free() | {"LIAISON_HOME": str(home), "LIAISON_DATABASE_URL": url}
    command = [BIN / "liaison", "db", word]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    return process.returncode, out + err


def test_upgrades_at_once_wait_for_one_another(url: str, tmp_path: Path) -> None:
    first, before = ended(begin(url, tmp_path, "check")), ended(begin(url, tmp_path, "current"))
    assert first[0] == 6 and len(first[1].splitlines()) == 1
    assert before[0] == 0 and "none" in before[1]
    upgrades = [begin(url, tmp_path, "upgrade") for _ in range(TOGETHER)]
    results = [ended(process) for process in upgrades]
    assert [code for code, _ in results] == [0] * TOGETHER, results
    assert len({said for _, said in results}) == 1
    assert ended(begin(url, tmp_path, "check")) == (0, f"revision {head_revision()}\n")


def test_the_lock_of_an_sqlite_upgrade_is_for_its_owner_only(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'liaison.db'}"
    assert ended(begin(url, tmp_path, "upgrade"))[0] == 0
    (lock,) = tmp_path.glob("*.upgrade-lock")
    assert os.stat(lock).st_mode & 0o777 == 0o600
