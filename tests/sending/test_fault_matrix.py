"""Every fault of every provider while rungs fall due: none is late, no message lost, doubles are marked (M40).

The real adapters, the provider's own log, Temporal, and receipts the way the provider sends them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlmodel import select

from api.app import create_app
from liaison.db.messages import still_open
from liaison.db.tables import Message, Plan, PolicyVersion
from liaison.policy.message_words import MessageState
from liaison.services.callback_tokens import new_token
from liaison.services.callbacks import Desk
from tests.city import City, shanghai
from tests.gateways.aliyun import Report
from tests.gateways.smsc import needs_smsc
from tests.rules import put_policy
from tests.scale import scaled
from tests.sending.providers import HABITS, ILLNESSES, Provider, aliyun_with, smpp_with
from tests.workflows.conftest import OpenCity

REQUESTS = scaled(10, 200)
OF_EACH = 5
"""Messages of a request up to its warning: received, work order, and three who are warned."""

REGISTERED, RECEIVED = "2026-09-21 23:57", "2026-09-18 23:58"
FALLS_ILL_AGAIN, RUNGS_OVER = "2026-09-21 23:59", "2026-09-22 00:02"
ROUNDS = 40
"""Of half a minute each, after the provider has recovered."""
PATIENCE_SECONDS = 0.5
LATE = timedelta(seconds=30)
WHOLE_DAY = [["00:00", "24:00"]]
FAULTS = [*ILLNESSES, *HABITS]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.timeout(scaled(120, 1800))
async def test_aliyun(city_at: OpenCity, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.setattr("activities.sms.GATEWAY_SECONDS", PATIENCE_SECONDS)
    post = Post()
    async with aliyun_with(fault, post) as provider, _city(city_at, provider) as city, post.of(city):
        await _lives_through(city, provider, fault)


@needs_smsc
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.timeout(scaled(120, 1800))
async def test_smpp(city_at: OpenCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr("activities.sms.GATEWAY_SECONDS", PATIENCE_SECONDS)
    async with smpp_with(fault, tmp_path / "smsc.jsonl") as provider, _city(city_at, provider) as city:
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
async def _city(city_at: OpenCity, provider: Provider) -> AsyncIterator[City]:
    """A city that sends through the provider at any hour, as much to one number as it likes, and doubts shortly."""
    async with AsyncExitStack() as stack:
        city = await stack.enter_async_context(city_at(REGISTERED, gateways=(provider.gateway,)))
        async with city.tools.db.read() as session:
            [policy] = await session.exec(select(PolicyVersion.policy))
        quick = {"fast_tries": 1, "slow_minutes": 1, "receipt_minutes": 1, "daily_to_one_number": 1_000_000}
        windows = {"staff": WHOLE_DAY, "party": WHOLE_DAY, "staff_of_court": {}}
        await put_policy(city, spread_minutes=1, windows=windows, messages=policy["messages"] | quick)
        await stack.enter_async_context(provider.gateway.listening(Desk(city.platform, provider.gateway.name)))
        yield city


async def _lives_through(city: City, provider: Provider, fault: str) -> None:
    """Requests are registered and their warnings fall due while the provider is ill; then it recovers."""
    await provider.fall_ill()
    received = shanghai(RECEIVED)
    references = [await city.submit(phone=f"139{each:08d}", received_at=received) for each in range(REQUESTS)]
    await city.advance_to(FALLS_ILL_AGAIN)
    await provider.fall_ill()
    await city.advance_to(RUNGS_OVER)
    for reference in references:
        await _warned_in_time(city, reference)
    await provider.recover()
    messages = await _played_out(city, provider)
    assert len(messages) == OF_EACH * REQUESTS
    _agree(messages, provider, fault)


async def _warned_in_time(city: City, reference: str) -> None:
    [plan], [warning] = await city.rows(Plan, reference), await city.rungs(reference)
    act_at = datetime.fromisoformat(plan.rungs[0]["act_at"])
    assert act_at <= warning.recorded_at <= act_at + LATE


async def _played_out(city: City, provider: Provider) -> list[Message]:
    """The table of messages when nothing is left to be done or told."""
    for _ in range(ROUNDS):
        await city.advance(seconds=30)
        await provider.rest()
        while city.platform.background:
            await asyncio.gather(*city.platform.background)
        await city.relay()
        async with city.tools.db.read() as session:
            messages = list(await session.exec(select(Message)))
        if not [row for row in messages if still_open(row) or row.state is MessageState.SUBMITTED]:
            return messages
    raise AssertionError({(row.state, row.repeats, row.failure) for row in messages})


def _agree(messages: list[Message], provider: Provider, fault: str) -> None:
    """Our table with the provider's own log: nothing lost, nothing twice but what is marked, nothing of nobody's."""
    copies = provider.copies(messages)
    assert copies.keys() == {message.id for message in messages}
    assert not [row for row in messages if copies[row.id] > 1 + row.repeats]
    doubtful = [row for row in messages if row.state is not MessageState.DELIVERED]
    assert all((row.state, row.repeats) == (MessageState.AMBIGUOUS, 1) for row in doubtful)
