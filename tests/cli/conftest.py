"""A provisioned folder, the real API on a free port without Temporal behind it, and the command in this process."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from liaison.cli.main import app
from liaison.db.engine import Database
from liaison.db.tables import Request
from liaison.policy.words import HolderKind, Stage
from liaison.services.provisioning import prepare_local
from liaison.settings import Settings
from tests.ports import free_port

Liaison = Callable[..., Result]


@dataclass(frozen=True)
class Place:
    """A folder of the local profile and the variables that lead to it."""

    settings: Settings
    environment: Mapping[str, str]


def make_place(home: Path) -> Place:
    """A provisioned folder with ports of its own."""
    ports = {f"LIAISON_{name}_PORT": str(free_port()) for name in ("API", "TEMPORAL", "TEMPORAL_UI")}
    settings = Settings(
        home=home,
        api_port=int(ports["LIAISON_API_PORT"]),
        temporal_port=int(ports["LIAISON_TEMPORAL_PORT"]),
        temporal_ui_port=int(ports["LIAISON_TEMPORAL_UI_PORT"]),
    )
    asyncio.run(prepare_local(settings, lambda: datetime.now(UTC)))
    return Place(settings, {"LIAISON_HOME": str(home), **ports})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One folder for the tests of a module."""
    return make_place(tmp_path_factory.mktemp("local") / "home")


@pytest.fixture(scope="module")
def served(place: Place) -> Iterator[Place]:
    """The same folder with the API running; Temporal is down, as it may be."""
    environment = {**_without_settings(), **place.environment, "LIAISON_LOG_LEVEL": "error"}
    api = subprocess.Popen([sys.executable, "-P", "-m", "api.app"], env=environment)
    try:
        _wait_for(place.settings.api_url + "/livez")
        yield place
    finally:
        api.terminate()
        api.wait(10)


@pytest.fixture
def liaison(place: Place) -> Liaison:
    """Runs ``liaison`` with arguments, input and further variables, in this process."""
    return lambda *words, **given: run(place.environment, *words, **given)


def run(variables: Mapping[str, str], *words: str, text: str = "", env: Mapping[str, str] | None = None) -> Result:
    """Run the command as if only ``variables`` and ``env`` of ours were set; English unless ``env`` says else."""
    unset = {name: None for name in os.environ if name.startswith(("LIAISON_", "LC_", "LANG"))}
    return CliRunner().invoke(app, words, input=text.encode(), env={**unset, "LANG": "C", **variables, **(env or {})})


def give_to(place: Place, reference: str, judge: str) -> None:
    """Let a judge of the First Civil Chamber hold a request, as a worker would."""

    async def work() -> None:
        db = Database(place.settings.database_url.get_secret_value())
        async with db.write() as session:
            request = (await session.exec(select(Request).where(Request.reference == reference))).one()
            request.holder_id, request.holder_kind, request.department = judge, HolderKind.JUDGE, "0104-d-civil1"
            request.holder_post, request.holder_team, request.stage = "Judge 法官", "t1", Stage.AWAITING_REPLY
            request.work_order, request.run_id = 1, "a-run"
            session.add(request)
        await db.close()

    asyncio.run(work())


def a_request(phone: str = "13800138000", **changes: Any) -> dict[str, Any]:
    """The README's request."""
    return {
        "channel": "web",
        "court": "0104",
        "category": "judge_contact",
        "content": "请问我的案件何时开庭？",
        "party": {"name": "张三", "phone": phone, "role": "party", "language": "zh-CN"},
        **changes,
    }


def _without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx2.get(url, trust_env=False).is_success:
                return
        except httpx2.TransportError:
            pass
        assert time.monotonic() < deadline, "the API did not start"
        time.sleep(0.1)
