"""H20: two APIs and three workers on one PostgreSQL, killed at random as Temporal's server is: nothing is lost, nothing
happens twice."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlmodel import select
from temporalio.client import Client, WorkflowExecutionStatus

from liaison.contract.names import WorkflowName, request_workflow_id
from liaison.db.engine import Database
from liaison.db.tables import Event, Message, RungRecord
from liaison.policy.message_words import MessageState
from liaison.policy.words import EventKind
from liaison.settings import Settings
from liaison.supervisor.programs import temporal_spec
from liaison.temporal import wait_until_serving
from tests.city import TEMPORAL
from tests.pauses import Pauses
from tests.ports import free_ports
from tests.production.installation import Installation, Process
from tests.production.traffic import JUDGE, PATIENCE_SECONDS, Traffic
from tests.scale import scaled
from tests.services.temporal import until

REQUESTS = scaled(16, 1000)
KILLS = scaled(1, 5)
"""Of an API, and as many of a worker, in each of the two halves; Temporal's server dies once in each."""
AT_ONCE = 16
ONCE_EACH = (
    EventKind.REGISTERED,
    EventKind.STARTED,
    EventKind.DISPATCHED,
    EventKind.ESCALATED,
    EventKind.REPLY_RECEIVED,
)


@pytest.fixture
def temporal(tmp_path: Path) -> Iterator[Process]:
    """A Temporal server whose state is in a file, so that it may be killed."""
    port, ui = free_ports(2)
    spec = temporal_spec(Settings(home=tmp_path, temporal_port=port, temporal_ui_port=ui), Path(TEMPORAL))
    server = Process(spec.command, dict(spec.environment), tmp_path / "temporal.log")
    server.start()
    yield server
    server.running.kill()
    server.running.wait()


@pytest.fixture
async def temporal_of_its_own(temporal: Process) -> str:
    """Its address, once it serves."""
    address = f"127.0.0.1:{temporal.command[temporal.command.index('--port') + 1]}"
    client = await Client.connect(address, lazy=True)
    await wait_until_serving(client, timedelta(seconds=PATIENCE_SECONDS))
    return address


@pytest.mark.timeout(scaled(300, 1800))
async def test_killed_apis_and_workers_lose_nothing_and_repeat_nothing(
    tmp_path: Path, new_database: Callable[[], str], temporal: Process, temporal_of_its_own: str
) -> None:
    seed = random.randrange(2**32)
    court = Installation(tmp_path / "home", new_database(), temporal_of_its_own)
    court.make()
    keys = court.keys(
        channel=("--role", "channel", "--channel", "hotline"),
        clerk=("--role", "clerk"),
        judge=("--role", "judge", "--staff", JUDGE),
    )
    client = await Client.connect(temporal_of_its_own, namespace=court.namespace)
    with court.serving(apis=2, workers=3) as addresses:
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as http:
            traffic = Traffic(addresses, keys, http)
            kills = Killer(court, temporal, traffic, random.Random(seed))
            references = await kills.during(_each(traffic.submit, range(REQUESTS)))
            await _each(lambda ref: traffic.until(ref, stage="awaiting_reply"), references)
            await _each(lambda ref: _escalate(client, traffic, ref), references)
            await kills.during(_each(traffic.reply, references))
            await _each(lambda ref: traffic.until(ref, stage="closed", outcome="replied"), references)
            assert kills.in_the_midst >= 1, f"seed {seed}: every kill came too late"
            await _each(lambda ref: _ends(client, ref), references)

    assert len(set(references)) == REQUESTS
    await _one_workflow_each(client, references)
    await _once_in_the_book(court, set(references))


class Killer:
    """kill -9 of an API, a worker and the server at random moments; each is started again, as an orchestrator does."""

    def __init__(self, court: Installation, temporal: Process, traffic: Traffic, chance: random.Random) -> None:
        self._court, self._temporal, self._traffic, self._chance = court, temporal, traffic, chance
        self.in_the_midst = 0

    async def during(self, work: "asyncio.Future[list[str]]") -> list[str]:
        """The work's result; while it goes on, processes die."""
        victims = ((self._court.apis, KILLS), (self._court.workers, KILLS), ([self._temporal], 1))
        killing = [asyncio.create_task(self._kill(those, times)) for those, times in victims]
        done = await work
        await asyncio.gather(*killing)
        return done

    async def _kill(self, those: list[Process], times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(self._chance.uniform(0.05, scaled(1, 15)))
            victim = self._chance.choice(those)
            self.in_the_midst += self._traffic.under_way > 0
            victim.kill()
            await asyncio.sleep(self._chance.uniform(0, 1))
            victim.start()


def _each(do: Callable[..., object], items: Iterable[object]) -> "asyncio.Future[list[str]]":
    """Do it for every item, so many at once; in the order of the items."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(item: object) -> object:
        async with turn:
            return await do(item)  # type: ignore[misc]

    return asyncio.gather(*(one(item) for item in items))  # type: ignore[return-value]


async def _escalate(client: Client, traffic: Traffic, reference: str) -> None:
    """Rung 1 now, by an operator's plain signal; a reply that overtook it would leave nobody to be told."""
    body = {"by": "operator-1", "reason": "the party is at the counter"}
    await client.get_workflow_handle(request_workflow_id(reference)).signal("escalate", body)
    until, pauses = time.monotonic() + PATIENCE_SECONDS, Pauses()
    while (await traffic.call("GET", f"/v1/requests/{reference}", "clerk"))["supervision"] is None:
        assert time.monotonic() < until, reference
        await pauses.pause()


async def _ends(client: Client, reference: str) -> None:
    """Return when the workflow has ended; by long poll, for its result is encrypted."""
    handle = client.get_workflow_handle(request_workflow_id(reference))
    async for _ in handle.fetch_history_events(wait_new_event=True):
        pass


async def _one_workflow_each(client: Client, references: list[str]) -> None:
    query = f'WorkflowType = "{WorkflowName.LIAISON_REQUEST}"'

    async def all_are_listed() -> bool:
        return (await client.count_workflows(query)).count >= len(references)

    await until(all_are_listed)
    runs = [run async for run in client.list_workflows(query)]
    assert Counter(run.id for run in runs) == Counter(request_workflow_id(reference) for reference in references)
    assert {run.status for run in runs} <= {WorkflowExecutionStatus.COMPLETED, WorkflowExecutionStatus.RUNNING}


async def _once_in_the_book(court: Installation, references: set[str]) -> None:
    db = Database(court.environment["LIAISON_DATABASE_URL"])
    try:
        async with db.read() as session:
            events = list(await session.exec(select(Event)))
            rungs = list(await session.exec(select(RungRecord)))
            messages = list(await session.exec(select(Message)))
    finally:
        await db.close()
    for kind in ONCE_EACH:
        happened = Counter(event.reference for event in events if event.kind is kind)
        assert happened == Counter(references), kind
    assert Counter(rung.reference for rung in rungs) == Counter(references)
    assert {message.reference for message in messages} == references
    log = court.home / "outbox.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    sent = Counter(json.loads(line)["id"] for line in lines)
    assert set(sent.values()) <= {1}, "a message went out twice"
    delivered = {message.id for message in messages if message.state is MessageState.DELIVERED}
    ambiguous = {message.id for message in messages if message.state is MessageState.AMBIGUOUS}
    assert delivered <= sent.keys() <= delivered | ambiguous | {m.id for m in messages if m.submitted_at is None}
