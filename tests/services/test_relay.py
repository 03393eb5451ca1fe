"""With Temporal or its workers away nothing is lost, nothing is done twice, no date moves."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from liaison.contract.names import notice_workflow_id, request_workflow_id
from liaison.db.callbacks import keep_callback, lease_callbacks
from liaison.db.engine import Database
from liaison.db.leases import HANDING_ON, is_alone, keep_taken, lease_pending_actions, lease_unstarted
from liaison.db.messages import Draft, reserve
from liaison.db.tables import Action, Event, Message, Request
from liaison.policy.message_words import CallbackKind, MessageClass
from liaison.policy.words import ActionKind, ActionState, Category, EventKind, Language, Stage
from liaison.services import delivery, relay, views
from liaison.services.delivery import ATTEMPT, DELIVERY_SECONDS
from liaison.services.errors import Refused, Slug
from liaison.services.platform import Platform
from liaison.services.relay import PATIENCE, hand_on_left_over, relay_once, run_relay
from tests.city import REPLY
from tests.services.office import HOLDER, TEAM_MATE, Office, fresh_case, fresh_key
from tests.services.temporal import temporal_at, until, worker_of

LATER = timedelta(seconds=4)


async def _all_claimed(office: Office) -> bool:
    async with office.platform.db.read() as session:
        unclaimed = await session.exec(select(Request.reference).where(col(Request.run_id).is_(None)))
        return not unclaimed.all()


async def _is_dispatched(office: Office, reference: str) -> bool:
    return (await office.request(reference)).holder_id is not None


async def _is_closed(office: Office, reference: str) -> bool:
    return (await office.request(reference)).stage is Stage.CLOSED


async def _run_ids(office: Office, references: list[str]) -> dict[str, str]:
    handles = [office.platform.client.get_workflow_handle(request_workflow_id(ref)) for ref in references]
    found = await asyncio.gather(*(handle.describe() for handle in handles))
    return {reference: description.run_id for reference, description in zip(references, found, strict=True)}


async def test_what_was_taken_while_temporal_was_down_is_started_once_when_it_is_back(
    connected_office: Office, port: int
) -> None:
    office = connected_office
    views_before = [(await office.accept()).body for _ in range(40)]
    references = [view["reference"] for view in views_before]
    attached = await office.submit(case_number=(await _with_case(office)))
    await relay_once(office.platform)
    office.clock.now += LATER
    await relay_once(office.platform)
    async with temporal_at(port), worker_of(office):
        office.clock.now += timedelta(minutes=30)
        await asyncio.gather(relay_once(office.platform), relay_once(office.platform))
        await until(lambda: _all_claimed(office))
        runs = await _run_ids(office, references)
        office.clock.now += PATIENCE
        await relay_once(office.platform)
        assert await _run_ids(office, references) == runs
        async with office.platform.db.read() as session:
            claims = {row.reference: row.run_id for row in await session.exec(select(Request))}
            started = await session.exec(select(Event.reference).where(col(Event.kind) == EventKind.STARTED))
            assert sorted(started) == sorted(claims.keys() - {attached})
        assert {reference: claims[reference] for reference in references} == runs
        scope = await office.clerk()
        for before in views_before:
            now = await views.request_view(office.platform, scope, before["reference"])
            assert {name: now[name] for name in ("received_at", "deadlines")} == {
                name: before[name] for name in ("received_at", "deadlines")
            }


async def _with_case(office: Office) -> str:
    case = fresh_case()
    await office.submit(case_number=case)
    return case


async def test_relays_never_lease_the_same_row(either_office: Office) -> None:
    office = either_office
    mine = {await office.submit() for _ in range(20)}
    now = office.clock.now + LATER

    async def lease(at_now: timedelta) -> list[str]:
        async with office.platform.db.write() as session:
            moment = now + at_now
            rows = await lease_unstarted(session, moment, moment, moment + timedelta(seconds=10), 1000)
            return [request.reference for request, plan in rows if plan.reference == request.reference]

    leased = await asyncio.gather(*(lease(timedelta(0)) for _ in range(4)))
    flat = [reference for batch in leased for reference in batch if reference in mine]
    assert sorted(flat) == sorted(mine)
    assert mine & set(await lease(timedelta(seconds=9))) == set()
    assert mine & set(await lease(timedelta(seconds=10))) == mine


async def test_an_action_is_leased_no_earlier_than_those_before_it(either_office: Office) -> None:
    """Unless its workflow has taken those: they are left alone for a long while, and later ones are not."""
    office, now = either_office, either_office.clock.now
    reference, other = await office.submit(), await office.submit(phone="+8613800130000")
    for each in (reference, other):
        await office.dispatch(each)
        await office.change(each, run_id="run")

    async def lease(seconds: int) -> list[str]:
        moment = now + timedelta(seconds=seconds)
        async with office.platform.db.write() as session:
            rows = await lease_pending_actions(session, moment, moment - LATER, moment + ATTEMPT, 1000)
            return [row.id for row in rows if row.reference in (reference, other)]

    async def give(to: str, at: int) -> str:
        office.clock.now = now + timedelta(seconds=at)
        given = await office.act(await office.judge(HOLDER), to, ActionKind.SIGN_IN)
        return str(given.body["id"])

    first = await give(reference, 0)
    assert await lease(5) == [first]
    second, elsewhere = await give(reference, 6), await give(other, 7)
    assert await lease(12) == [elsewhere]
    assert await lease(15) == [first, second]
    async with office.platform.db.write() as session:
        await keep_taken(session, [first], now + PATIENCE)
    assert await lease(25) == [second, elsewhere]
    office.clock.now = now


async def test_what_comes_after_an_action_that_another_relay_is_just_leasing_is_left_alone(
    postgres_office: Office,
) -> None:
    office, now = postgres_office, postgres_office.clock.now
    await office.dispatch(reference := await office.submit())
    await office.change(reference, run_id="run")
    for seconds in (0, 6):
        office.clock.now = now + timedelta(seconds=seconds)
        await office.act(await office.judge(HOLDER), reference, ActionKind.SIGN_IN)
    office.clock.now, moment, db = now, now + LATER, office.platform.db

    async def lease(session: AsyncSession, given_before: int) -> int:
        before = now + timedelta(seconds=given_before)
        rows = await lease_pending_actions(session, moment, before, moment + ATTEMPT, 1000)
        return sum(row.reference == reference for row in rows)

    async with db.write() as one, db.write() as other:
        assert await lease(one, 3) == 1
        assert await lease(other, 9) == 0
    async with db.write() as after:
        assert await lease(after, 9) == 0


async def test_a_reply_is_taken_at_once_and_the_next_comes_after_closure(connected_office: Office, port: int) -> None:
    office = connected_office
    async with temporal_at(port), worker_of(office):
        reference = await office.submit()
        await until(lambda: _is_dispatched(office, reference))
        answer = await office.reply(await office.judge(TEAM_MATE), reference)
        assert (answer.status, answer.body["state"]) == (201, "accepted")
        await until(lambda: _is_closed(office, reference))
        clerk = await office.clerk()
        shown = await views.request_view(office.platform, clerk, reference)
        assert (shown["stage"], shown["outcome"]) == ("closed", "replied")
        settled = await views.action_view(office.platform, clerk, reference, ActionKind.REPLY, answer.body["id"])
        assert (settled["state"], settled["on_behalf_of"]) == ("accepted", HOLDER)
        late = await office.reply(await office.judge(HOLDER), reference, "补充说明：请带齐材料原件。")
        assert late.body["state"] == "after_closure"


async def test_a_reply_given_while_workers_are_down_is_delivered_with_its_own_time(
    connected_office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "DELIVERY_SECONDS", DELIVERY_SECONDS)  # nobody will take it, however long one waits
    office = connected_office
    async with temporal_at(port):
        async with worker_of(office):
            reference = await office.submit()
            await until(lambda: _is_dispatched(office, reference))
        given_at = office.clock.now
        answer = await office.reply(await office.judge(HOLDER), reference)
        assert (answer.status, answer.body["state"]) == (202, "pending")
        async with worker_of(office):

            async def closed() -> bool:
                office.clock.now += timedelta(minutes=1)
                await relay_once(office.platform)
                return await _is_closed(office, reference)

            await until(closed)
        async with office.platform.db.read() as session:
            action = await session.get_one(Action, answer.body["id"])
        assert (action.state, action.received_at) == (ActionState.ACCEPTED, given_at)
        assert [kind for _, kind in await office.events(reference)].count("reply_received") == 1


async def test_two_replies_that_waited_are_taken_in_their_order(
    connected_office: Office, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "DELIVERY_SECONDS", DELIVERY_SECONDS)  # nobody will take them, however long one waits
    office = connected_office
    async with temporal_at(port):
        async with worker_of(office):
            reference = await office.submit()
            await until(lambda: _is_dispatched(office, reference))
        holder = await office.judge(HOLDER)
        given = [await office.reply(holder, reference, f"第{n}次答复：请按时到庭。") for n in (1, 2)]
        async with worker_of(office):

            async def settled() -> bool:
                office.clock.now += timedelta(minutes=1)
                await relay_once(office.platform)
                async with office.platform.db.read() as session:
                    rows = [await session.get_one(Action, answer.body["id"]) for answer in given]
                return [row.state for row in rows] == [ActionState.ACCEPTED, ActionState.AFTER_CLOSURE]

            await until(settled)


async def test_an_answer_given_on_the_spot_closes_the_request(connected_office: Office, port: int) -> None:
    office = connected_office
    async with temporal_at(port), worker_of(office):
        reference = await office.submit(category=Category.CONSULTATION, judge=None, answer="请携带身份证到窗口办理。")
        await until(lambda: _is_closed(office, reference))
        assert (await office.request(reference)).outcome == "answered"


async def test_a_refusal_by_the_workflow_is_recorded(connected_office: Office, port: int) -> None:
    office = connected_office
    async with temporal_at(port), worker_of(office):
        reference = await office.submit()
        await until(lambda: _is_dispatched(office, reference))
        # The book believes something the workflow knows better.
        await office.dispatch(reference, "0104-j04")
        scope, key, said = await office.judge("0104-j04"), fresh_key(), {"kind": "text", "text": REPLY}
        with pytest.raises(Refused) as refused:
            await office.act(scope, reference, ActionKind.REPLY, key, text=said)
        assert refused.value.slug is Slug.NOT_THE_HOLDER
        again = await office.act(scope, reference, ActionKind.REPLY, key, text=said)
        assert (again.status, again.body["state"], again.body["refusal"]) == (200, "refused", "NotTheHolder")
        async with office.platform.db.read() as session:
            action = (await session.exec(select(Action).where(Action.reference == reference))).one()
        assert (action.state, action.refusal) == (ActionState.REFUSED, "NotTheHolder")
        assert (await office.events(reference))[-1] == ("inbox", "action_refused")


async def test_a_message_nobody_sends_is_handed_on(connected_office: Office, port: int) -> None:
    office, now = connected_office, connected_office.clock.now
    await _reserve(office)
    await relay_once(office.platform)
    assert not await _is_handed_on(office)
    async with temporal_at(port):
        office.clock.now = now + timedelta(seconds=31)
        await relay_once(office.platform)
        assert await _is_handed_on(office)
        notice = await office.platform.client.get_workflow_handle(notice_workflow_id("01JMESSAGE")).describe()
        delay = notice.raw_description.workflow_execution_info.execution_time.ToDatetime() - notice.start_time.replace(
            tzinfo=None
        )
        assert timedelta(minutes=59) < delay <= timedelta(hours=1)


async def test_what_one_relay_hands_on_no_other_does(postgres_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every worker has a relay, and each would start every notice of the night."""
    office, now = postgres_office, postgres_office.clock.now
    await _reserve(office)
    office.clock.now, begun, may_end, handed_on = now + timedelta(seconds=31), asyncio.Event(), asyncio.Event(), []

    async def slowly(_: Platform, messages: Sequence[Message]) -> bool:
        handed_on.extend(message.id for message in messages)
        begun.set()
        await may_end.wait()
        return False

    monkeypatch.setattr(relay, "hand_on", slowly)
    one = asyncio.create_task(hand_on_left_over(office.platform))
    await begun.wait()
    assert not await asyncio.wait_for(hand_on_left_over(office.platform), 5)
    may_end.set()
    await one
    assert handed_on.count("01JMESSAGE") == 1
    await hand_on_left_over(office.platform)
    assert handed_on.count("01JMESSAGE") == 2
    office.clock.now = now


