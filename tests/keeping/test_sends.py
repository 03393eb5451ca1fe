"""Frozen, nothing leaves and everything is recorded; released, only what never left goes out (issue line H32)."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, update
from ulid import ULID

from activities.sms import Sender
from activities.taking import LOOK_AGAIN_LEAST, LOOK_AGAIN_MOST
from liaison.contract.names import rung_cause
from liaison.contract.sending import MessageProgress
from liaison.db.messages import Draft, gateway_key, reserve
from liaison.db.sends import freeze_sends, mark_restored, messages_by_state, release_sends, sends
from liaison.db.tables import Message
from liaison.gateways.sms.port import Fate, ShortMessage, Submission
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.words import EventKind, Language
from tests.city import City, open_city, prepare_template
from tests.keeping.tools import tools_of
from tests.services.office import Office, fresh_key
from tests.workflows.gateways import Moody

FRIDAY = "2026-09-18 10:00"


async def freeze(office: Office) -> None:
    async with office.platform.db.write() as session:
        await freeze_sends(session, "test", office.clock.now)


async def release(office: Office) -> int | None:
    async with office.platform.db.write() as session:
        return await release_sends(session, office.clock.now)


async def restored(office: Office) -> None:
    async with office.platform.db.write() as session:
        await mark_restored(session, "test", office.clock.now)


async def reserved(office: Office, reference: str, cause: str = "cause") -> str:
    """A message to the party whose window is open."""
    draft = Draft(
        id=fresh_key(), reference=reference, cause=cause, recipient="party", message_class=MessageClass.PARTY,
        template="answer", language=Language.ZH_CN, params={"reference": reference, "text": "请到庭。"},
        send_after=office.clock.now,
    )  # fmt: skip
    async with office.platform.db.write() as session:
        return (await reserve(session, office.platform.ring, draft, office.clock.now)).id


async def row_of(office: Office, message_id: str) -> Message:
    async with office.platform.db.read() as session:
        return await session.get_one(Message, message_id)


async def put_into(office: Office, message_id: str, state: MessageState) -> None:
    async with office.platform.db.write() as session:
        await session.exec(update(Message).where(col(Message.id) == message_id).values(state=state))


async def test_a_frozen_message_stays_reserved_and_is_looked_at_again(office: Office) -> None:
    gateway, message = Moody(), await reserved(office, await office.submit())
    sender = Sender(tools_of(office, gateway))
    await freeze(office)
    frozen_at = office.clock.now
    for age, wait in ((0, LOOK_AGAIN_LEAST), (60, timedelta(seconds=15)), (86_400, LOOK_AGAIN_MOST)):
        office.clock.now = frozen_at + timedelta(seconds=age)
        progress = await sender.send(message)
        assert progress == MessageProgress(MessageState.RESERVED, (office.clock.now + wait).isoformat())
    office.clock.now = frozen_at + timedelta(minutes=1)
    assert await release(office) == 1
    assert (await sender.send(message)).state is MessageState.SUBMITTED
    assert gateway.asked == len(gateway.taken) == 1


async def test_freezing_twice_goes_on_from_the_first_and_releasing_twice_is_nothing(office: Office) -> None:
    assert await release(office) is None
    first = office.clock.now
    for _ in range(2):
        await freeze(office)
        office.clock.now += timedelta(minutes=1)
    async with office.platform.db.read() as session:
        row = await sends(session)
    assert row is not None and (row.frozen, row.since) == (True, first)
    assert await release(office) == 0
    assert await release(office) is None


@pytest.mark.parametrize("state", [MessageState.SUBMITTING, MessageState.AMBIGUOUS])
@pytest.mark.parametrize("went_out", [True, False])
async def test_what_may_have_gone_out_is_asked_about_first(office: Office, state: MessageState, went_out: bool) -> None:
    gateway, message = Moody(), await reserved(office, await office.submit())
    await put_into(office, message, state)
    if went_out:
        key = gateway_key(await row_of(office, message))
        gateway.taken.append(ShortMessage(message, key, "+8613912345678", "answer", Language.ZH_CN, {}, "请到庭。"))
    await freeze(office)
    office.clock.now += timedelta(minutes=1)
    assert await release(office) == 1
    assert not (await row_of(office, message)).handed_on
    assert (await Sender(tools_of(office, gateway)).send(message)).state is MessageState.SUBMITTED
    assert gateway.asked == (0 if went_out else 1)
    assert len(gateway.taken) == 1


async def test_a_submission_under_way_is_left_to_whoever_makes_it(office: Office) -> None:
    message = await reserved(office, await office.submit())
    await put_into(office, message, MessageState.SUBMITTING)
    await freeze(office)
    office.clock.now += timedelta(seconds=5)
    assert await release(office) == 0


async def test_a_restored_book_asks_before_it_sends_what_it_believes_reserved(office: Office) -> None:
    """The same reason and recipient again, under a new id: the gateway knows it by its key."""
    gateway, reference = Moody(), await office.submit()
    sender = Sender(tools_of(office, gateway))
    before = await reserved(office, reference)
    await sender.send(before)
    async with office.platform.db.write() as session:
        await session.delete(await session.get_one(Message, before))
    await restored(office)
    office.clock.now += timedelta(minutes=1)
    await release(office)
    again, new = await reserved(office, reference), await reserved(office, reference, "another cause")
    assert again != before
    for message in (again, new):
        assert (await sender.send(message)).state is MessageState.SUBMITTED
    keys = Counter(message.key for message in gateway.taken)
    assert set(keys.values()) == {1} and len(keys) == 2
    after = await reserved(office, await office.submit())
    asked = await sender.send(after)
    assert asked.state is MessageState.SUBMITTED


class Mute(Moody):
    """A gateway without a log: it can say nothing of what became of a message."""

    async def look_up(self, message: ShortMessage) -> Submission:
        return Submission(None, Fate.CANNOT_SAY)

    async def submit(self, message: ShortMessage) -> Submission:
        self.taken.append(message)
        return Submission("mute", Fate.SUBMITTED)


async def test_registered_after_the_restoring_nobody_needs_to_ask(office: Office) -> None:
    gateway, old = Mute(), await office.submit()
    await restored(office)
    office.clock.now += timedelta(minutes=1)
    await release(office)
    sender = Sender(tools_of(office, gateway))
    in_doubt, certain = await reserved(office, old), await reserved(office, await office.submit())
    assert (await sender.send(in_doubt)).state is MessageState.AMBIGUOUS
    assert (await sender.send(certain)).state is MessageState.SUBMITTED
    assert [message.id for message in gateway.taken] == [certain]
    async with office.platform.db.read() as session:
        assert (await messages_by_state(session))[MessageState.AMBIGUOUS] == 1


async def test_what_came_about_after_the_restoring_cannot_have_gone_before_it(office: Office) -> None:
    """A gateway without a log cannot be asked, and a court must not fall silent over its older requests for good."""
    gateway, old = Mute(), await office.submit()
    await restored(office)
    at = office.clock.now
    office.clock.now += timedelta(minutes=1)
    await release(office)
    before, since = (str(ULID.from_datetime(at + timedelta(minutes=minutes))) for minutes in (-5, 5))
    await office.supervise(old, None, rung=1)
    office.clock.now = at - timedelta(hours=1)
    await office.supervise(old, None, rung=0)
    office.clock.now = at + timedelta(hours=1)
    sender = Sender(tools_of(office, gateway))
    fates = {
        cause: (await sender.send(await reserved(office, old, cause))).state
        for cause in (before, since, f"digest-{since}", f"claim-{since}", rung_cause(0), rung_cause(1), "order-1")
    }
    in_doubt = {before, rung_cause(0), "order-1"}
    assert {cause for cause, state in fates.items() if state is MessageState.AMBIGUOUS} == in_doubt
    assert {cause for cause, state in fates.items() if state is MessageState.SUBMITTED} == fates.keys() - in_doubt


async def test_of_a_restored_book_nothing_is_under_way_however_soon_it_is_released(office: Office) -> None:
    message = await reserved(office, await office.submit())
    await put_into(office, message, MessageState.SUBMITTING)
    await restored(office)
    office.clock.now += timedelta(seconds=5)
    assert await release(office) == 1
    assert not (await row_of(office, message)).handed_on


@pytest.fixture(scope="module")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("frozen") / "template"
    await prepare_template(home)
    return home


@pytest.fixture
async def city(template: Path, tmp_path: Path) -> AsyncIterator[City]:
    async with open_city(template, tmp_path / "home", FRIDAY) as opened:
        yield opened


async def in_book(city: City, work: Callable[..., Awaitable[object]], *given: object) -> None:
    async with city.tools.db.write() as session:
        await work(session, *given, city.world.now())


async def test_while_frozen_silence_climbs_and_nobody_is_told_until_the_release(city: City) -> None:
    await in_book(city, freeze_sends, "the provider is being changed")
    reference = await city.submit()
    await city.advance(seconds=5)
    for number in range(2):
        await city.handle(reference).signal("escalate", {"by": "operator-1", "reason": f"at the counter {number}"})
    await city.advance(seconds=30)
    assert [record.rung for record in await city.rungs(reference)] == [1, 2]
    assert city.sent() == []
    assert {message.state for message in await city.messages(reference)} == {MessageState.RESERVED}
    await in_book(city, release_sends)
    await city.advance(minutes=1)
    messages = await city.messages(reference)
    assert len(messages) == 4 and {message.state for message in messages} == {MessageState.DELIVERED}
    assert Counter(line["id"] for line in city.sent()) == Counter(message.id for message in messages)
    assert EventKind.MESSAGE_SENT in await city.kinds(reference)
