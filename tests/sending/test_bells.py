"""Bells that come back from a gateway, and what lies with whoever they ring for (issue lines M10, M20)."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from activities.messaging import Messaging
from activities.new_plan import Line
from activities.supervision import Supervision
from liaison.contract.messages import RungDue
from liaison.contract.names import run_stream, rung_cause
from liaison.contract.sending import Gathered
from liaison.db.messages import desk
from liaison.db.record import lock_request
from liaison.db.tables import DataKey as DataKeyRow
from liaison.db.tables import Message, Plan
from liaison.gateways.sms.port import Capabilities, Fate, Receipt
from liaison.keys import KeyRing
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.words import Post
from liaison.services.receipts import take_receipt
from tests.keeping.tools import tools_of
from tests.oncall.lateness import all_messages, new_rung
from tests.sending.mailing import Mailing
from tests.services.office import Office
from tests.workflows.gateways import Moody, be_busy, deliver

S = MessageState
Mend = Callable[[], Awaitable[None]]
LEADER = "0104-p01"
"""No other test's: they share one book on PostgreSQL, and a mailbox rests after every message."""

OPEN = Capabilities(extension_codes=True)
STAFF, PARTY = MessageClass.STAFF, MessageClass.PARTY
DATES = {"due_on": "2026-09-22", "was": "2026-09-21", "office": "立案庭"}


async def bell(mailing: Mailing, reference: str, useful_for: timedelta | None = None) -> str:
    return await mailing.reserve(reference, LEADER, "supervision", STAFF, useful_for)


async def not_delivered(mailing: Mailing, message: str) -> None:
    row = await mailing.row(message)
    receipt = Receipt(row.provider_id or "", Fate.FAILED, mailing.office.clock.now, "UNDELIV")
    assert await take_receipt(mailing.office.platform, row.gateway or "", receipt)


async def test_a_digest_that_was_not_delivered_takes_no_newer_bell_down_with_it(either_office: Office) -> None:
    office = either_office
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    bells = [await bell(mailing, reference) for _ in range(2)]
    [failed] = (await mailing.gather(LEADER)).message_ids
    await mailing.send(failed)
    await not_delivered(mailing, failed)
    office.clock.now += timedelta(minutes=20)
    bells.append(await bell(mailing, reference))
    [fresh] = (await mailing.gather(LEADER)).message_ids
    assert (await mailing.send(fresh)).state == S.SUBMITTED
    assert {(await mailing.row(each)).gathered_into for each in (*bells, failed)} == {fresh}


async def lock_up(mailing: Mailing, reference: str) -> Mend:
    """Have a request's data key wrapped under a ring that is not ours; what is returned mends it."""

    async def wrap(wrapped: bytes) -> None:
        async with mailing.office.platform.db.write() as session:
            (await session.get_one(DataKeyRow, reference)).wrapped = wrapped

    async with mailing.office.platform.db.read() as session:
        whole = (await session.get_one(DataKeyRow, reference)).wrapped
    opened = mailing.office.platform.ring.unwrap(whole, reference.encode())
    await wrap(KeyRing.generate().wrap(opened, reference.encode()))
    return lambda: wrap(whole)


async def test_a_bell_that_cannot_be_read_is_told_with_those_that_can(office: Office) -> None:
    mailing, spoilt, whole = Mailing(office, [Moody()]), await office.submit(), await office.submit()
    bells = [await bell(mailing, reference) for reference in (spoilt, whole, spoilt)]
    await lock_up(mailing, spoilt)
    gathered = await mailing.gather(LEADER)
    [digest] = gathered.message_ids
    assert (gathered.wait_until, (await mailing.row(digest)).reference) == ("", whole)
    assert {(await mailing.row(each)).gathered_into for each in bells} == {digest}
    assert (await mailing.send(digest)).state == S.SUBMITTED


async def test_alone_it_waits_until_it_can_be_read_or_helps_nobody(office: Office) -> None:
    mailing, spoilt = Mailing(office, [Moody()]), await office.submit()
    mended, expiring = [await bell(mailing, spoilt, timedelta(minutes=minutes)) for minutes in (90, 30)]
    mend, began = await lock_up(mailing, spoilt), office.clock.now
    gathered = await mailing.gather(LEADER)
    assert gathered == Gathered([], (began + timedelta(minutes=10)).isoformat())
    office.clock.now += timedelta(minutes=40)
    assert (await mailing.gather(LEADER)).message_ids == [expiring]
    assert (await mailing.send(expiring)).state == S.EXPIRED
    await mend()
    assert await mailing.gather(LEADER) == Gathered([mended])
    assert (await mailing.send(mended)).state == S.SUBMITTED