async def _reserve(office: Office) -> None:
    """A message that may go in an hour, and that whoever reserved it has not handed on."""
    reference, now = await office.submit(), office.clock.now
    async with office.platform.db.write() as session:
        draft = Draft(
            "01JMESSAGE", reference, "test", HOLDER, MessageClass.STAFF, "urge", Language.ZH_CN,
            {"reference": reference}, now + timedelta(hours=1),
        )  # fmt: skip
        await reserve(session, office.platform.ring, draft, now)


async def _is_handed_on(office: Office) -> bool:
    async with office.platform.db.read() as session:
        return (await session.get_one(Message, "01JMESSAGE")).handed_on


async def test_the_relay_runs_until_it_is_told_to_stop(connected_office: Office, port: int) -> None:
    office, stop = connected_office, asyncio.Event()
    reference = await office.submit()
    office.clock.now += LATER
    running = asyncio.create_task(run_relay(office.platform, stop, "test"))
    async with temporal_at(port), worker_of(office):
        office.clock.now += timedelta(minutes=1)
        await until(lambda: _is_dispatched(office, reference))
        stop.set()
        await asyncio.wait_for(running, 5)


async def test_a_relay_that_vanished_in_its_turn_lets_the_others_go_on(
    postgres_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine lost its power in the midst of a transaction; nobody tells the database that it has gone."""
    monkeypatch.setattr("liaison.db.engine.IDLE_MILLISECONDS", 3_000)
    vanished = Database(postgres_office.platform.db.url, readers=1)
    with pytest.raises(DBAPIError):
        async with vanished.read() as session:
            assert await is_alone(session, HANDING_ON)
            async with postgres_office.platform.db.read() as other:
                assert not await is_alone(other, HANDING_ON)
            await until(lambda: _is_free(postgres_office))
            await session.exec(select(Message.id))
    await vanished.close()


async def _is_free(office: Office) -> bool:
    async with office.platform.db.read() as session:
        return await is_alone(session, HANDING_ON)


async def test_a_gateways_call_that_cannot_be_read_holds_up_nothing(either_office: Office) -> None:
    office = either_office
    async with office.platform.db.write() as session:
        for number in ("0", "1"):
            now = office.clock.now
            await keep_callback(session, office.platform.ring, number * 26, "x", CallbackKind.REPLIES, b"{}", now)
    async with office.platform.db.write() as session:
        await session.exec(text("UPDATE callback SET kind = 'of_tomorrow' WHERE id LIKE '0%'"))  # type: ignore[call-overload]
    later = office.clock.now + LATER
    async with office.platform.db.write() as session:
        leased = await lease_callbacks(session, later, later, later + ATTEMPT, 16)
    assert [call.id for call in leased] == ["1" * 26]


async def test_what_one_step_of_the_relay_meets_holds_up_none_behind_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []

    async def fails(_: Platform) -> bool:
        raise KeyError("nobody foresaw this")

    async def works(_: Platform) -> bool:
        done.append(1)
        return len(done) < 3

    monkeypatch.setattr(relay, "work_off_left_over", fails)
    monkeypatch.setattr(relay, "hand_on_left_over", works)
    with pytest.raises(KeyError, match="nobody foresaw"):
        await relay_once(office.platform)
    assert len(done) == 3


async def test_a_relay_that_is_to_stop_ends_with_the_batch_under_way(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is to do: a worker that does not end in time is killed with messages in its hands."""
    stop, batches = asyncio.Event(), []

    async def works(_: Platform) -> bool:
        batches.append(1)
        stop.set()
        return True

    monkeypatch.setattr(relay, "start_left_over", works)
    async with asyncio.timeout(10):
        await run_relay(office.platform, stop, "test")
    assert len(batches) == 1
