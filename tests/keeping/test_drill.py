"""The drill: engine and book put back to different instants, made whole, and nobody is told anything twice (H32).

Real processes, as an operator runs them; the outbox's own log is the witness of what left.
"""

import asyncio
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from liaison.cli.exits import Exit
from liaison.db.engine import Database
from liaison.db.tables import PolicyVersion
from tests.e2e.platform import BIN, PATIENCE_SECONDS, Running, environment_in, start
from tests.scale import FULL

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not FULL, reason="minutes of real processes: make prove ONLY=H32"),
]

REPLY = "您的案件定于下周三上午九点在第五法庭开庭。"
JUDGE, TAKER = "0104-j01", "0104-j04"


@dataclass
class Place:
    """A folder whose platform starts and stops, and the command line beside it."""

    home: Path
    environment: dict[str, str]
    running: Running | None = None

    @property
    def up(self) -> Running:
        assert self.running is not None
        return self.running

    def start(self) -> Running:
        self.running = start(self.home, self.environment)
        return self.running

    def stop(self) -> None:
        if self.running is not None and self.running.process.poll() is None:
            assert self.running.stop() == 0
        self.running = None

    def liaison(self, *words: str) -> Any:
        """What a command prints as JSON; it must end well."""
        ended = self.ended(*words)
        assert ended.returncode == Exit.DONE, (words, ended.stderr)
        return json.loads(ended.stdout) if "--json" in words else ended.stdout

    def ended(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [BIN / "liaison", *words], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def verdict(self) -> str:
        """The doctor's, of the workflows."""
        found = json.loads(self.ended("doctor", "--json").stdout)["checks"]
        return next(f"{check['verdict']}: {check['says']}" for check in found if check["check"] == "workflows")

    def outbox(self) -> list[dict[str, str]]:
        log = self.home / "outbox.jsonl"
        return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []

    def answers(self) -> list[str]:
        """The keys of answers that reached a party."""
        return [line["key"] for line in self.outbox() if line["template"] == "answer"]


def wait_until(true: Callable[[], bool], says: Callable[[], object] = lambda: None) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < until, says()
        time.sleep(0.1)


def dispatched(request: dict[str, Any]) -> bool:
    return request["holder"] is not None


def closed(request: dict[str, Any]) -> bool:
    return request["stage"] == "closed"


def open_every_window(home: Path) -> None:
    """Parties may be told at any hour, so that the drill does not depend on when it is held."""

    async def work() -> None:
        db = Database(f"sqlite+aiosqlite:///{home / 'liaison.db'}")
        async with db.write() as session:
            packaged = (await session.get_one(PolicyVersion, 1)).policy
            windows = {**packaged["windows"], "party": [["00:00", "24:00"]]}
            messages = {**packaged["messages"], "daily_to_one_number": 100_000}
            policy = {**packaged, "version": 2, "windows": windows, "messages": messages}
            session.add(PolicyVersion(number=2, policy=policy, made_at=datetime.now(UTC)))
        await db.close()

    asyncio.run(work())


@dataclass
class Story:
    """What happened before the disaster: two backups, and what each of them knows."""

    place: Place
    first: Path
    second: Path
    answered: str
    """Replied to before the first backup; the party is told between the two."""
    moved: str
    """Open all the time; transferred, and lifted by a rung, between the two."""
    later: str
    """Registered between the two."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("drill")
    place = Place(folder / "home", environment_in(folder / "home"))
    try:
        yield tell(place, folder / "first", folder / "second")
    finally:
        place.stop()


def tell(place: Place, first: Path, second: Path) -> Story:
    up = place.start()
    open_every_window(place.home)
    answered, moved = (submit(up, number)["reference"] for number in (1, 2))
    place.liaison("sends", "freeze", "--reason", "the drill begins")
    reply(up, answered, JUDGE)
    place.liaison("backup", str(first), "--json")
    place.liaison("sends", "release")
    wait_until(lambda: len(place.answers()) == 1, place.outbox)
    later = submit(up, 3)["reference"]
    act(up, moved, JUDGE, "transfers", {"judge": TAKER, "reason": "另案由其审理"})
    wait_until(lambda: act(up, moved, TAKER, "sign-ins", {}) in (201, 202))
    up.wait_for(moved, lambda request: request["holder"]["id"] == TAKER)
    escalate(up, moved)
    place.liaison("backup", str(second), "--json")
    place.stop()
    return Story(place, first, second, answered, moved, later)


def submit(up: Running, number: int) -> dict[str, Any]:
    case = f"（2026）粤0104民初{7000 + number}号"
    reference = up.submit(f"drill-{number}", case_number=case, judge=JUDGE)["reference"]
    return up.wait_for(reference, dispatched)


def act(up: Running, reference: str, judge: str, what: str, body: dict[str, Any]) -> int:
    key = up.credentials["judge_keys"][judge]
    return up.call("POST", f"/v1/requests/{reference}/{what}", key, body, f"{what}-{time.monotonic_ns()}").status_code


def reply(up: Running, reference: str, judge: str) -> None:
    assert act(up, reference, judge, "replies", {"kind": "text", "text": REPLY}) == 201
    assert up.wait_for(reference, closed)["outcome"] == "replied"


def escalate(up: Running, reference: str) -> None:
    body = json.dumps({"by": "operator-1", "reason": "the party is at the counter"})
    up.temporal("workflow", "signal", "-w", f"request-{reference}", "--name", "escalate", "--input", body)
    up.wait_for(reference, lambda request: request["supervision"] is not None)


def escalations(up: Running, reference: str) -> int:
    events = up.call("GET", f"/v1/requests/{reference}/events?limit=100", up.credentials["clerk_key"]).json()["items"]
    return [event["kind"] for event in events].count("escalated")


def make_whole(place: Place) -> list[str]:
    """What the operator does after every restore; the references that were mended."""
    # What is younger than a minute may still be on its way, so the doctor says nothing of it.
    wait_until(lambda: place.verdict().startswith("failed"), place.verdict)
    assert "repair --all" in place.verdict()
    mended = [item["reference"] for item in place.liaison("repair", "--all", "--json")["items"]]
    wait_until(lambda: place.verdict().startswith("ok"), place.verdict)
    return mended


def test_an_engine_older_than_the_book(story: Story) -> None:
    place = story.place
    before = place.outbox()
    restored = place.liaison("restore", str(story.second), "--engine", str(story.first), "--replace", "--json")
    assert restored["open_requests"] == 2 and Path(restored["moved_aside"]).is_dir()
    up = place.start()
    assert place.liaison("sends", "status", "--json")["frozen"] is True
    assert story.moved in make_whole(place)

    assert up.show(story.answered)["outcome"] == "replied"
    moved = up.show(story.moved)
    assert (moved["holder"]["id"], moved["supervision"]["rung"]) == (TAKER, 1)
    assert dispatched(up.show(story.later))
    reply(up, story.moved, TAKER)
    assert escalations(up, story.moved) == 1
    time.sleep(3)
    assert place.outbox() == before, "nothing leaves while frozen"

    place.liaison("sends", "release")
    wait_until(lambda: len(place.answers()) == 2, place.outbox)
    settled(place)
    assert set(Counter(line["key"] for line in place.outbox()).values()) == {1}
    assert len(place.answers()) == 2
    place.stop()


def test_a_book_older_than_the_engine(story: Story) -> None:
    place = story.place
    told = Counter(line["key"] for line in place.outbox())
    restored = place.liaison("restore", str(story.first), "--engine", str(story.second), "--replace", "--json")
    assert restored["open_requests"] == 1
    up = place.start()
    assert sorted(make_whole(place)) == sorted([story.moved, story.later]), "one begins anew, one is unknown and ends"

    assert up.show(story.moved)["holder"]["id"] == JUDGE, "the book is what counts"
    assert up.call("GET", f"/v1/requests/{story.later}", up.credentials["clerk_key"]).status_code == 404
    assert place.liaison("sends", "status", "--json")["reserved"] >= 1, "the book believes the party was not told"
    escalate(up, story.moved)
    place.liaison("sends", "release")
    settled(place)
    again = Counter(line["key"] for line in place.outbox())
    assert set(again.values()) == {1} and again.keys() == told.keys(), "all of it was told before"

    submit(up, 3)
    reply(up, story.moved, JUDGE)
    wait_until(lambda: len(place.answers()) == 3, place.outbox)
    assert set(Counter(line["key"] for line in place.outbox()).values()) == {1}
    place.stop()


def settled(place: Place) -> None:
    """Wait until no message to a party waits; those to staff may wait for working hours."""
    up = place.up

    def waiting() -> list[str]:
        page = up.call("GET", "/v1/messages?limit=100", up.credentials["clerk_key"]).json()["items"]
        return [item["state"] for item in page if item["recipient"] == "party"]

    wait_until(lambda: set(waiting()) <= {"delivered"}, waiting)


def test_a_backup_says_what_it_holds_and_holds_no_key(story: Story) -> None:
    manifest = json.loads((story.second / "manifest.json").read_text("utf-8"))
    assert [part["part"] for part in manifest["parts"]] == ["engine", "database"]
    assert manifest["parts"][0]["ended_at"] <= manifest["parts"][1]["began_at"]
    assert {path.name for path in story.second.iterdir()} == {"manifest.json", "temporal.db", "liaison.db"}
    assert manifest["versions"]["revision"] and manifest["versions"]["judge-liaison"]
    assert "keep the key ring elsewhere" in manifest["keys"]
