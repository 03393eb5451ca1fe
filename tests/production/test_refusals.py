"""H20: a production process that would work with the wrong database ends with 6 and one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command

from liaison.db.engine import Database
from liaison.db.schema import _config, upgrade
from liaison.db.seeding import put_api_keys
from liaison.keys import KeyRing, write_key_ring
from liaison.policy.words import KeyRole
from liaison.services.sample_keys import LIFETIME, Bearer
from tests.city import LONG_AFTER
from tests.e2e.platform import ROOT
from tests.production.installation import settings_free

PROCESSES = ("api.app", "worker")


def ended(module: str, home: Path, url: str) -> tuple[int, str]:
    """Exit code and standard error of a process that must not start."""
    environment = settings_free() | {
        "LIAISON_PROFILE": "production",
        "LIAISON_HOME": str(home),
        "LIAISON_DATABASE_URL": url,
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
    }
    process = subprocess.run(
        [sys.executable, "-P", "-m", module], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    return process.returncode, process.stderr


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_key_ring(tmp_path / "key-ring.json", KeyRing.generate())
    return tmp_path


@pytest.mark.parametrize("module", PROCESSES)
def test_another_revision_is_refused(module: str, home: Path) -> None:
    url = f"sqlite+aiosqlite:///{home / 'liaison.db'}"
    command.upgrade(_config(url), "0001")
    code, said = ended(module, home, url)
    assert (code, len(said.splitlines())) == (6, 1), said
    assert "revision 0001" in said


@pytest.mark.parametrize("module", PROCESSES)
async def test_sample_keys_are_refused(module: str, home: Path) -> None:
    url = f"sqlite+aiosqlite:///{home / 'liaison.db'}"
    upgrade(url)
    db = Database(url)
    async with db.write() as session:
        await put_api_keys(session, [Bearer("clerk", KeyRole.CLERK).row("secret", LONG_AFTER + LIFETIME)])
    await db.close()
    code, said = ended(module, home, url)
    assert (code, len(said.splitlines())) == (6, 1), said
    assert "sample keys" in said


@pytest.mark.parametrize("module", PROCESSES)
def test_a_database_that_is_away_is_one_sentence_without_its_password(module: str, home: Path) -> None:
    code, said = ended(module, home, "postgresql+psycopg://clerk:s3cret@127.0.0.1:1/liaison")
    assert (code, len(said.splitlines())) == (6, 1), said
    assert "LIAISON_DATABASE_URL" in said and "s3cret" not in said
