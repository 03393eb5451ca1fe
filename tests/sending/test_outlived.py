"""What concerns nobody any more when a doubt about it ends, or when its gateway never had it (ADR 0012)."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, update

from liaison.contract.names import claim_cause, follow_up_cause, rung_cause
from liaison.db.messages import PARTY
from liaison.db.tables import Action, FollowUp, Message
from liaison.gateways.sms.port import Capabilities, Fate, Receipt
from liaison.policy.message_words import FollowUpState, MessageClass, MessageState
from liaison.policy.words import ActionKind, ActionState, EventKind
from liaison.services.receipts import take_receipt
from tests.city import shanghai
from tests.sending.mailing import Mailing
from tests.services.office import HOLDER, Office, days
from tests.workflows.conftest import OpenCity
from tests.workflows.gateways import ASKABLE, MUTE, Moody, be_away, deliver, reset_after, reset_before

S = MessageState
STAFF, OF_PARTY = MessageClass.STAFF, MessageClass.PARTY
LEADER = "0104-p01"
DATES = {"received_on": "2026-09-18", "due_on": "2026-09-22", "office": "立案庭"}


async def in_doubt(mailing: Mailing, reference: str, recipient: str, template: str, of: MessageClass) -> str:
    """A message of which nobody knows whether it has gone."""
    cause = rung_cause(1) if template == "supervision" else ""
    message = await mailing.reserve(reference, recipient, template, of, cause=cause, **DATES)
    assert (await mailing.send(message)).state == S.AMBIGUOUS
    return message


@pytest.mark.parametrize(
    ("recipient", "template", "of", "copies"),
    [
        (HOLDER, "work_order", STAFF, 1),
        (LEADER, "supervision", STAFF, 1),
        (PARTY, "received", OF_PARTY, 1),
        (PARTY, "closed", OF_PARTY, 2),
    ],
)
async def test_what_nobody_can_say_of_is_not_sent_once_more_after_the_closing(
    either_office: Office, recipient: str, template: str, of: MessageClass, copies: int
) -> None:
    office = either_office
    mailing = Mailing(office, [gateway := Moody(reset_after, can=MUTE)])
    reference = await office.submit()
    await office.supervise(reference, LEADER)
    message = await in_doubt(mailing, reference, recipient, template, of)
    office.clock.now += days(10 / 24 / 60)
    await office.close(reference)
    gateway.mood = deliver
    assert set(await mailing.send_until_settled(message)) == (
        {S.AMBIGUOUS} if copies == 1 else {S.AMBIGUOUS, S.SUBMITTED}
    )
    row = await mailing.row(message)
    assert (len(gateway.taken), row.repeats) == (copies, copies - 1)
    assert row.settled_at is not None and ("concerns nobody any more" in (row.failure or "")) == (copies == 1)
    kind = EventKind.MESSAGE_FAILED if copies == 1 else EventKind.MESSAGE_SENT
    assert await mailing.kinds(message) == [kind]
    # Nobody tells a leader of an answer in place of a bell that he may have heard.
    assert (await mailing.gather(LEADER)).message_ids == [] or recipient != LEADER


@pytest.mark.parametrize("crashed", [False, True], ids=["in doubt", "its sender died"])
@pytest.mark.parametrize(("template", "lines"), [("work_order", []), ("supervision", ["answered_late"])])
async def test_what_the_gateway_never_had_is_superseded_after_the_closing(
    office: Office, template: str, lines: list[str], crashed: bool
) -> None:
    mailing = Mailing(office, [gateway := Moody(reset_before, can=ASKABLE)])
    reference = await office.submit()
    await office.supervise(reference, LEADER)
    message = await in_doubt(mailing, reference, LEADER, template, STAFF)
    if crashed:
        async with office.platform.db.write() as session:
            died = {"state": S.SUBMITTING, "submitted_at": None, "failure": None}
            await session.exec(update(Message).where(col(Message.id) == message).values(died))
    office.clock.now += days(10 / 24 / 60)
    await office.close(reference)
    gateway.mood = deliver
    assert await mailing.send_until_settled(message) == [S.SUPERSEDED]
    assert gateway.taken == []
    office.clock.now += days(1 / 24)
    assert [(await mailing.row(line)).template for line in (await mailing.gather(LEADER)).message_ids] == lines


async def test_a_failure_told_before_the_doubt_ends_supersedes_it(office: Office) -> None:
    """Until then the doubt goes on as any other: a leader whose bell is known not to have rung gets his line."""
    mailing = Mailing(office, [gateway := Moody(reset_after, can=MUTE), Moody(name="second")])
    reference = await office.submit()
    await office.supervise(reference, LEADER)
    message = await in_doubt(mailing, reference, LEADER, "supervision", STAFF)
    office.clock.now += days(10 / 24 / 60)
    await office.close(reference)
    assert (await mailing.send(message)).wait_until
    receipt = Receipt("p-1", Fate.FAILED, office.clock.now, "UNDELIV", key=gateway.taken[0].key)
    assert await take_receipt(office.platform, "moody", receipt)
    assert (await mailing.send(message)).state == S.SUPERSEDED
    office.clock.now += days(1 / 24)
    assert [(await mailing.row(line)).template for line in (await mailing.gather(LEADER)).message_ids] == [
        "answered_late"
    ]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, 2),
        ({"state": FollowUpState.RATED, "rating": 1}, 1),
        ({"state": FollowUpState.UNRATED}, 1),
        ({"tries": 2}, 1),
    ],
    ids=["still asked", "rated", "given up", "asked anew"],
)
@pytest.mark.parametrize("can", [MUTE, ASKABLE], ids=["nobody can say", "never had it"])
async def test_a_question_in_doubt_is_asked_once_more_only_of_who_is_still_asked(
    office: Office, can: Capabilities, changes: dict[str, object], asked: int
) -> None:
    mailing = Mailing(office, [gateway := Moody(reset_before, can=can)])
    reference = await office.submit()
    await office.close(reference)
    async with office.platform.db.write() as session:
        session.add(FollowUp(reference=reference, since=office.clock.now, tries=1, asked_at=office.clock.now))
    message = await mailing.reserve(reference, PARTY, "follow_up", OF_PARTY, cause=follow_up_cause(1))
    await mailing.send(message)
    async with office.platform.db.write() as session:
        row = await session.get_one(FollowUp, reference)
        for name, value in changes.items():
            setattr(row, name, value)
    gateway.mood = deliver
    *_, last = await mailing.send_until_settled(message)
    assert gateway.asked == asked
    assert last == (S.SUBMITTED if asked == 2 else S.AMBIGUOUS if can is MUTE else S.SUPERSEDED)


@pytest.mark.parametrize(("state", "copies"), [(ActionState.CLAIMED, 2), (ActionState.REFUSED, 1)])
async def test_a_claim_that_was_set_aside_is_not_told_once_more(
    office: Office, state: ActionState, copies: int
) -> None:
    mailing = Mailing(office, [gateway := Moody(reset_after, can=MUTE)])
    reference = await office.submit()
    claim = Action(
        id=f"claim-{state}", reference=reference, kind=ActionKind.REPLY, by=HOLDER, key_id="sms", claimed=True,
        received_at=office.clock.now, state=ActionState.CLAIMED,
    )  # fmt: skip
    async with office.platform.db.write() as session:
        session.add(claim)
    message = await mailing.reserve(reference, HOLDER, "reply_claimed", STAFF, cause=claim_cause(f"claim-{state}"))
    await mailing.send(message)
    async with office.platform.db.write() as session:
        (await session.get_one(Action, f"claim-{state}")).state = state
    gateway.mood = deliver
    *_, last = await mailing.send_until_settled(message)
    assert (len(gateway.taken), last) == (copies, S.SUBMITTED if copies == 2 else S.AMBIGUOUS)


async def test_a_judge_who_has_answered_gets_no_new_work_order(city_at: OpenCity) -> None:
    """At 10:00 nobody knows whether he got it; he replies at 10:10; the doubt ends at 10:30."""
    gateway = Moody(reset_after, can=MUTE)
    async with city_at("2026-09-18 10:00", gateways=(gateway,)) as city:
        reference = await city.submit()
        await city.advance(minutes=10)
        gateway.mood = deliver
        await city.reply(reference)
        await city.handle(reference).result()
        await city.advance(minutes=30)
        assert sorted(taken.template for taken in gateway.taken) == ["answer", "received", "work_order"]
        states = {message.template: message.state for message in await city.messages(reference)}
        assert states == {"work_order": S.AMBIGUOUS, "received": S.AMBIGUOUS, "answer": S.SUBMITTED}


async def test_what_the_gateway_never_had_and_is_of_no_more_use_has_expired(office: Office) -> None:
    mailing = Mailing(office, [gateway := Moody(reset_before, can=ASKABLE)])
    message = await mailing.reserve(await office.submit(), useful_for=timedelta(minutes=5))
    assert (await mailing.send(message)).state == S.AMBIGUOUS
    office.clock.now += timedelta(minutes=6)
    gateway.mood = deliver
    assert await mailing.send_until_settled(message) == [S.EXPIRED]
    assert gateway.taken == []


async def test_what_outlived_its_window_says_when_the_next_one_opens(office: Office) -> None:
    """Nobody on call is told that it may go and does not."""
    mailing = Mailing(office, [Moody(be_away)])
    message = await mailing.reserve(await office.submit())
    assert (await mailing.send(message)).state == S.RESERVED
    office.clock.now = shanghai("2026-09-18 23:00")
    waits = (await mailing.send(message)).wait_until
    assert (await mailing.row(message)).send_after == shanghai("2026-09-19 08:00")
    assert datetime.fromisoformat(waits) == shanghai("2026-09-19 08:00")
