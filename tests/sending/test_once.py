"""Every row of the table of states: sent once, or once more and marked (issue line M10; ADR 0012)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, update

from liaison.db.messages import NO_REQUEST, gateway_key
from liaison.db.tables import Message
from liaison.gateways.sms.port import Capabilities, Fate, Receipt, ShortMessage, Submission
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.words import EventKind
from liaison.services.receipts import take_receipt
from tests.sending.mailing import Mailing
from tests.services.office import Office
from tests.workflows.gateways import (
    ASKABLE,
    MUTE,
    Moody,
    be_away,
    be_busy,
    deliver,
    refuse,
    reset_after,
    reset_before,
)

S = MessageState
Mood = Callable[[ShortMessage], None]


def first(*moods: Mood) -> Mood:
    """These moods one after the other, then a good one."""
    left = list(moods)

    def mood(message: ShortMessage) -> None:
        (left.pop(0) if left else deliver)(message)

    return mood


@pytest.mark.parametrize(
    ("can", "mood", "states", "repeats", "taken"),
    [
        (ASKABLE, reset_before, [S.AMBIGUOUS, S.SUBMITTED], 0, 1),
        (ASKABLE, reset_after, [S.AMBIGUOUS, S.SUBMITTED], 0, 1),
        (MUTE, reset_before, [S.AMBIGUOUS, S.SUBMITTED], 1, 1),
        (MUTE, reset_after, [S.AMBIGUOUS, S.SUBMITTED], 1, 2),
    ],
)
async def test_in_doubt_the_provider_is_asked_and_if_it_cannot_say_it_is_sent_once_more_marked(
    office: Office, can: Capabilities, mood: Mood, states: list[S], repeats: int, taken: int
) -> None:
    mailing = Mailing(office, [gateway := Moody(first(mood), can=can)])
    message, began = await mailing.reserve(await office.submit()), office.clock.now
    assert await mailing.send_until_settled(message) == states
    row = await mailing.row(message)
    assert (row.repeats, len(gateway.taken)) == (repeats, taken)
    waited = office.clock.now - began
    assert waited == timedelta(minutes=30) if can is MUTE else waited < timedelta(seconds=5)
    [sent] = await mailing.events(message)
    assert (sent.kind, sent.detail.get("repeats", 0)) == (EventKind.MESSAGE_SENT, repeats)


async def test_never_more_than_once_more(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody(reset_after, can=MUTE)])
    message = await mailing.reserve(await office.submit())
    assert await mailing.send_until_settled(message) == [S.AMBIGUOUS, S.AMBIGUOUS]
    assert len(gateway.taken) == 2
    office.clock.now += timedelta(hours=2)
    assert (await mailing.send(message)).state == S.AMBIGUOUS and len(gateway.taken) == 2
    assert await mailing.kinds(message) == [EventKind.MESSAGE_FAILED]


@pytest.mark.parametrize(("mood", "went"), [(reset_before, 0), (reset_after, 1)])
async def test_a_one_time_code_is_never_sent_again(office: Office, mood: Mood, went: int) -> None:
    mailing = Mailing(office, [gateway := Moody(first(mood), can=MUTE)])
    message = await mailing.reserve(await office.submit(), message_class=MessageClass.CODE)
    assert await mailing.send_until_settled(message) == [S.AMBIGUOUS]
    assert len(gateway.taken) == went


async def test_a_sender_that_died_is_followed_like_any_doubt(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody(can=MUTE)])
    message = await mailing.reserve(await office.submit())
    async with office.platform.db.write() as session:
        died = {"state": S.SUBMITTING, "gateway": gateway.name, "attempts": 1}
        await session.exec(update(Message).where(col(Message.id) == message).values(died))
    assert await mailing.send_until_settled(message) == [S.AMBIGUOUS, S.SUBMITTED]
    assert ((await mailing.row(message)).repeats, len(gateway.taken)) == (1, 1)


async def test_flow_control_is_obeyed(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody(first(be_busy))])
    message, began = await mailing.reserve(await office.submit()), office.clock.now
    assert await mailing.send_until_settled(message) == [S.RESERVED, S.SUBMITTED]
    assert (office.clock.now - began, gateway.asked) == (timedelta(minutes=2), 2)


async def test_flow_control_is_no_try(office: Office) -> None:
    mailing = Mailing(office, [Moody(first(*[be_busy] * 12, be_away, be_away))])
    message, pauses = await mailing.reserve(await office.submit()), []
    while (progress := await mailing.send(message)).wait_until:
        pauses.append(datetime.fromisoformat(progress.wait_until) - office.clock.now)
        office.clock.now += pauses[-1]
    assert pauses == [*[timedelta(minutes=2)] * 12, timedelta(seconds=1), timedelta(seconds=2)]
    assert (await mailing.row(message)).attempts == 3


@pytest.mark.parametrize("recipient", ["party", "0104-j01"])
async def test_a_refused_message_is_never_sent_again_and_whom_it_does_not_reach_is_a_fault(
    office: Office, recipient: str
) -> None:
    mailing = Mailing(office, [gateway := Moody(first(refuse)), second := Moody(name="second")])
    message = await mailing.reserve(await office.submit(), recipient)
    assert await mailing.send_until_settled(message) == [S.FAILED]
    assert (await mailing.send(message)).state == S.FAILED
    assert (gateway.asked, second.asked) == (1, 0)
    assert await mailing.unreachable() == [recipient]


async def told(mailing: Mailing, message: str, fate: Fate) -> bool:
    row = await mailing.row(message)
    receipt = Receipt(row.provider_id or "", fate, mailing.office.clock.now, "UNDELIV")
    return await take_receipt(mailing.office.platform, row.gateway or "", receipt)


async def test_receipts_settle_once_in_any_order(office: Office) -> None:
    mailing = Mailing(office, [Moody()])
    message = await mailing.reserve(await office.submit())
    early = Receipt("moody-1", Fate.DELIVERED, office.clock.now)
    assert not await take_receipt(office.platform, "moody", early)
    await mailing.send(message)
    for _ in range(3):
        assert await take_receipt(office.platform, "moody", early)
        assert not await take_receipt(office.platform, "another", early)
        assert await told(mailing, message, Fate.FAILED)
    assert (await mailing.row(message)).state is S.DELIVERED
    assert await mailing.kinds(message) == [EventKind.MESSAGE_SENT, EventKind.MESSAGE_DELIVERED]


@pytest.mark.parametrize("fate", [Fate.DELIVERED, Fate.FAILED])
async def test_a_receipt_is_of_the_newest_message_where_a_gateway_begins_its_ids_anew(
    either_office: Office, fate: Fate
) -> None:
    office = either_office
    mailing = Mailing(office, [gateway := Moody(name=f"forgetful-{fate}"), Moody(name="second")])
    # The newest comes last, so that no database finds it by chance.
    nobody_knows_when, old, newest = [await mailing.reserve(await office.submit()) for _ in range(3)]
    for message, sent_at in ((nobody_knows_when, None), (old, -timedelta(days=90)), (newest, timedelta(0))):
        async with office.platform.db.write() as session:
            row = await session.get_one(Message, message)
            row.gateway, row.provider_id = gateway.name, "m1"
            row.submitted_at = None if sent_at is None else office.clock.now + sent_at
            row.state = S.SUBMITTED if message == newest else S.FAILED
    assert await told(mailing, newest, fate)
    states = [(await mailing.row(message)).state for message in (nobody_knows_when, old, newest)]
    assert states == [S.FAILED, S.FAILED, S.DELIVERED if fate is Fate.DELIVERED else S.RESERVED]


async def test_what_one_gateway_could_not_deliver_the_next_one_takes_and_then_nobody(office: Office) -> None:
    mailing = Mailing(office, [Moody(), Moody(name="second")])
    message = await mailing.reserve(await office.submit(), "0104-j01")
    for gateway in ("moody", "second"):
        assert (await mailing.send(message)).state == S.SUBMITTED
        assert (await mailing.row(message)).gateway == gateway
        assert await told(mailing, message, Fate.FAILED)
        row = await mailing.row(message)
        # Temporal cannot be reached here: the relay finds the row without a sender.
        assert (row.state, row.handed_on) == (S.RESERVED, False)
        assert await told(mailing, message, Fate.FAILED)
    assert (await mailing.send(message)).state == S.FAILED
    row = await mailing.row(message)
    assert (row.tried, row.failure) == (["moody", "second"], "not delivered by second: UNDELIV")
    *_, failed = await mailing.events(message)
    assert (failed.kind, failed.detail["tried"]) == (EventKind.MESSAGE_FAILED, ["moody", "second"])
    assert await mailing.unreachable() == ["0104-j01"]


async def test_a_late_receipt_ends_a_doubt(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody(reset_after, can=MUTE)])
    message = await mailing.reserve(await office.submit())
    assert (await mailing.send(message)).wait_until
    async with office.platform.db.write() as session:
        await session.exec(update(Message).where(col(Message.id) == message).values(provider_id="moody-1"))
    assert await told(mailing, message, Fate.DELIVERED)
    office.clock.now += timedelta(hours=1)
    assert (await mailing.send(message)).state == S.DELIVERED
    assert len(gateway.taken) == 1


@pytest.mark.parametrize("names", [["moody", "second"], ["moody"]], ids=["another", "nobody"])
async def test_a_late_failure_ends_a_doubt_that_was_given_up(office: Office, names: list[str]) -> None:
    gateways = [Moody(reset_before, name=name, can=MUTE) for name in names]
    mailing = Mailing(office, gateways)
    message = await mailing.reserve(await office.submit(), "0104-j01", useful_for=timedelta(hours=2))
    assert await mailing.send_until_settled(message) == [S.AMBIGUOUS, S.AMBIGUOUS]
    key = gateway_key(await mailing.row(message))
    failed = Receipt("p-1", Fate.FAILED, office.clock.now, "UNDELIV", key=key)
    for _ in range(2):
        assert await take_receipt(office.platform, "moody", failed)
        row = await mailing.row(message)
        assert (row.state, row.handed_on, row.settled_at, row.tried) == (S.RESERVED, False, None, ["moody"])
    gateways[-1].mood = deliver
    another = len(names) > 1
    assert (await mailing.send(message)).state == (S.SUBMITTED if another else S.FAILED)
    assert [gateway.asked for gateway in gateways] == [2, 1][: len(names)]
    assert await mailing.unreachable() == ([] if another else ["0104-j01"])
    last = EventKind.MESSAGE_SENT if another else EventKind.MESSAGE_FAILED
    assert await mailing.kinds(message) == [EventKind.MESSAGE_FAILED, last]


async def test_a_late_failure_of_what_helps_nobody_any_more_sends_nothing(office: Office) -> None:
    mailing = Mailing(office, [Moody(reset_before, can=MUTE), second := Moody(name="second")])
    message = await mailing.reserve(await office.submit(), useful_for=timedelta(hours=2))
    await mailing.send_until_settled(message)
    failed = Receipt("p-1", Fate.FAILED, office.clock.now, "UNDELIV", key=gateway_key(await mailing.row(message)))
    office.clock.now += timedelta(hours=2)
    assert await take_receipt(office.platform, "moody", failed)
    assert (await mailing.send(message)).state == S.EXPIRED
    assert second.asked == 0


async def test_a_failed_copy_beside_one_that_arrived_is_no_failure(office: Office) -> None:
    mailing = Mailing(office, [Moody(reset_after, can=MUTE), second := Moody(name="second")])
    message = await mailing.reserve(await office.submit())
    await mailing.send_until_settled(message)
    arrived = Receipt("p-2", Fate.DELIVERED, office.clock.now, key=gateway_key(await mailing.row(message)))
    assert await take_receipt(office.platform, "moody", arrived)
    await take_receipt(office.platform, "moody", replace(arrived, provider_id="p-1", fate=Fate.FAILED))
    assert ((await mailing.send(message)).state, second.asked) == (S.DELIVERED, 0)


async def test_it_expires_when_it_helps_nobody_any_more(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody(be_away)])
    message, began = await mailing.reserve(await office.submit(), useful_for=timedelta(minutes=30)), office.clock.now
    *waiting, last = await mailing.send_until_settled(message)
    assert (set(waiting), last) == ({S.RESERVED}, S.EXPIRED)
    # Ten fast tries within 17 minutes, then every ten minutes.
    assert gateway.asked == 12
    assert office.clock.now - began == timedelta(minutes=30)
    assert await mailing.kinds(message) == [EventKind.MESSAGE_FAILED]


async def test_a_receipt_finds_its_message_by_our_key_where_the_answer_was_lost(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody(first(reset_after), can=MUTE)])
    message = await mailing.reserve(await office.submit())
    key = gateway_key(await mailing.row(message))
    receipt = Receipt("p-1", Fate.DELIVERED, office.clock.now, key=key)
    assert not await take_receipt(office.platform, "moody", receipt), "not sent yet"
    await mailing.send(message)
    assert not await take_receipt(office.platform, "another", receipt)
    assert not await take_receipt(office.platform, "moody", replace(receipt, key="f" * 32))
    assert await take_receipt(office.platform, "moody", receipt)
    row = await mailing.row(message)
    assert (row.state, row.provider_id, row.failure) == (S.DELIVERED, "p-1", None)
    assert await mailing.kinds(message) == [EventKind.MESSAGE_DELIVERED]
    office.clock.now += timedelta(hours=1)
    assert (await mailing.send(message)).state == S.DELIVERED and len(gateway.taken) == 1


async def test_a_receipt_finds_by_our_key_what_was_looked_up_and_has_no_id(office: Office) -> None:
    """Aliyun shows what is on its way under our key and without its own id; the receipt brings both."""

    class Namelessly(Moody):
        async def look_up(self, short: ShortMessage) -> Submission:
            return Submission(None, Fate.SUBMITTED)

    mailing = Mailing(office, [Namelessly(first(reset_after))])
    message = await mailing.reserve(await office.submit())
    await mailing.send(message)
    office.clock.now += timedelta(hours=1)
    await mailing.send(message)
    row = await mailing.row(message)
    assert (row.state, row.provider_id) == (S.SUBMITTED, None)
    receipt = Receipt("p-1", Fate.DELIVERED, office.clock.now, key=gateway_key(row))
    assert not await take_receipt(office.platform, "another", receipt)
    for _ in range(2):
        assert await take_receipt(office.platform, "moody", receipt)
    row = await mailing.row(message)
    assert (row.state, row.provider_id) == (S.DELIVERED, "p-1")
    assert await mailing.kinds(message) == [EventKind.MESSAGE_SENT, EventKind.MESSAGE_DELIVERED]


async def test_a_late_answer_ends_a_doubt_and_its_receipt_is_known_from_then_on(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody(first(reset_after), can=MUTE)])
    message = await mailing.reserve(await office.submit())
    answer = Receipt("p-1", Fate.SUBMITTED, office.clock.now, key=gateway_key(await mailing.row(message)))
    await mailing.send(message)
    for _ in range(2):
        assert await take_receipt(office.platform, "moody", answer)
    row = await mailing.row(message)
    assert (row.state, row.provider_id, row.failure) == (S.SUBMITTED, "p-1", None)
    assert await mailing.kinds(message) == [EventKind.MESSAGE_SENT]
    office.clock.now += timedelta(hours=1)
    assert (await mailing.send(message)).state == S.SUBMITTED and len(gateway.taken) == 1
    assert await told(mailing, message, Fate.DELIVERED)
    # Told in the wrong order: what has arrived stays so.
    assert await take_receipt(office.platform, "moody", answer)
    assert (await mailing.row(message)).state is S.DELIVERED


async def test_a_message_about_no_request_has_receipts_too(office: Office) -> None:
    mailing = Mailing(office, [Moody()])
    message = await mailing.reserve(NO_REQUEST, "0104-j01")
    await mailing.send(message)
    assert await told(mailing, message, Fate.DELIVERED)
    assert (await mailing.row(message)).state is S.DELIVERED and await mailing.kinds(message) == []


async def test_a_receipt_waits_while_its_sender_waits_for_the_answer(office: Office) -> None:
    """Whatever it says is kept and taken again later: the sender is about to write down what he hears himself."""

    class Telling(Moody):
        async def submit(self, short: ShortMessage) -> Submission:
            for fate in (Fate.DELIVERED, Fate.FAILED, Fate.SUBMITTED):
                early = Receipt("moody-1", fate, office.clock.now, key=short.key)
                assert not await take_receipt(office.platform, "moody", early)
            return await super().submit(short)

    mailing = Mailing(office, [Telling()])
    message = await mailing.reserve(await office.submit())
    assert (await mailing.send(message)).state == S.SUBMITTED
    assert await told(mailing, message, Fate.DELIVERED)
    assert (await mailing.row(message)).state is S.DELIVERED


@pytest.mark.parametrize(("mood", "known_by"), [(deliver, "slow-1"), (reset_after, None)])
async def test_a_sender_who_hears_late_what_another_has_asked_spoils_nothing(
    office: Office, mood: Mood, known_by: str | None
) -> None:
    class Slow(Moody):
        async def submit(self, short: ShortMessage) -> Submission:
            self.taken.append(short)
            assert (await mailing.send(short.id)).state == S.SUBMITTED
            self.taken.clear()
            return await super().submit(short)

        async def look_up(self, short: ShortMessage) -> Submission:
            return Submission(None, (await super().look_up(short)).fate)

    mailing = Mailing(office, [gateway := Slow(mood, name="slow")])
    message = await mailing.reserve(await office.submit())
    await mailing.send(message)
    row = await mailing.row(message)
    assert (row.state, row.provider_id, row.failure) == (S.SUBMITTED, known_by, None)
    assert [len(gateway.taken), row.attempts, row.repeats] == [1, 1, 0]
    assert await mailing.kinds(message) == [EventKind.MESSAGE_SENT]


async def test_what_a_receipt_gave_back_while_the_gateway_was_asked_is_not_sent_through_it_again(
    office: Office,
) -> None:
    class Telling(Moody):
        async def look_up(self, short: ShortMessage) -> Submission:
            failed = Receipt("p-1", Fate.FAILED, office.clock.now, "UNDELIV", key=short.key)
            assert await take_receipt(office.platform, self.name, failed)
            return Submission(None, Fate.UNKNOWN)

    mailing = Mailing(office, [gateway := Telling(first(reset_before)), second := Moody(name="second")])
    message = await mailing.reserve(await office.submit())
    await mailing.send(message)
    assert (await mailing.send(message)).state == S.RESERVED
    assert (await mailing.send(message)).state == S.SUBMITTED
    assert (gateway.asked, len(second.taken)) == (1, 1)
