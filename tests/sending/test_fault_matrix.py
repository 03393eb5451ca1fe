"""Every fault of every provider while rungs fall due: none is late, no message lost, doubles are marked (M40).

The real adapters, the provider's own log, Temporal, and receipts the way the provider sends them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlmodel import select

from api.app import create_app
from liaison.db.messages import still_open
from liaison.db.tables import Message, Plan, PolicyVersion
from liaison.policy.message_words import MessageState
from liaison.services.callback_tokens import new_token
from tests.city import City, shanghai
from tests.gateways.aliyun import Report
from tests.gateways.smsc import installed
from tests.pauses import Pauses
from tests.rules import put_policy
from tests.scale import scaled
from tests.sending.hurried import hurried_city
from tests.sending.providers import HABITS, ILLNESSES, Provider, aliyun_with, smpp_with

REQUESTS = scaled(10, 200)
OF_EACH = 5
"""Messages of a request up to its warning: received, work order, and three who are warned."""

PACE = scaled(60, 10)
"""Seconds of the book in one of the wall."""
SPREAD_MINUTES = scaled(1, 10)
"""Six hundred people are warned within a minute of the wall, no faster."""
REGISTERED, RECEIVED = scaled("2026-09-21 23:56", "2026-09-21 23:40"), "2026-09-18 23:30"
"""All are registered before the first warning is due."""
SLOW_MINUTES = scaled(1, 5)
"""A thousand messages that wait try again no more often on the wall than fifty do."""
RECEIPT_MINUTES = scaled(25, 40)
"""Longer than a provider is ill, which is until the last rung is recorded, be it late: what is doubted twice is doubted
for good (ADR 0012)."""
PATIENCE_SECONDS = 0.5
"""With a gateway, on the wall: at that pace half a minute."""
LATE = timedelta(seconds=scaled(20, 60) * PACE)
"""A slow machine is late by itself; a rung that waited for the provider would wait for ever, for it recovers after all
rungs. To the minute this is tried on virtual time in ``tests/workflows/test_messages.py``."""
SETTLED_SECONDS = scaled(60, 600)
WHOLE_DAY = [["00:00", "24:00"]]
CASES = scaled(
    [
        ("aliyun", "5xx"),
        ("smpp", "silence"),
        ("smpp", "reset"),
        ("aliyun", "garbage"),
        ("smpp", "receipts twice"),
        ("aliyun", "receipts before the answer"),
        ("smpp", "receipts in the wrong order"),
    ],
    list(product(("aliyun", "smpp"), [*ILLNESSES, *HABITS])),
)


@pytest.mark.parametrize(("name", "fault"), CASES)
@pytest.mark.timeout(scaled(120, 1800))
async def test_a_fault(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fault: str) -> None:
    if name == "smpp" and not installed():
        pytest.skip("the independent SMSC is not installed: make peers (needs Node.js)")
    for variable in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)
    for patience in ("activities.sms.GATEWAY_SECONDS", "liaison.gateways.sms.smpp.PART_SECONDS"):
        monkeypatch.setattr(patience, PATIENCE_SECONDS)
    post = Post()
    opened = aliyun_with(fault, post) if name == "aliyun" else smpp_with(fault, tmp_path / "smsc.jsonl")
    async with opened as provider, _city(template, tmp_path, provider) as city, post.of(city):
        await _lives_through(city, provider, fault)


class Post:
    """Brings Aliyun's reports to our API, over its own address and nothing else."""

    def __init__(self) -> None:
        self._http: AsyncClient | None = None
        self._path = ""

    async def __call__(self, reports: list[Report]) -> int:
        assert self._http is not None
        return (await self._http.post(self._path, json=reports)).status_code

    @asynccontextmanager
    async def of(self, city: City) -> AsyncIterator[None]:
        """The application; its own lifespan would compare virtual time with Temporal's."""
        tokens: list[str] = []
        await new_token(city.platform.db, "aliyun", datetime.now(UTC), tokens.append)
        self._path = f"/callbacks/aliyun/{tokens[0]}/receipts"
        app = create_app(lambda: nullcontext(city.platform), show_openapi=False)
        app.state.platform = city.platform
        async with AsyncClient(transport=ASGITransport(app), base_url="http://liaison.test") as self._http:
            yield


@asynccontextmanager
async def _city(template: Path, folder: Path, provider: Provider) -> AsyncIterator[City]:
    """A city that sends through the provider at any hour, as much to one number as it likes, and doubts shortly."""
    async with hurried_city(template, folder / "home", shanghai(REGISTERED), PACE, provider.gateway) as city:
        async with city.tools.db.read() as session:
            [policy] = await session.exec(select(PolicyVersion.policy))
        tries = {"fast_tries": 1, "slow_minutes": SLOW_MINUTES, "receipt_minutes": RECEIPT_MINUTES}
        # A leader hears of each request, too: one message of all would be no trial.
        one_by_one = {"digest": policy["messages"]["digest"] | {"gathers_too": ["explanation"]}}
        windows = {"staff": WHOLE_DAY, "party": WHOLE_DAY, "staff_of_court": {}}
        long_ago = policy["intake"] | {"back_hours": 100}
        rules = policy["messages"] | tries | one_by_one | {"daily_to_one_number": 1_000_000}
        await put_policy(city, spread_minutes=SPREAD_MINUTES, windows=windows, messages=rules, intake=long_ago)
        yield city


async def _lives_through(city: City, provider: Provider, fault: str) -> None:
    """Requests are registered and their warnings fall due while the provider is ill; then it recovers."""
    await provider.fall_ill()
    received = shanghai(RECEIVED)
    references = [await city.submit(phone=f"139{each:08d}", received_at=received) for each in range(REQUESTS)]
    await provider.fall_ill()
    for reference in references:
        await _warned_in_time(city, reference)
    await provider.recover()
    messages = await _settled(city, provider)
    assert len(messages) == OF_EACH * REQUESTS
    _agree(messages, provider)
    assert fault not in ILLNESSES or provider.hurt(messages) > 0


async def _warned_in_time(city: City, reference: str) -> None:
    [plan] = await city.rows(Plan, reference)
    act_at = datetime.fromisoformat(plan.rungs[0]["act_at"])
    assert plan.rungs[0]["rung"] == 0
    while not (rungs := await city.rungs(reference)):
        assert city.tools.clock() < act_at + LATE
        await asyncio.sleep(0.1)
    assert act_at <= rungs[0].recorded_at < act_at + LATE


async def _settled(city: City, provider: Provider) -> list[Message]:
    """The table of messages when nothing is left to be done or told."""
    pauses = Pauses()
    async with asyncio.timeout(SETTLED_SECONDS):
        while True:
            await provider.rest()
            async with city.tools.db.read() as session:
                messages = list(await session.exec(select(Message)))
            left = [row for row in messages if still_open(row) or row.state is MessageState.SUBMITTED]
            if not left:
                return messages
            await pauses.pause()


def _agree(messages: list[Message], provider: Provider) -> None:
    """Our table with the provider's own log: nothing lost, nothing twice but what is marked, nothing of nobody's."""
    copies = provider.copies(messages)
    assert copies.keys() == {message.id for message in messages}
    assert not [row for row in messages if copies[row.id] > 1 + row.repeats]
    assert {row.state for row in messages} == {MessageState.DELIVERED}
