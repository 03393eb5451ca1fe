"""Short messages that people send us: matched by number and code, or laid before a clerk; never guessed (M31)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlmodel import select
from ulid import ULID

from liaison.contract.codes import extension_code
from liaison.db.inbound import open_inbound, open_references
from liaison.db.messages import read_params
from liaison.db.tables import Action, InboundMessage, Message, Request
from liaison.gateways.sms.port import Inbound
from liaison.policy.matching import Candidate
from liaison.policy.message_words import InboundState, MessageClass, Mismatch
from liaison.policy.words import ActionState
from liaison.services.claiming import claim_reply
from liaison.services.errors import Refused, Slug
from liaison.services.inbound import take_inbound
from liaison.services.once import Call
from liaison.services.unmatched import assign_message, dismiss_message, unmatched_view
from tests.services.office import HOLDER, OTHER_JUDGE, TEAM_MATE, Office, fresh_key

MOBILES = {HOLDER: "+8613900001027", TEAM_MATE: "+8613900001028", OTHER_JUDGE: "+8613900001030"}
STAFF_OF_MANY = "0104-j05"
PARTY = "+8613912345678"
SAID = "已联系当事人，定于下周三上午开庭。"
_numbers = count(1)
_strangers = count(13800130001)


@pytest.fixture
def office(either_office: Office) -> Office:
    """On each of both databases."""
    return either_office


async def _held(office: Office, holder: str = HOLDER) -> str:
    """An open request of its own matter, with its work order out."""
    phone = f"+86{next(_strangers)}"
    reference = await office.submit(phone=phone, court="0104", judge=holder)
    await office.dispatch(reference, holder)
    return reference


async def _text(office: Office, number: str, text: str, **given: Any) -> InboundMessage:
    """What became of a short message."""
    provider_id = f"test-{office.platform.db.is_sqlite}-{next(_numbers)}"
    sent_at = given.pop("sent_at", office.clock.now)
    inbound = Inbound(provider_id, number, text, sent_at, **given)
    await take_inbound(office.platform, "outbox", inbound, office.clock.now)
    return await _row(office, provider_id)


async def _row(office: Office, provider_id: str) -> InboundMessage:
    async with office.platform.db.read() as session:
        return (await session.exec(select(InboundMessage).where(InboundMessage.provider_id == provider_id))).one()


async def _action(office: Office, action_id: str | None) -> Action:
    async with office.platform.db.read() as session:
        return await session.get_one(Action, action_id)


async def _told(office: Office, number: str) -> list[Message]:
    """Messages to whoever could not be matched."""
    async with office.platform.db.read() as session:
        rows = (await session.exec(select(Message).where(Message.reference == "").order_by(Message.id))).all()
        return [row for row in rows if (await read_params(session, office.platform.ring, row))["to"] == number]


async def _call(office: Office, fingerprint: str = "same", key: str = "") -> Call:
    return Call(await office.clerk(), key or fresh_key(), fingerprint)


async def test_matched_by_number_and_code(office: Office) -> None:
    reference = await _held(office)
    row = await _text(office, "139 0000 1027", f"{reference[:9].lower()} {SAID}")
    assert (row.state, row.reference, row.staff, row.court) == (InboundState.MATCHED, reference, HOLDER, "0104")
    action = await _action(office, row.action_id)
    assert (action.claimed, action.state, action.by, action.on_behalf_of) == (True, ActionState.PENDING, HOLDER, None)
    assert SAID.encode() not in row.sealed
    assert open_inbound(office.platform.ring, row) == (MOBILES[HOLDER], f"{reference[:9].lower()} {SAID}")


async def test_told_again_under_its_next_name_it_is_no_other(office: Office) -> None:
    """As over SMPP, where a message gets its name from when it is told."""
    text, known = f"{await _held(office)} {SAID}", await _text(office, PARTY, "你好")
    for earlier, states in ((known.provider_id, []), (f"none-{fresh_key()}", [InboundState.MATCHED])):
        again = Inbound(f"again-{ULID()}", MOBILES[HOLDER], text, office.clock.now, earlier_id=earlier)
        await take_inbound(office.platform, "outbox", again, office.clock.now)
        async with office.platform.db.read() as session:
            taken = select(InboundMessage.state).where(InboundMessage.provider_id == again.provider_id)
            assert list(await session.exec(taken)) == states


async def test_a_member_of_the_team_speaks_for_the_holder(office: Office) -> None:
    reference = await _held(office)
    action = await _action(office, (await _text(office, MOBILES[TEAM_MATE], f"{reference} {SAID}")).action_id)
    assert (action.by, action.on_behalf_of) == (TEAM_MATE, HOLDER)


async def test_matched_by_extension_code(office: Office) -> None:
    reference = await _held(office)
    code = extension_code(reference, [])
    row = await _text(office, MOBILES[HOLDER], SAID, code=code)
    assert (row.state, row.reference) == (InboundState.MATCHED, reference)
    stranger = await _text(office, PARTY, SAID, code=code)
    assert (stranger.state, stranger.mismatch) == (InboundState.UNMATCHED, Mismatch.UNKNOWN_NUMBER)


async def test_digits_of_one_request_and_letters_of_another_are_no_guess(office: Office) -> None:
    """An answer typed into the thread of an older work order."""
    thread, meant = await _held(office), await _held(office)
    code = extension_code(thread, [])
    row = await _text(office, MOBILES[HOLDER], f"{meant[:9]} {SAID}", code=code)
    assert (row.state, row.mismatch) == (InboundState.UNMATCHED, Mismatch.AMBIGUOUS)
    same = await _text(office, MOBILES[HOLDER], f"{thread[:9]} {SAID}", code=code)
    assert (same.state, same.reference) == (InboundState.MATCHED, thread)
    await office.close(meant)
    row = await _text(office, MOBILES[HOLDER], f"{meant[:9]} {SAID}", code=code)
    assert (row.state, row.mismatch) == (InboundState.UNMATCHED, Mismatch.AMBIGUOUS)


async def test_a_code_of_what_is_no_longer_his_is_no_guess(office: Office) -> None:
    """What he was told of went to another judge; the other code alone would put his words to the wrong party."""
    held, away = await _held(office), await _held(office)
    await office.dispatch(away, OTHER_JUDGE)
    given = [(away, held), (held, away)]
    for closed in (False, True):
        if closed:
            await office.close(away)
        for letters, digits in given:
            row = await _text(office, MOBILES[HOLDER], f"{letters[:9]} {SAID}", code=extension_code(digits, []))
            assert (row.state, row.mismatch, row.action_id) == (InboundState.UNMATCHED, Mismatch.AMBIGUOUS, None)
    # Of what never was his he can only have it from others; while it is open that may be what he speaks of.
    others = await _held(office, OTHER_JUDGE)
    text = f"{others[:9]} {SAID}"
    assert (await _text(office, MOBILES[HOLDER], text, code=extension_code(held, []))).mismatch is Mismatch.AMBIGUOUS
    await office.close(others)
    # An ordinary word is one: it names no request.
    for text in (f"GOOD {SAID}", f"{others[:9]} {SAID}"):
        row = await _text(office, MOBILES[HOLDER], text, code=extension_code(held, []))
        assert (row.state, row.reference) == (InboundState.MATCHED, held)
        held = await _held(office)


async def test_digits_that_a_closed_request_shares_are_no_guess(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["8K3M-9QXF-2T4W-Z", "8K3M-9QXF-0000-0"])
    if not office.platform.db.is_sqlite:
        drawn = iter(["8K3N-9QXF-2T4W-Z", "8K3N-9QXF-0000-0"])
    monkeypatch.setattr("liaison.services.intake.new_reference", lambda: next(drawn))
    closed = await _held(office)
    await office.close(closed)
    code = extension_code(closed, [])
    assert (await _text(office, MOBILES[HOLDER], SAID, code=code)).mismatch is Mismatch.CLOSED
    later = await _held(office)
    assert extension_code(later, []) == code
    assert (await _text(office, MOBILES[HOLDER], SAID, code=code)).mismatch is Mismatch.AMBIGUOUS
    row = await _text(office, MOBILES[HOLDER], f"{later[:11]} {SAID}", code=code)
    assert (row.state, row.reference) == (InboundState.MATCHED, later)


async def test_it_counts_as_received_when_it_was_sent_within_bounds(office: Office) -> None:
    for back, counts in ((timedelta(hours=2), True), (timedelta(days=3), False)):
        reference = await _held(office)
        row = await _text(office, MOBILES[HOLDER], f"{reference} {SAID}", sent_at=office.clock.now - back)
        expected = office.clock.now - back if counts else office.clock.now
        assert (await _action(office, row.action_id)).received_at == row.sent_at == expected


@pytest.mark.parametrize(
    ("mismatch", "number", "text"),
    [
        (Mismatch.UNKNOWN_NUMBER, lambda _: "+8613800139999", lambda ref: f"{ref} {SAID}"),
        (Mismatch.NO_CODE, lambda _: MOBILES[HOLDER], lambda _: SAID),
        (Mismatch.UNKNOWN_CODE, lambda _: MOBILES[HOLDER], lambda _: f"0000-0000-0000-0 {SAID}"),
        (Mismatch.UNKNOWN_CODE, lambda _: MOBILES[OTHER_JUDGE], lambda ref: f"{ref} {SAID}"),
        (Mismatch.NO_REPLY, lambda _: MOBILES[HOLDER], lambda ref: f"{ref} 好的"),
        (Mismatch.NO_REPLY, lambda _: MOBILES[HOLDER], lambda ref: ref),
    ],
)
async def test_what_cannot_be_matched_waits_for_a_clerk(
    office: Office, mismatch: Mismatch, number: Callable[[str], str], text: Callable[[str], str]
) -> None:
    reference = await _held(office)
    row = await _text(office, number(reference), text(reference))
    assert (row.state, row.mismatch, row.action_id) == (InboundState.UNMATCHED, mismatch, None)
    async with office.platform.db.read() as session:
        replies = select(Action).where(Action.reference == reference)
        assert (await session.exec(replies)).all() == []


async def test_a_closed_request_and_two_of_one_code(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = await _held(office)
    await office.close(reference)
    assert (await _text(office, MOBILES[HOLDER], f"{reference} {SAID}")).mismatch is Mismatch.CLOSED
    drawn = iter(["7K3M-9QXF-2T4W-Z", "7K3M-9QXF-0000-0"])
    if not office.platform.db.is_sqlite:
        drawn = iter(["7K3N-9QXF-2T4W-Z", "7K3N-9QXF-0000-0"])
    monkeypatch.setattr("liaison.services.intake.new_reference", lambda: next(drawn))
    first, second = await _held(office), await _held(office)
    row = await _text(office, MOBILES[HOLDER], f"{first[:4]} {SAID}")
    assert (row.state, row.mismatch) == (InboundState.UNMATCHED, Mismatch.AMBIGUOUS)
    row = await _text(office, MOBILES[HOLDER], f"{first[:9]}-0 {SAID}")
    assert (row.state, row.reference) == (InboundState.MATCHED, second)


async def test_a_code_is_looked_for_among_all_that_a_holder_has(office: Office) -> None:
    held, last = await office.request(await _held(office, STAFF_OF_MANY)), "ZZZZ-9QXF-2T4W-Z"
    many = [f"0000-0000-{each:04}-0" for each in range(600)]
    # Nothing is committed: others use the book as well.
    async with office.platform.db.read() as session:
        for reference in (*many, last):
            session.add(Request(**held.model_dump() | {"reference": reference, "open_matter": None}))
        assert set(await open_references(session, [STAFF_OF_MANY])) >= {held.reference, *many, last}


async def test_the_sender_is_told_once_a_day(office: Office) -> None:
    number = f"+86{next(_strangers)}"
    for _ in range(5):
        await _text(office, number, "你好")
    [message] = await _told(office, number)
    assert (message.message_class, message.recipient, message.handed_on) == (MessageClass.PARTY, "sender", False)
    office.clock.now += timedelta(days=1)
    await _text(office, number, "你好")
    assert len(await _told(office, number)) == 2
    # Nobody reads what is sent to a service number; its machine may answer ours for ever.
    for machine in ("10086", "1069012345678", "+862083210001"):
        await _text(office, machine, "【温馨提示】您的短信已收到")
        assert await _told(office, machine) == []
    office.clock.now -= timedelta(days=1)


async def test_a_clerk_assigns_what_a_judge_wrote_without_a_code(office: Office) -> None:
    reference = await _held(office)
    row = await _text(office, MOBILES[TEAM_MATE], SAID)
    queue = await unmatched_view(office.platform, await office.clerk(), limit=200)
    [item] = [item for item in queue["items"] if item["id"] == row.id]
    assert (item["mismatch"], item["text"], item["phone"]) == ("no_code", SAID, MOBILES[TEAM_MATE])
    call = await _call(office)
    answer = await assign_message(office.platform, call, row.id, reference, "已致电核实")
    assert (answer.status, answer.body["state"], answer.body["reference"]) == (201, "assigned", reference)
    again = await assign_message(office.platform, call, row.id, reference, "已致电核实")
    assert (again.status, again.body) == (200, answer.body)
    action = await _action(office, answer.body["action"])
    assert (action.claimed, action.by, action.on_behalf_of) == (True, TEAM_MATE, HOLDER)
    assert "text" not in answer.body
    with pytest.raises(Refused) as decided:
        await dismiss_message(office.platform, await _call(office), row.id, "重复")
    assert decided.value.slug is Slug.CONFLICT


async def test_from_an_unknown_number_it_counts_in_the_judges_name_who_is_asked(office: Office) -> None:
    reference = await _held(office)
    row = await _text(office, f"+86{next(_strangers)}", f"{reference} {SAID}")
    answer = await assign_message(office.platform, await _call(office), row.id, reference, "新号码，已核实")
    action = await _action(office, answer.body["action"])
    assert (action.by, action.claimed) == (HOLDER, True)


async def test_assigning_is_refused_where_it_would_be_a_guess(office: Office) -> None:
    reference, other = await _held(office), await _held(office)
    await office.close(other)
    stranger = await _text(office, MOBILES[OTHER_JUDGE], f"{reference} {SAID}")
    short = await _text(office, MOBILES[HOLDER], "好的")
    mine = await _text(office, MOBILES[HOLDER], SAID)
    for row, to in ((stranger, reference), (short, reference), (mine, other)):
        with pytest.raises(Refused) as refused:
            await assign_message(office.platform, await _call(office), row.id, to, "看来是")
        assert refused.value.slug is Slug.CONFLICT
        assert (await _row(office, row.provider_id)).state is InboundState.UNMATCHED
    for row_id, to in (("01J00000000000000000000000", reference), (mine.id, "0000-0000-0000-0")):
        with pytest.raises(Refused) as missing:
            await assign_message(office.platform, await _call(office), row_id, to, "看来是")
        assert missing.value.slug is Slug.NOT_FOUND


async def test_transferred_while_it_was_being_matched_it_is_nobodys_claim(office: Office) -> None:
    """The sender held the request when it was looked for, and no longer when it is locked."""
    reference = await _held(office)
    async with office.platform.db.write() as session:
        found = Candidate(OTHER_JUDGE, reference)
        assert await claim_reply(office.platform, session, found, SAID, office.clock.now) is Mismatch.UNKNOWN_CODE


async def test_dismissed_it_leaves_the_queue_and_stays_on_record(office: Office) -> None:
    row = await _text(office, MOBILES[HOLDER], "测试")
    answer = await dismiss_message(office.platform, await _call(office), row.id, "测试短信")
    assert (answer.body["state"], answer.body["reason"]) == ("dismissed", "测试短信")
    queue = await unmatched_view(office.platform, await office.clerk(), limit=200)
    assert row.id not in [item["id"] for item in queue["items"]]


async def test_a_clerk_of_one_court_sees_what_concerns_it(office: Office) -> None:
    mine = await _text(office, MOBILES[HOLDER], SAID)
    nobodys = await _text(office, f"+86{next(_strangers)}", SAID)
    for court, seen in ((None, {mine.id, nobodys.id}), ("0104", {mine.id}), ("0105", set())):
        scope = replace(await office.clerk(), court=court)
        found, cursor = set(), None
        while True:
            page = await unmatched_view(office.platform, scope, cursor, 3)
            found |= {item["id"] for item in page["items"]}
            if (cursor := page["next_cursor"]) is None:
                break
        assert found & {mine.id, nobodys.id} == seen


async def test_half_characters_and_nul_are_no_hindrance(office: Office) -> None:
    reference = await _held(office)
    row = await _text(office, MOBILES[HOLDER], f"{reference} {SAID}\ud83d\0")
    assert (row.state, row.reference) == (InboundState.MATCHED, reference)
    stranger = await _text(office, "\ud800\0", "\0")
    assert stranger.mismatch is Mismatch.UNKNOWN_NUMBER
