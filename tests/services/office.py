"""Services on a real database, with Temporal away unless a test brings it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, col, func, select, update
from temporalio.client import Client
from temporalio.service import RetryConfig

from liaison.codec import data_converter
from liaison.db.engine import Database
from liaison.db.record import lock_request
from liaison.db.rulebook import Rulebook
from liaison.db.tables import Event, Request, RungRecord
from liaison.db.work_orders import offer_order, send_order
from liaison.keys import read_key_ring
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, Outcome, Post, Stage
from liaison.services.access import scope_of
from liaison.services.actions import ActionInput, take_action
from liaison.services.credentials import Credentials, read_credentials
from liaison.services.intake import Intake, accept_request
from liaison.services.platform import Answer, Platform
from tests.city import INTAKE, REPLY

NOBODY = "127.0.0.1:1"
"""An address where no Temporal listens."""

HOLDER, TEAM_MATE, OTHER_JUDGE = "0104-j01", "0104-j02", "0104-j04"
LEADER, DEPUTY, PRESIDENT = "0104-l02", "0104-v01", "0104-p01"
STRANGER_JUDGE = "0105-j01"

_numbers = count(1)


class Clock:
    """A clock that shows what it was told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Office:
    """A platform, the sample keys and the folder they are in."""

    home: Path
    platform: Platform
    credentials: Credentials
    clock: Clock

    async def scope(self, bearer: str) -> Scope:
        return await scope_of(self.platform, bearer)

    async def channel(self) -> Scope:
        return await self.scope(self.credentials.channel_key)

    async def clerk(self) -> Scope:
        return await self.scope(self.credentials.clerk_key)

    async def judge(self, staff: str) -> Scope:
        return await self.scope(self.credentials.judge_keys[staff])

    async def leader(self, staff: str) -> Scope:
        return await self.scope(self.credentials.leader_keys[staff])

    async def accept(self, key: str | None = None, fingerprint: str = "same", **changes: Any) -> Answer:
        """Register a request through the sample channel."""
        scope = await self.channel()
        return await accept_request(self.platform, scope, intake(**changes), key or fresh_key(), fingerprint)

    async def submit(self, **changes: Any) -> str:
        """The reference of a new request."""
        return str((await self.accept(**changes)).body["reference"])

    async def act(self, scope: Scope, reference: str, kind: ActionKind, key: str | None = None, **given: Any) -> Answer:
        """Do something to a request."""
        action = ActionInput(kind, **given)
        return await take_action(self.platform, scope, reference, action, key or fresh_key(), "same")

    async def reply(self, scope: Scope, reference: str, text: str = REPLY) -> Answer:
        """Reply in writing."""
        return await self.act(scope, reference, ActionKind.REPLY, text={"kind": "text", "text": text})

    async def request(self, reference: str) -> Request:
        async with self.platform.db.read() as session:
            return await session.get_one(Request, reference)

    async def events(self, reference: str) -> list[tuple[str, str]]:
        """``(stream, kind)`` of the record, in order."""
        async with self.platform.db.read() as session:
            rows = await session.exec(select(Event).where(Event.reference == reference).order_by(col(Event.id)))
            return [(row.stream, row.kind.value) for row in rows]

    async def count(self, table: type[SQLModel]) -> int:
        async with self.platform.db.read() as session:
            return (await session.exec(select(func.count()).select_from(table))).one()

    # What activities do, for tests that have no worker ---------------------------------------------------------

    async def dispatch(self, reference: str, holder_id: str = HOLDER) -> None:
        async with self.platform.db.write() as session:
            roster = await self.platform.rulebook.roster(session)
            request = await lock_request(session, reference)
            holder = roster.holder(holder_id)
            assert holder is not None
            await send_order(session, request, roster, holder, "platform", self.clock.now)
            request.stage = Stage.AWAITING_REPLY

    async def offer(self, reference: str, taker: str) -> None:
        async with self.platform.db.write() as session:
            roster = await self.platform.rulebook.roster(session)
            holder = roster.holder(taker)
            assert holder is not None
            request = await lock_request(session, reference)
            await offer_order(session, request, roster, holder, HOLDER, None, self.clock.now)

    async def supervise(
        self, reference: str, recipient: str | None, rung: int = 1, post: Post = Post.DEPARTMENT_LEADER
    ) -> None:
        async with self.platform.db.write() as session:
            now = self.clock.now
            record = RungRecord(
                reference=reference, round=1, rung=rung, post=post, recipient=recipient, due_at=now, recorded_at=now
            )
            session.add(record)
            request = await lock_request(session, reference)
            request.rung, request.supervised_since, request.supervisor = rung, now, recipient

    async def annul(self, reference: str) -> None:
        async with self.platform.db.write() as session:
            annulled = update(RungRecord).where(col(RungRecord.reference) == reference)
            await session.exec(annulled.values(annulled_at=self.clock.now))

    async def change(self, reference: str, **values: Any) -> None:
        async with self.platform.db.write() as session:
            request = await lock_request(session, reference)
            for name, value in values.items():
                setattr(request, name, value)

    async def close(self, reference: str) -> None:
        await self.change(
            reference, stage=Stage.CLOSED, outcome=Outcome.REPLIED, closed_at=self.clock.now, open_matter=None
        )


def intake(**changes: Any) -> Intake:
    """A request to a judge of 0104."""
    return replace(INTAKE, **changes)


def fresh_key() -> str:
    """An idempotency key nobody has used."""
    return f"key-{next(_numbers)}"


def fresh_case() -> str:
    """A case number nobody has asked about."""
    return f"（2025）粤0104民初{next(_numbers) + 5000}号"


def days(number: float) -> timedelta:
    return timedelta(days=number)


async def open_office(home: Path, url: str, now: datetime, client: Client | None = None) -> Office:
    """The platform of a prepared home folder; without a client, Temporal is away."""
    ring = read_key_ring(home / "key-ring.json")
    clock = Clock(now)
    here = client or await lazy_client(NOBODY, home)
    platform = Platform(Database(url), ring, Rulebook(), here, clock)
    return Office(home, platform, read_credentials(home / "credentials.json"), clock)


async def lazy_client(address: str, home: Path) -> Client:
    """A client as the API has it: it connects when it is first used."""
    return await Client.connect(
        address,
        lazy=True,
        data_converter=data_converter(read_key_ring(home / "key-ring.json")),
        retry_config=RetryConfig(max_elapsed_time_millis=2000),
    )


OpenOffice = Callable[..., Any]
MORNING = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)
"""Friday 2026-09-18, 10:00 in Shanghai."""
