"""The README typed from top to bottom, against a platform of its own: every command succeeds, in its order."""

import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from liaison.settings import load_settings
from tests.docs.markdown import ROOT, blocks
from tests.e2e.platform import BIN, EXAMPLE, Running, running

NOT_TYPED_HERE = {"make run\nmake test\n": "the platform runs already, and this is make test"}
DEMO = "make demo\n"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("readme") / "home") as platform:
        yield platform


def addressed(block: str, platform: Running) -> str:
    """The block for a platform in another folder, on other ports, in this environment."""
    default = load_settings()
    credentials = platform.credentials
    for written, here in (
        (default.api_url, credentials["api_url"]),
        (default.temporal_address, credentials["temporal_address"]),
        (".liaison/", f"{platform.home}/"),
        (".venv/bin/", f"{BIN}/"),
        ("make demo", f"{BIN}/liaison demo"),
    ):
        block = block.replace(written, here)
    return block


def typed(script: str, platform: Running) -> str:
    """What bash prints; a command that fails ends it."""
    ended = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        cwd=ROOT,
        env={**platform.environment, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=270,
    )
    assert ended.returncode == 0, (ended.stdout[-3000:], ended.stderr[-3000:])
    return ended.stdout


@pytest.mark.timeout(300)
def test_the_whole_readme(platform: Running) -> None:
    wanted = [block for block in blocks("README.md") if block not in NOT_TYPED_HERE and not block.startswith(DEMO)]
    assert len(wanted) >= 9
    shown = typed("\n".join(addressed(block, platform) for block in wanted), platform)

    assert "awaiting reply 待答复" in shown, "Temporal's details, without a codec server"
    assert "Signal workflow succeeded" in shown
    assert len(re.findall(r"^outcome +replied", shown, re.MULTILINE)) == 3, "by HTTP, short message and signal"
    assert EXAMPLE["content"] in shown, "the leader's inbox holds the full text"
    assert '"due_on": "2026-09-30"' in shown
    assert {item["outcome"] for item in _all_requests(platform)} == {"replied", "withdrawn"}, "nothing is left open"


def test_a_first_request_sent_before_is_no_hindrance(platform: Running) -> None:
    """``make first-request`` leaves one open, to which the README's first is attached."""
    sent = typed("make --no-print-directory first-request", platform)
    found = re.search(r"next 下一步: \.venv/bin/liaison show (\S+)", sent)
    assert found is not None, "the platform stays: there is nothing to start"
    main = found[1]
    to_the_first_reply = blocks("README.md")[1:5]
    assert "/replies" in to_the_first_reply[-1]
    shown = typed("\n".join(addressed(block, platform) for block in to_the_first_reply), platform)
    assert f'"attached_to":"{main}"' in shown
    assert platform.show(main)["outcome"] == "replied"


def test_the_demo(platform: Running) -> None:
    (demo,) = [block for block in blocks("README.md") if block.startswith(DEMO)]
    shown = typed(addressed(demo, platform), platform)
    assert "president of the Intermediate Court 中级人民法院院长" in shown


def test_what_is_not_typed_here_is_still_written_there() -> None:
    assert set(NOT_TYPED_HERE) <= set(blocks("README.md"))


def _all_requests(platform: Running) -> list[dict[str, object]]:
    page = platform.call("GET", "/v1/requests?limit=100", platform.credentials["clerk_key"]).json()
    items: list[dict[str, object]] = page["items"]
    return items
