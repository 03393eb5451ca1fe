"""A whole city for tests: the sample directory in a real database, the real worker, and a clock that can be played."""

import json
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel, col, select
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RetryConfig
from temporalio.worker import Replayer

from activities.tools import Tools
from liaison.codec import data_converter
from liaison.contract import search
from liaison.contract.messages import RequestEnd
from liaison.contract.names import request_workflow_id
from liaison.db.engine import Database
from liaison.db.rulebook import Rulebook
from liaison.db.tables import Event, Message, Request, RungRecord
from liaison.gateways.sms.outbox import EmbeddedOutbox
from liaison.gateways.sms.templates import packaged_templates
from liaison.keys import read_key_ring
from liaison.policy.words import ActionKind, Category, Channel, EventKind, Language, PartyRole
from liaison.sample_city import sample_trial_register
from liaison.services.access import scope_of
from liaison.services.actions import ActionInput, take_action
from liaison.services.call_list import call_list_view
from liaison.services.credentials import Credentials, read_credentials
from liaison.services.intake import Intake, accept_request
from liaison.services.platform import Answer, Platform
from liaison.services.provisioning import prepare_local
from liaison.services.relay import hand_on_left_over, relay_once
from liaison.settings import Settings
from liaison.virtual_time import VirtualTime
from worker import WORKFLOWS, build_senders, build_worker

Row = TypeVar("Row", bound=SQLModel)

TEMPORAL = str(Path(sys.executable).with_name("temporal"))
LONG_AFTER = datetime(2040, 1, 1, tzinfo=UTC)
"""The sample keys are made as if then, so that they are valid at any date a test plays."""

NOBODY = "127.0.0.1:1"
"""An address where no Temporal listens."""

QUESTION = "请问我的案件何时开庭？我一直联系不上承办法官。"
REPLY = "您的案件定于下周三上午九点在第五法庭开庭。"
INTAKE = Intake(
    channel=Channel.HOTLINE,
    court="0104",
    category=Category.JUDGE_CONTACT,
    content=QUESTION,
    party_name="甲某测试",
    phone="13912345678",
    party_role=PartyRole.PARTY,
    language=Language.ZH_CN,
    judge="0104-j01",
)


async def prepare_template(home: Path) -> None:
    """A home folder with book, key ring, sample city and keys, to be copied by every test."""
    await prepare_local(Settings(home=home), lambda: LONG_AFTER)