@pytest.mark.parametrize("state", [S.RESERVED, S.AMBIGUOUS])
async def test_a_digest_that_cannot_be_read_keeps_no_newer_bell(office: Office, state: MessageState) -> None:
    """Be it that it waits for another day, or that nobody knows whether it has gone."""
    mailing, spoilt, whole = Mailing(office, [Moody()]), await office.submit(), await office.submit()
    for _ in range(2):
        await bell(mailing, spoilt)
    [digest] = (await mailing.gather(LEADER)).message_ids
    async with office.platform.db.write() as session:
        row = await session.get_one(Message, digest)
        row.state, row.send_after = state, office.clock.now + timedelta(hours=3)
    await lock_up(mailing, spoilt)
    newer = await bell(mailing, whole)
    gathered = await mailing.gather(LEADER)
    assert gathered.message_ids == [newer] and gathered.wait_until
    assert (await mailing.send(newer)).state == S.SUBMITTED
    assert (await mailing.row(digest)).state is state


async def test_a_digest_tells_of_a_request_with_a_word_nobody_knows(office: Office) -> None:
    mailing, spoilt, whole = Mailing(office, [gateway := Moody()]), await office.submit(), await office.submit()
    for reference in (spoilt, whole):
        await office.supervise(reference, LEADER)
        await bell(mailing, reference)
    async with office.platform.db.write() as session:
        damage = text("UPDATE request SET outcome = 'perhaps', procedure = 'semi-ordinary' WHERE reference = :of")
        await (await session.connection()).execute(damage, {"of": spoilt})
    [digest] = (await mailing.gather(LEADER)).message_ids
    assert (await mailing.send(digest)).state == S.SUBMITTED
    assert (await mailing.row(digest)).reference == whole
    assert "2件诉求待督办" in gateway.taken[-1].text


async def test_a_digest_counts_what_holders_have_explained_and_what_lies_with_another_leader(office: Office) -> None:
    """Who is warned in the place of an absent holder has the request in nobody's inbox but the liaison officer's."""
    mailing = Mailing(office, [gateway := Moody()])
    mine, explained, settled, in_his_place = [await office.submit() for _ in range(4)]
    for reference in (mine, explained, settled):
        await office.supervise(reference, LEADER)
    await office.supervise(in_his_place, "0104-l01", rung=0, post=Post.LIAISON_OFFICER)
    for reference in (explained, explained, settled):
        await mailing.reserve(reference, LEADER, "explanation", STAFF)
    await mailing.reserve(in_his_place, LEADER, "warning_to_leader", STAFF, due_on="2026-09-21")
    [digest] = (await mailing.gather(LEADER)).message_ids
    await office.close(settled)
    assert (await mailing.send(digest)).state == S.SUBMITTED
    assert gateway.taken[-1].text.startswith("【广州法院】您有3件诉求待督办，")
    assert "其中1件已有说明；另有1件已逾期答复、0件已撤回，无需督办。" in gateway.taken[-1].text


async def test_an_explanation_alone_is_told_as_it_is(office: Office) -> None:
    mailing, reference = Mailing(office, [gateway := Moody()]), await office.submit()
    message = await mailing.reserve(reference, LEADER, "explanation", STAFF)
    assert await mailing.gather(LEADER) == Gathered([message])
    await mailing.send(message)
    assert gateway.taken[-1].text == f"【广州法院】诉求{reference}的承办人已作说明，请登录平台查看。"


async def test_a_digest_is_useful_as_long_as_its_newest_bell(office: Office) -> None:
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    for minutes in (1, 60):
        await bell(mailing, reference, timedelta(minutes=minutes))
    [digest] = (await mailing.gather(LEADER)).message_ids
    office.clock.now += timedelta(minutes=2)
    assert (await mailing.send(digest)).state == S.SUBMITTED


@pytest.mark.parametrize(
    ("template", "of", "state"),
    [
        ("warning", STAFF, S.SUPERSEDED),
        ("warning_to_leader", STAFF, S.SUPERSEDED),
        ("urge", STAFF, S.SUPERSEDED),
        ("date_moved", PARTY, S.SUPERSEDED),
        ("answered_late", STAFF, S.SUBMITTED),
        ("reply_set_aside", STAFF, S.SUBMITTED),
        ("closed", PARTY, S.SUBMITTED),
    ],
)
@pytest.mark.parametrize("came_back", ["not delivered", "busy"])
async def test_what_comes_back_after_the_reply_is_sent_only_if_it_still_concerns_somebody(
    office: Office, template: str, of: MessageClass, state: MessageState, came_back: str
) -> None:
    first, second = Moody(be_busy if came_back == "busy" else deliver), Moody(name="second")
    mailing, reference = Mailing(office, [first, second]), await office.submit()
    message = await mailing.reserve(reference, "0104-j01", template, of, None, **DATES)
    await mailing.send(message)
    office.clock.now += timedelta(minutes=3)
    await office.close(reference)
    if came_back == "not delivered":
        await not_delivered(mailing, message)
    first.mood = deliver
    assert (await mailing.send(message)).state == state
    assert (await mailing.row(message)).state is state


