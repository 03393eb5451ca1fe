"""What is past its age can be read by nobody; that it happened, and when, stays (issue line H34)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select, update
from ulid import ULID

from activities.purging import Purging
from liaison.contract.messages import Purged
from liaison.contract.schedules import PURGE_NIGHTLY, put_schedules
from liaison.db.callbacks import keep_callback
from liaison.db.inbound import decide, open_inbound
from liaison.db.purging import BATCH
from liaison.db.rungs import rung_records
from liaison.db.tables import (
    AnswerDelivery,
    DataKey,
    InboundMessage,
    Message,
    PartyContact,
    PolicyVersion,
    Request,
    RequestText,
)
from liaison.gateways.sms.port import Inbound
from liaison.policy.message_words import CallbackKind, DeliveryState, InboundState, MessageClass, MessageState
from liaison.policy.words import ActionKind, Language, Stage
from liaison.services import views
from liaison.services.call_list import call_list_view
from liaison.services.errors import Refused, Slug
from liaison.services.inbound import take_inbound
from liaison.services.provisioning import seed_packaged_rules
from liaison.services.show import UNREADABLE
from tests.keeping.tools import tools_of
from tests.services.office import HOLDER, LEADER, Office, fresh_case
from tests.services.temporal import temporal_at, until, worker_of

YEARS = timedelta(days=1095)
SEALED = (DataKey, PartyContact, RequestText)


async def purge(office: Office) -> Purged:
    return await Purging(tools_of(office)).purge()


async def sealed_rows(office: Office, reference: str) -> list[int]:
    async with office.platform.db.read() as session:
        found = [await session.exec(select(table).where(col(table.reference) == reference)) for table in SEALED]
        return [len(rows.all()) for rows in found]


async def message(office: Office, reference: str, state: MessageState, settled_at: datetime | None) -> str:
    """A message as one that was told about long ago, or still is to be."""
    at = office.clock.now
    row = Message(
        id=f"{reference}-{state}"[:26], idempotency_key=f"{reference}/{state}/party", reference=reference, cause="c",
        message_class=MessageClass.PARTY, template="answer", language=Language.ZH_CN, recipient="party",
        sealed_params=b"sealed", state=state, reserved_at=at, send_after=at, settled_at=settled_at,
    )  # fmt: skip
    async with office.platform.db.write() as session:
        session.add(row)
    return row.id


async def test_closed_requests_are_erased_when_their_age_has_come_and_not_a_second_before(
    either_office: Office,
) -> None:
    office = either_office
    await purge(office)
    open_, closed = await office.submit(), await office.submit()
    await office.dispatch(closed)
    await office.reply(await office.judge(HOLDER), closed)
    await office.close(closed)
    sent = await message(office, closed, MessageState.DELIVERED, office.clock.now)
    office.clock.now += YEARS
    assert (await purge(office)).requests == 0
    assert await sealed_rows(office, closed) == [1, 1, 2]
    office.clock.now += timedelta(seconds=1)
    assert (await purge(office)).requests == 1
    assert await sealed_rows(office, closed) == [0, 0, 0]
    assert await sealed_rows(office, open_) == [1, 1, 1]
    async with office.platform.db.read() as session:
        assert (await session.get_one(Message, sent)).sealed_params == b""
    assert await purge(office) == Purged()


async def test_what_is_erased_is_still_listed_and_its_texts_are_gone(office: Office) -> None:
    reference = await office.submit()
    await office.dispatch(reference)
    holder = await office.judge(HOLDER)
    given = await office.reply(holder, reference)
    await office.close(reference)
    before = await views.request_view(office.platform, holder, reference)
    office.clock.now += YEARS + timedelta(days=1)
    await purge(office)

    clerk = await office.clerk()
    assert await views.request_view(office.platform, clerk, reference) == before
    listed = await views.list_requests(office.platform, clerk, views.RequestFilters())
    assert [item["reference"] for item in listed["items"]] == [reference]
    events = (await views.events_view(office.platform, clerk, reference))["items"]
    assert [event["kind"] for event in events][-1] == "erased" and events[0]["kind"] == "registered"
    replies = await views.actions_view(office.platform, clerk, reference, ActionKind.REPLY)
    one = await views.action_view(office.platform, holder, reference, ActionKind.REPLY, given.body["id"])
    assert "text" not in one and [item["id"] for item in replies["items"]] == [given.body["id"]]
    for doing in (
        views.content_view(office.platform, clerk, reference),
        office.reply(holder, reference, "补充答复：开庭时间不变。"),
    ):
        with pytest.raises(Refused) as refused:
            await doing
        assert refused.value.slug is Slug.ERASED


async def test_attached_requests_age_with_the_one_they_are_attached_to(office: Office) -> None:
    case = fresh_case()
    main, attached = await office.submit(case_number=case), await office.submit(case_number=case)
    for reference in (main, attached):
        await office.close(reference)
    office.clock.now += YEARS + timedelta(days=1)
    assert (await purge(office)).requests == 2
    assert await sealed_rows(office, attached) == [0, 0, 0]


async def test_messages_say_nothing_after_half_a_year(office: Office) -> None:
    reference, settled_at = await office.submit(), office.clock.now
    old = await message(office, reference, MessageState.DELIVERED, settled_at)
    waiting = await message(office, reference, MessageState.RESERVED, None)
    office.clock.now += timedelta(days=180, seconds=1)
    assert await purge(office) == Purged(messages=1)
    async with office.platform.db.read() as session:
        assert (await session.get_one(Message, old)).sealed_params == b""
        assert (await session.get_one(Message, waiting)).sealed_params == b"sealed"


async def test_a_message_about_something_erased_is_not_sent(office: Office) -> None:
    reference = await office.submit()
    waiting = await message(office, reference, MessageState.RESERVED, None)
    await office.close(reference)
    office.clock.now += YEARS + timedelta(days=1)
    await purge(office)
    async with office.platform.db.read() as session:
        assert (await session.get_one(Message, waiting)).state is MessageState.SUPERSEDED


async def test_a_night_works_batch_after_batch(office: Office) -> None:
    template = await office.request(await office.submit())
    long_ago = office.clock.now - YEARS - timedelta(days=1)
    values = template.model_dump(exclude={"reference", "open_matter", "stage", "closed_at"})
    async with office.platform.db.write() as session:
        for number in range(2 * BATCH + 1):
            row = Request(**values, reference=f"old-{number:04}", stage=Stage.CLOSED, closed_at=long_ago)
            session.add(row)
    assert await purge(office) == Purged(requests=2 * BATCH + 1)


async def test_a_destroyed_key_is_nowhere_in_the_file(office: Office) -> None:
    reference = await office.submit()
    async with office.platform.db.read() as session:
        wrapped = (await session.get_one(DataKey, reference)).wrapped
        contact = (await session.get_one(PartyContact, reference)).sealed
    await _checkpointed(office)
    assert wrapped in _bytes_of(office.home) and contact in _bytes_of(office.home)
    await office.close(reference)
    office.clock.now += YEARS + timedelta(days=1)
    await purge(office)
    await _checkpointed(office)
    assert wrapped not in _bytes_of(office.home) and contact not in _bytes_of(office.home)


async def _checkpointed(office: Office) -> None:
    async with office.platform.db.read() as session:
        await (await session.connection()).exec_driver_sql("ROLLBACK")
        await (await session.connection()).exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        await (await session.connection()).exec_driver_sql("BEGIN")


def _bytes_of(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.glob("liaison.db*")))


async def test_a_book_seeded_before_ages_were_a_rule_is_not_refused(office: Office) -> None:
    async with office.platform.db.write() as session:
        stored = await session.get_one(PolicyVersion, 1)
        older = {key: value for key, value in stored.policy.items() if key != "retention"}
        await session.exec(update(PolicyVersion).where(col(PolicyVersion.number) == 1).values(policy=older))
    assert (await seed_packaged_rules(office.platform.db, office.clock.now)).policy == 1


async def test_the_schedule_runs_it_at_three_in_the_night_and_says_how_much(
    connected_office: Office, port: int
) -> None:
    office = connected_office
    reference = await office.submit()
    await office.close(reference)
    office.clock.now += YEARS + timedelta(days=1)
    client = office.platform.client
    async with temporal_at(port), worker_of(office):
        for _ in range(2):
            await put_schedules(client)
        handle = client.get_schedule_handle(PURGE_NIGHTLY.id)
        next_night = (await handle.describe()).info.next_action_times[0]
        assert next_night.astimezone(UTC).hour == 19 and next_night > datetime.now(UTC)
        await handle.trigger()
        counts = {"requests": 1, "messages": 0, "callbacks": 0, "inbound": 0}
        assert await _result_of_the_night(handle, client) == counts | {"more": False}
    assert (await office.request(reference)).erased_at == office.clock.now


async def _result_of_the_night(handle: Any, client: Any) -> dict[str, Any]:
    ran: list[Any] = []

    async def has_run() -> bool:
        ran[:] = (await handle.describe()).info.recent_actions
        return bool(ran)

    await until(has_run)
    result: dict[str, Any] = await client.get_workflow_handle(ran[0].action.workflow_id).result()
    return result


async def test_what_gateways_told_us_is_gone_after_seven_days(either_office: Office) -> None:
    """As it came, whatever became of it; what people wrote, seven days after it was matched or decided on."""
    office, week = either_office, timedelta(days=7)
    await purge(office)
    async with office.platform.db.write() as session:
        for settled in (office.clock.now, None):
            callback_id = str(ULID())
            row = await keep_callback(
                session, office.platform.ring, callback_id, "outbox", CallbackKind.REPLIES, b"[]", office.clock.now
            )
            row.settled_at = settled
    sent = Inbound(f"purge-{ULID()}", "+8613800139998", "你好", office.clock.now)
    await take_inbound(office.platform, "outbox", sent, office.clock.now)
    office.clock.now += week
    assert await purge(office) == Purged()
    office.clock.now += timedelta(seconds=1)
    assert await purge(office) == Purged(callbacks=2)
    # It waits for a clerk: nobody has read it yet.
    async with office.platform.db.write() as session:
        found = await session.exec(select(InboundMessage).where(InboundMessage.provider_id == sent.provider_id))
        waiting = found.one()
        decide(waiting, InboundState.DISMISSED, "clerk", office.clock.now, "无关")
    office.clock.now += week + timedelta(seconds=1)
    assert await purge(office) == Purged(inbound=1)
    async with office.platform.db.read() as session:
        emptied = await session.get_one(InboundMessage, waiting.id)
    assert (emptied.sealed, open_inbound(office.platform.ring, emptied)) == (b"", None)
    assert (emptied.state, emptied.reason) == (InboundState.DISMISSED, "无关")


async def test_an_answer_that_was_never_made_leaves_its_leaders_inbox_with_its_age(office: Office) -> None:
    """Nobody can make it any more, and what is left of it must not hide the leader's other requests."""
    reference, waits = await office.submit(), await office.submit(case_number=fresh_case())
    for each in (reference, waits):
        await office.supervise(each, LEADER)
    async with office.platform.db.write() as session:
        [record] = await rung_records(session, reference)
        session.add(
            AnswerDelivery(
                reference=reference, action_id="0" * 26, court="0104", state=DeliveryState.TO_CALL,
                since=office.clock.now, due_at=record.due_at,
            )
        )  # fmt: skip
    await office.close(reference)
    leader = await office.leader(LEADER)

    async def inbox() -> list[str]:
        return [item["reference"] for item in (await views.supervisions_view(office.platform, leader))["items"]]

    assert await inbox() == sorted([reference, waits])
    office.clock.now += YEARS + timedelta(days=1)
    await purge(office)
    assert await inbox() == [waits]


async def test_a_contact_that_cannot_be_read_hides_nobody_else_on_the_call_list(office: Office) -> None:
    references = sorted([await office.submit(case_number=fresh_case()) for _ in range(3)])
    async with office.platform.db.write() as session:
        for reference in references:
            session.add(
                AnswerDelivery(
                    reference=reference, action_id="0" * 26, court="0104", state=DeliveryState.TO_CALL,
                    since=office.clock.now, to_call_since=office.clock.now, to_call_reason="landline",
                )
            )  # fmt: skip
        contact = (await session.exec(select(PartyContact).where(PartyContact.reference == references[1]))).one()
        contact.sealed = contact.sealed[:-1] + bytes([contact.sealed[-1] ^ 1])
    listed = (await call_list_view(office.platform, await office.clerk()))["items"]
    assert [item["reference"] for item in listed] == references
    assert [item["party"]["name"] == UNREADABLE for item in listed] == [False, True, False]
