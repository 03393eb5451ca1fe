"""A sender that stood still until another one had settled its message: what is settled is not sent again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlmodel import select

from activities.messaging import Messaging
from activities.settling import Settling, Verdict
from activities.sms import Sender
from liaison.contract.sending import MessageProgress
from liaison.db.tables import Message
from liaison.gateways.sms.port import GatewayUnavailable, ShortMessage, Submission
from liaison.policy.message_words import MessageState
from tests.city import City, open_city, prepare_template
from tests.workflows.gateways import Moody, be_away, deliver


class Slow(Moody):
    """Stands still over a message until another sender has settled it; takes it then, and may be long to answer."""

    def __init__(self, other: Sender) -> None:
        super().__init__()
        self._other = other
        self.took, self.answers = asyncio.Event(), asyncio.Event()

    async def submit(self, message: ShortMessage) -> Submission:
        """As a gateway does."""
        assert (await self._other.send(message.id)).state is MessageState.SUBMITTED
        submission = await super().submit(message)
        self.took.set()
        await self.answers.wait()
        return submission


@dataclass
class Overtaken:
    """A sender whose message another one settles first."""

    city: City
    message_id: str
    gateway: Slow

    async def send(self) -> None:
        """Send it nevertheless; to hear that the gateway is away is no fault."""
        with suppress(GatewayUnavailable):
            await Sender(replace(self.city.tools, gateways=(self.gateway,))).send(self.message_id)

    async def copies(self) -> tuple[int, int]:
        """How often the row of the message, which has been sent, says it may have gone, and gateways took it."""
        async with self.city.tools.db.read() as session:
            row = await session.get_one(Message, self.message_id)
        assert row.state is MessageState.SUBMITTED
        (others,) = self.city.tools.gateways
        assert isinstance(others, Moody)
        taken = [each.id for each in (*self.gateway.taken, *others.taken)]
        return 1 + row.repeats, taken.count(self.message_id)


@pytest.fixture
async def overtaken(tmp_path: Path) -> AsyncIterator[Overtaken]:
    """Before it sends."""
    await prepare_template(tmp_path / "template")
    async with open_city(tmp_path / "template", tmp_path / "home", "2026-09-18 10:00", gateways=(Moody(),)) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        async with city.tools.db.write() as session:
            await Messaging(city.tools).reserve(session, await city.request(reference), "test", "0104-j02", "urge", {})
        async with city.tools.db.read() as session:
            message = (await session.exec(select(Message).where(Message.template == "urge"))).one()
        yield Overtaken(city, message.id, Slow(Sender(city.tools)))


@pytest.mark.parametrize(("mood", "copies"), [(be_away, 1), (deliver, 2)])
async def test_a_sender_given_up_and_overtaken(
    overtaken: Overtaken, mood: Callable[[ShortMessage], None], copies: int
) -> None:
    overtaken.gateway.mood = mood
    overtaken.gateway.answers.set()
    await overtaken.send()
    assert await overtaken.copies() == (copies, copies)


async def test_it_says_so_though_it_is_canceled_before_its_gateway_has_answered(overtaken: Overtaken) -> None:
    """As Temporal does with an activity some seconds after its time is over: the message has gone twice."""
    sending = asyncio.create_task(overtaken.send())
    await overtaken.gateway.took.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await overtaken.copies() == (2, 2)


async def test_it_says_so_though_it_is_canceled_while_it_writes_it_down(
    overtaken: Overtaken, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, settles = Settling.settle, asyncio.Event()

    async def tell(settling: Settling, message_id: str, tries: int, verdict: Verdict) -> MessageProgress:
        settles.set()
        return await settle(settling, message_id, tries, verdict)

    sending = asyncio.create_task(overtaken.send())
    await overtaken.gateway.took.wait()
    monkeypatch.setattr(Settling, "settle", tell)
    async with overtaken.city.tools.db.write() as session:
        await session.get_one(Message, overtaken.message_id, with_for_update=True)
        overtaken.gateway.answers.set()
        await settles.wait()  # and then it waits for the lock
        sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await overtaken.copies() == (2, 2)
