"""A sender that stood still, was given up and goes on spoils nothing that others have written since (ADR 0012)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, update

from activities.messaging import Messaging
from activities.settling import Settling, Verdict
from activities.sms import NOBODY_KNOWS, Sender
from activities.taking import Taken
from liaison.db.tables import Message
from liaison.gateways.sms.port import Fate, GatewayUnavailable, Receipt, ShortMessage, Submission
from liaison.policy.message_words import MessageState
from liaison.services.receipts import take_receipt
from tests.sending.mailing import Mailing
from tests.services.office import Office
from tests.workflows.gateways import Moody

S = MessageState
STANDS_STILL = timedelta(seconds=60)
EVENING = "told-in-the-evening"


async def in_doubt(mailing: Mailing, message: str) -> None:
    """The sender who took it first does not know whether it went."""
    doubt = Verdict(S.AMBIGUOUS, failure=NOBODY_KNOWS, gone=True)
    await Settling(mailing.tools).settle(message, 1, doubt)


async def let_it_be(mailing: Mailing, message: str, **values: Any) -> None:
    """Write what others made of it."""
    async with mailing.office.platform.db.write() as session:
        await session.exec(update(Message).where(col(Message.id) == message).values(values))


async def take(mailing: Mailing, message: str) -> Taken:
    """As a sender does who stands still before he hands it over."""
    async with mailing.office.platform.db.write() as session:
        row = await session.get_one(Message, message, with_for_update=True)
        taken = await Sender(mailing.tools).take(session, row)
    assert taken is not None
    return taken


async def test_the_receipt_of_the_newer_taking_is_understood_and_the_row_says_it_may_have_gone_twice(
    office: Office,
) -> None:
    mailing = Mailing(office, [Moody()])
    message = await mailing.reserve(await office.submit())
    await take(mailing, message)
    assert (await mailing.send(message)).state == S.SUBMITTED
    await in_doubt(mailing, message)
    assert [line.detail.get("repeats", 0) for line in await mailing.events(message)] == [0, 1]
    assert await take_receipt(office.platform, "moody", Receipt("moody-1", Fate.DELIVERED, office.clock.now))
    row = await mailing.row(message)
    assert (row.state, row.attempts, row.repeats) == (S.DELIVERED, 2, 1)


async def test_what_a_clerk_is_to_call_stays_on_his_list(office: Office) -> None:
    mailing = Mailing(office, [Moody()])
    message = await mailing.reserve(await office.submit())
    await let_it_be(mailing, message, state=S.TO_CALL, attempts=2)
    await in_doubt(mailing, message)
    assert (await mailing.row(message)).state is S.TO_CALL


async def test_what_its_gateway_could_not_deliver_goes_on_to_the_next_one(office: Office) -> None:
    mailing = Mailing(office, [Moody(), second := Moody(name="second")])
    message = await mailing.reserve(await office.submit())
    await let_it_be(mailing, message, attempts=1, gateway="moody", tried=["moody"])
    await in_doubt(mailing, message)
    assert (await mailing.send(message)).state == S.SUBMITTED
    assert len(second.taken) == 1


async def test_what_nobody_else_has_sent_may_have_gone_all_the_same(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody()])
    message = await mailing.reserve(await office.submit())
    await let_it_be(mailing, message, state=S.SUPERSEDED, attempts=1, gateway="moody", settled_at=office.clock.now)
    await in_doubt(mailing, message)
    assert ((await mailing.row(message)).state, gateway.taken) == (S.AMBIGUOUS, [])


async def test_what_the_gateway_said_ends_a_doubt_that_was_given_up(office: Office) -> None:
    mailing = Mailing(office, [Moody()])
    message = await mailing.reserve(await office.submit())
    await let_it_be(mailing, message, state=S.AMBIGUOUS, attempts=1, gateway="moody", settled_at=office.clock.now)
    await Settling(mailing.tools).settle(message, 1, Verdict(S.SUBMITTED, "moody-1", gone=True))
    row = await mailing.row(message)
    assert (row.state, row.provider_id, row.repeats) == (S.SUBMITTED, "moody-1", 0)


async def test_what_was_taken_long_ago_is_not_handed_over(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody()])
    message = await mailing.reserve(await office.submit())
    taken = await take(mailing, message)
    office.clock.now += STANDS_STILL
    assert (await mailing.send(message)).state == S.SUBMITTED
    await Sender(mailing.tools).go_on(taken)
    row = await mailing.row(message)
    assert (row.state, row.repeats, len(gateway.taken)) == (S.SUBMITTED, 0, 1)


async def test_nor_if_nobody_else_has_it(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody()])
    message = await mailing.reserve(await office.submit())
    taken = await take(mailing, message)
    office.clock.now += STANDS_STILL
    assert (await Sender(mailing.tools).go_on(taken)).wait_until, "it goes at the next try"
    assert gateway.taken == []
    assert await mailing.send_until_settled(message) == [S.SUBMITTED]
    assert len(gateway.taken) == 1


class AwayWhileAsked(Moody):
    """Has the first message in hand until somebody asks for it, is away then, and has never heard of it."""

    def __init__(self) -> None:
        super().__init__()
        self.in_hand, self.is_asked = asyncio.Event(), asyncio.Event()
        self.first: asyncio.Task[object]

    async def submit(self, message: ShortMessage) -> Submission:
        """Only the first is held."""
        if self.is_asked.is_set():
            return await super().submit(message)
        self.in_hand.set()
        await self.is_asked.wait()
        raise GatewayUnavailable

    async def look_up(self, message: ShortMessage) -> Submission:
        """When the first sender has written down that it was away."""
        self.is_asked.set()
        await self.first
        return Submission(None, Fate.UNKNOWN)


async def test_what_comes_back_while_its_gateway_is_asked_is_looked_at_again(office: Office) -> None:
    mailing = Mailing(office, [gateway := AwayWhileAsked()])
    message = await mailing.reserve(await office.submit())
    gateway.first = asyncio.create_task(mailing.send(message))
    await gateway.in_hand.wait()
    assert (await mailing.send(message)).wait_until, "a notice that hears of no time ends"
    assert [*await mailing.send_until_settled(message)][-1] == S.SUBMITTED
    assert len(gateway.taken) == 1


class AwayOnce:
    """Temporal, which takes the second start of a notice."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self._was_away = False

    async def start_workflow(self, *_: object, id: str, **__: object) -> None:
        """Away at first."""
        if not self._was_away:
            self._was_away = True
            raise ConnectionError
        self.started.append(id)


async def test_what_a_window_shut_upon_is_handed_on_though_it_was_in_hand_before(office: Office) -> None:
    """Its sender died with it before 21:00; the next one hears "tomorrow", and Temporal is away."""
    mailing = Mailing(office, [Moody()])
    reference = await office.submit()
    message = await mailing.reserve(reference, cause=EVENING)
    await take(mailing, message)
    office.clock.now = office.clock.now.replace(hour=13, minute=30)  # 21:30 in Shanghai
    temporal = AwayOnce()
    messaging = Messaging(replace(mailing.tools, client=temporal))  # type: ignore[arg-type]
    with pytest.raises(ConnectionError):
        await hand_on(office, messaging, reference)
    await hand_on(office, messaging, reference)
    assert temporal.started == [f"notice-{message}"]


async def hand_on(office: Office, messaging: Messaging, reference: str) -> None:
    """As the activity does whose reason it was, and again when it is repeated."""
    async with office.platform.db.read() as session:
        await messaging.hand_on(session, reference, EVENING)