@pytest.mark.parametrize(
    ("holder", "annulled", "told"),
    [("0104-j01", False, ["answered_late"]), ("0104-j01", True, []), (LEADER, False, [])],
)
async def test_a_bell_that_comes_back_after_the_reply_is_told_as_a_line(
    office: Office, holder: str, annulled: bool, told: list[str]
) -> None:
    """Not of a rung that was none, nor to the holder himself."""
    mailing, reference = Mailing(office, [gateway := Moody(be_busy)]), await office.submit()
    await office.change(reference, holder_id=holder)
    await office.supervise(reference, LEADER)
    first = await mailing.reserve(reference, LEADER, "supervision", STAFF, cause=rung_cause(1))
    await mailing.send(first)
    office.clock.now += timedelta(minutes=1)
    if annulled:
        await office.annul(reference)
    await office.close(reference)
    office.clock.now += timedelta(minutes=20)
    gateway.mood = deliver
    assert (await mailing.send(first)).state == S.SUPERSEDED
    lines = (await mailing.gather(LEADER)).message_ids
    assert [(await mailing.row(line)).template for line in lines] == told
    for line in lines:
        assert (await mailing.send(line)).state == S.SUBMITTED


async def test_what_is_said_after_the_reply_is_sent(office: Office) -> None:
    mailing, reference = Mailing(office, [Moody()]), await office.submit()
    await office.close(reference)
    assert (await mailing.send(await bell(mailing, reference))).state == S.SUBMITTED


async def test_a_desk_whose_answer_could_not_be_matched_is_not_invited_to_answer(office: Office) -> None:
    mailing, reference = Mailing(office, [gateway := Moody(can=OPEN)]), await office.submit()
    for recipient in (desk("0104-d-civil1"), "0104-j01"):
        await mailing.send(await mailing.reserve(reference, recipient, "work_order", STAFF, None, **DATES))
    to_desk, to_judge = gateway.taken
    assert ("直接回复" in to_desk.text, to_desk.code) == (False, "")
    assert "直接回复" in to_judge.text and reference.replace("-", "").startswith(to_judge.params["code"])
    assert to_judge.code != "" and reference in to_desk.text


async def test_the_chambers_bell_counts_what_lies_with_the_chamber(office: Office) -> None:
    mailing, references = Mailing(office, [gateway := Moody()]), [await office.submit() for _ in range(3)]
    for reference in references[:2]:
        await office.supervise(reference, None, post=Post.CASE_FILING_CHAMBER)
    await office.supervise(references[2], LEADER)
    async with office.platform.db.read() as session:
        chamber = (await office.platform.rulebook.roster(session)).case_filing_chamber().code
    message = await mailing.reserve(references[0], desk(chamber), "supervision", STAFF)
    await mailing.send(message)
    assert "您有2件诉求待督办" in gateway.taken[0].text


async def test_the_bell_rings_by_the_calendar_of_its_instant(office: Office) -> None:
    """The plan was counted when the day after the limit was off; since then it is worked again, and no limit moved."""
    rung = await new_rung(office)
    async with office.platform.db.write() as session:
        plan = await session.get_one(Plan, (rung.reference, 1))
        later = datetime.fromisoformat(plan.rungs[0]["notify_at"]) + timedelta(days=3)
        plan.rungs = [plan.rungs[0] | {"notify_at": later.isoformat()}, *plan.rungs[1:]]
    office.clock.now, tools = rung.act_at, tools_of(office)
    async with tools.db.write() as session:
        request, plan = await lock_request(session, rung.reference), await session.get_one(Plan, (rung.reference, 1))
        due = RungDue(rung.reference, stream=1, seq=9, rung=0)
        await Supervision(tools, Messaging(tools)).record(session, request, plan, due, Line(run_stream(1), 9))
    bells = [message for message in await all_messages(office) if message.cause == rung_cause(0)]
    assert bells and {bell.send_after for bell in bells} == {later - timedelta(days=3)}