@dataclass
class City:
    """One city: services, worker and Temporal on one virtual clock."""

    home: Path
    world: VirtualTime
    tools: Tools
    platform: Platform
    credentials: Credentials
    polling: AsyncExitStack
    """Holds the worker."""

    _book_is_locked: bool = False

    _polls: bool = True

    def __post_init__(self) -> None:
        self._keys = count(1)

    async def hand_on(self) -> bool:
        """What the worker's relay does of itself when executions rest; the rest of it runs where a test asks for it."""
        if self._book_is_locked or not self._polls:
            return False
        workers = replace(self.platform, client=self.client)
        try:
            return await hand_on_left_over(workers, timedelta(0))
        except SQLAlchemyError:
            # Its next round comes.
            return False

    @property
    def client(self) -> Client:
        return self.world.client

    async def submit(self, **changes: Any) -> str:
        """Register a request; its reference."""
        return str((await self.accept(**changes)).body["reference"])

    async def accept(self, **changes: Any) -> Answer:
        """Register a request as the sample channel does; every call a new matter unless told otherwise."""
        scope = await scope_of(self.platform, self.credentials.channel_key)
        key = f"key-{next(self._keys)}"
        return await accept_request(self.platform, scope, replace(INTAKE, **changes), key, key)

    async def act(self, bearer: str, reference: str, kind: ActionKind, **given: Any) -> Answer:
        """Do something to a request as the bearer of a key."""
        scope = await scope_of(self.platform, bearer)
        key = f"key-{next(self._keys)}"
        return await take_action(self.platform, scope, reference, ActionInput(kind, **given), key, key)

    def key_of(self, staff: str) -> str:
        """The key of a judge or a leader."""
        return (self.credentials.judge_keys | self.credentials.leader_keys)[staff]

    async def reply(self, reference: str, judge: str = "0104-j01", text: str = REPLY) -> Answer:
        """Reply as a judge."""
        return await self.act(self.key_of(judge), reference, ActionKind.REPLY, text={"kind": "text", "text": text})

    @asynccontextmanager
    async def temporal_away(self) -> AsyncIterator[None]:
        """Services cannot reach Temporal for a while; running workflows are not disturbed."""
        nobody = await Client.connect(NOBODY, lazy=True, retry_config=RetryConfig(max_elapsed_time_millis=1))
        platform, self.platform = self.platform, replace(self.platform, client=nobody)
        try:
            yield
        finally:
            self.platform = platform

    async def stop_worker(self) -> None:
        """The worker goes, and with it every workflow it had cached."""
        await self.polling.aclose()
        self._polls = False

    async def start_worker(self, *, sends: bool = True) -> None:
        """A new worker, which knows nothing, polls."""
        self._polls = True
        await self.polling.enter_async_context(build_worker(self.client, self.tools))
        if sends:
            await self.start_senders()

    async def start_senders(self) -> None:
        """The workers of gateways with a rate of their own poll."""
        for sender in build_senders(self.client, self.tools):
            await self.polling.enter_async_context(sender)

    @asynccontextmanager
    async def book_locked(self) -> AsyncIterator[None]:
        """Nobody else can write to the registration book for a while: no activity gets through."""
        async with self.tools.db.write() as session:
            await session.connection()
            self._book_is_locked = True
            yield
        self._book_is_locked = False

    async def relay(self) -> None:
        """One round of the relay."""
        await relay_once(self.platform)

    def handle(self, reference: str) -> WorkflowHandle[Any, RequestEnd]:
        """The request's workflow."""
        return self.client.get_workflow_handle(request_workflow_id(reference), result_type=RequestEnd)

    async def request(self, reference: str) -> Request:
        """The request's row."""
        async with self.tools.db.read() as session:
            return await session.get_one(Request, reference)

    async def rows(self, table: type[Row], reference: str) -> list[Row]:
        """Rows of any table about a request, in the order of their keys."""
        async with self.tools.db.read() as session:
            found = await session.exec(select(table).where(table.reference == reference))  # type: ignore[attr-defined]
            return sorted(found.all(), key=lambda row: inspect(row).identity)

    async def kinds(self, reference: str) -> list[EventKind]:
        """What happened, in the order it was written."""
        return [event.kind for event in await self.events(reference)]

    async def details(self, reference: str) -> str:
        """What Temporal's UI shows as current details."""
        query = "__temporal_workflow_metadata"
        metadata: WorkflowMetadata = await self.handle(reference).query(query, result_type=WorkflowMetadata)
        return metadata.current_details

    async def replay(self, reference: str) -> None:
        """Run the workflow code over the history it made; raises if it decides anything else now."""
        history = await self.handle(reference).fetch_history()
        await Replayer(workflows=WORKFLOWS, data_converter=self.client.data_converter).replay_workflow(history)

    async def rungs(self, reference: str) -> list[RungRecord]:
        """Rungs recorded, lowest first."""
        async with self.tools.db.read() as session:
            rows = select(RungRecord).where(RungRecord.reference == reference).order_by(col(RungRecord.rung))
            return list((await session.exec(rows)).all())

    async def events(self, reference: str) -> list[Event]:
        """The record, in the order it was written."""
        async with self.tools.db.read() as session:
            rows = select(Event).where(Event.reference == reference).order_by(col(Event.id))
            return list((await session.exec(rows)).all())

    async def messages(self, reference: str) -> list[Message]:
        """Messages of a request, in the order they were reserved."""
        async with self.tools.db.read() as session:
            rows = select(Message).where(Message.reference == reference).order_by(Message.id)
            return list((await session.exec(rows)).all())

    async def calls(self) -> list[dict[str, Any]]:
        """The clerks' call list."""
        view = await call_list_view(self.platform, await scope_of(self.platform, self.credentials.clerk_key))
        return list(view["items"])

    def sent(self) -> list[dict[str, str]]:
        """What the outbox's own log holds."""
        log = self.home / "outbox.jsonl"
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []

    async def advance_to(self, local: str) -> None:
        """Play up to a Shanghai time such as ``2026-09-21 09:00``."""
        await self.world.advance_to(shanghai(local))

    async def advance(self, **by: float) -> None:
        """Let time pass."""
        await self.world.advance(timedelta(**by))


@asynccontextmanager
async def open_city(
    template: Path, home: Path, at: str, *, cached: int = 1000, **tools_given: Any
) -> AsyncIterator[City]:
    """A city whose clock shows the Shanghai time ``at``, with a worker that polls; ``tools_given`` replace its own."""
    shutil.copytree(template, home)
    ring = read_key_ring(home / "key-ring.json")
    db = Database(f"sqlite+aiosqlite:///{home / 'liaison.db'}")
    async with VirtualTime.start(
        shanghai(at), temporal_binary=TEMPORAL, data_converter=data_converter(ring), search_attributes=search.ALL
    ) as world:
        tools = Tools(
            db=db,
            ring=ring,
            rulebook=Rulebook(),
            client=world.client,
            clock=world.now,
            trial_system=sample_trial_register(),
            gateways=(EmbeddedOutbox(home / "outbox.jsonl", world.now),),
            templates=packaged_templates(),
            plain_signals_accepted=True,
            shift=world.shift,
        )
        tools = replace(tools, **tools_given)
        platform = Platform(db, ring, tools.rulebook, world.client, world.now)
        credentials = read_credentials(home / "credentials.json")
        try:
            async with AsyncExitStack() as polling:
                await polling.enter_async_context(build_worker(world.client, tools, cached=cached))
                for sender in build_senders(world.client, tools):
                    await polling.enter_async_context(sender)
                city = City(home, world, tools, platform, credentials, polling)
                world.beside = city.hand_on
                yield city
        finally:
            await db.close()


def shanghai(local: str) -> datetime:
    """``2026-09-18 10:00`` as an instant."""
    return datetime.fromisoformat(f"{local}+08:00")
