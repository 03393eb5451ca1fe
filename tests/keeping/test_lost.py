"""A workflow that is gone, as Temporal's file was lost or older: repair brings it back, no rung repeated (H06)."""

from collections import Counter
from datetime import timedelta

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.judge_notification import JudgeNotification
from activities.messaging import Messaging
from activities.recording import Recording
from liaison.contract.messages import Dispatch, RecordEvents, RequestStart, RunEvent
from liaison.contract.names import TASK_QUEUE, WorkflowName, delivery_workflow_id, request_workflow_id
from liaison.contract.reference import new_reference
from liaison.db.record import append_event
from liaison.db.sends import mark_restored
from liaison.policy.words import Category, EventKind, Procedure, Stage
from liaison.services.aftercare import start_aftercare_left
from liaison.services.comparing import SETTLING, Differences, compare
from liaison.services.errors import Refused, Slug
from liaison.services.repair import RepairResult, repair, repair_all
from tests.keeping.tools import tools_of
from tests.services.office import HOLDER, Office
from tests.services.temporal import temporal_at, until, worker_of

NOTHING = Differences([], [], [], [])
LANDLINE = "020-83210001"


async def settle(office: Office) -> None:
    """Let the time pass after which everything should have been started."""
    office.clock.now += SETTLING + timedelta(seconds=1)


async def claimed(office: Office, reference: str, stream: int) -> None:
    async def yes() -> bool:
        row = await office.request(reference)
        return row.run_id is not None and row.stream == stream

    await until(yes)


async def dispatched(office: Office, reference: str) -> None:
    async def yes() -> bool:
        return (await office.request(reference)).holder_id is not None

    await until(yes)


async def escalated(office: Office, reference: str, rung: int) -> None:
    handle = office.platform.client.get_workflow_handle(request_workflow_id(reference))
    await handle.signal("escalate", {"by": "operator-1", "reason": f"for rung {rung}"})

    async def yes() -> bool:
        return (await office.request(reference)).rung == rung

    await until(yes)


async def test_gone_after_a_restore_it_is_brought_back_and_no_rung_is_repeated(
    connected_office: Office, port: int
) -> None:
    office = connected_office
    async with temporal_at(port), worker_of(office):
        reference = await office.submit()
        await dispatched(office, reference)
        await escalated(office, reference, 1)
    async with temporal_at(port), worker_of(office):
        await settle(office)
        assert await compare(office.platform) == Differences([reference], [], [], [])
        mended = await repair(office.platform, reference)
        assert (mended.stream, mended.started, mended.ended) == (2, True, False)
        await claimed(office, reference, 2)
        assert await compare(office.platform) == NOTHING
        await escalated(office, reference, 2)
        events = Counter(kind for _, kind in await office.events(reference))
        assert (events["escalated"], events["dispatched"], events["repaired"]) == (2, 1, 1)
        assert (await office.reply(await office.judge(HOLDER), reference)).status == 201

        async def closed() -> bool:
            return (await office.request(reference)).stage is Stage.CLOSED

        await until(closed)


async def test_a_run_of_another_time_is_ended_and_the_book_goes_on(connected_office: Office, port: int) -> None:
    office = connected_office
    async with temporal_at(port), worker_of(office):
        reference = await office.submit()
        await dispatched(office, reference)
        await settle(office)
        assert await compare(office.platform) == NOTHING
        with pytest.raises(Refused) as refused:
            await repair(office.platform, reference)
        assert refused.value.slug is Slug.CONFLICT
        async with office.platform.db.write() as session:
            assert await mark_restored(session, "test", office.clock.now) == 1
        assert await compare(office.platform) == Differences([], [reference], [], [])
        [mended] = await repair_all(office.platform)
        assert (mended.reference, mended.stream, mended.ended) == (reference, 3, True)
        await claimed(office, reference, 3)
        assert await compare(office.platform) == NOTHING
        assert await repair_all(office.platform) == []


async def answered_on_a_landline(office: Office) -> str:
    """A closed request whose answer no message can bring: somebody watches until a clerk has called."""
    reference = await office.submit(phone=LANDLINE)
    await dispatched(office, reference)
    assert (await office.reply(await office.judge(HOLDER), reference)).status == 201

    async def watched() -> bool:
        return await _is_watched(office, reference)

    await until(watched)
    await settle(office)
    return reference


async def _is_watched(office: Office, reference: str) -> bool:
    try:
        watch = await office.platform.client.get_workflow_handle(delivery_workflow_id(reference)).describe()
    except RPCError as error:
        assert error.status is RPCStatusCode.NOT_FOUND
        return False
    return watch.status is WorkflowExecutionStatus.RUNNING


async def test_a_watch_over_an_answer_that_was_terminated_is_named_and_started_again(
    connected_office: Office, port: int
) -> None:
    office = connected_office
    async with temporal_at(port), worker_of(office):
        one, other = await answered_on_a_landline(office), await answered_on_a_landline(office)
        assert await compare(office.platform) == NOTHING
        for reference in (one, other):
            await office.platform.client.get_workflow_handle(delivery_workflow_id(reference)).terminate("test")
        assert (await compare(office.platform)).unwatched == sorted([one, other])
        assert await repair(office.platform, one) == RepairResult(one, 0, started=True)
        assert await repair_all(office.platform) == [RepairResult(other, 0, started=True)]
        assert await compare(office.platform) == NOTHING
        with pytest.raises(Refused) as refused:
            await repair(office.platform, one)
        assert refused.value.slug is Slug.CONFLICT


async def test_after_a_restore_the_relay_has_answers_watched_at_once(connected_office: Office, port: int) -> None:
    office = connected_office
    async with temporal_at(port), worker_of(office):
        reference = await answered_on_a_landline(office)
    async with temporal_at(port):
        await start_aftercare_left(office.platform)
        assert not await _is_watched(office, reference), "whose lease runs is asked after tomorrow"
        async with office.platform.db.write() as session:
            await mark_restored(session, "test", office.clock.now)
        await start_aftercare_left(office.platform)
        assert await _is_watched(office, reference)


async def test_a_start_that_no_worker_has_taken_up_is_not_of_another_time(connected_office: Office, port: int) -> None:
    office = connected_office
    async with temporal_at(port):
        reference = await office.submit()
        await settle(office)
        assert (await office.request(reference)).run_id is None

        async def listed() -> bool:
            return any(
                [run.id == request_workflow_id(reference) async for run in office.platform.client.list_workflows()]
            )

        await until(listed)
        assert await compare(office.platform) == NOTHING


async def test_a_workflow_the_book_does_not_know_or_has_closed_is_ended(connected_office: Office, port: int) -> None:
    office, unknown = connected_office, new_reference()
    async with temporal_at(port):
        closed = await office.submit()
        await office.platform.client.start_workflow(
            WorkflowName.LIAISON_REQUEST, RequestStart(unknown), id=request_workflow_id(unknown), task_queue=TASK_QUEUE
        )
        await office.close(closed)

        async def both_listed() -> bool:
            return len([run async for run in office.platform.client.list_workflows()]) == 2

        await until(both_listed)
        assert (await compare(office.platform)).strays == [unknown], "what was closed a moment ago ends by itself"
        with pytest.raises(Refused):
            await repair(office.platform, closed)
        await settle(office)
        assert (await compare(office.platform)).strays == sorted([closed, unknown])
        ended = await repair_all(office.platform)
        assert [(one.stream, one.started, one.ended) for one in ended] == [(0, False, True)] * 2

        async def all_ended() -> bool:
            return await compare(office.platform) == NOTHING

        await until(all_ended)


async def test_a_run_of_another_time_loses_no_line_of_the_record(office: Office) -> None:
    """It gives numbers that were given before; a retry gives the same number to the same line."""
    reference, now = await office.submit(), office.clock.now

    async def write(kind: EventKind, seq: int) -> bool:
        async with office.platform.db.write() as session:
            return await append_event(session, reference, "run-1", kind, now, "platform", recorded_at=now, seq=seq)

    assert [await write(EventKind.DISPATCHED, 2), await write(EventKind.DISPATCHED, 2)] == [True, False]
    assert [await write(EventKind.CLOSED, 2), await write(EventKind.CLOSED, 2)] == [True, False]
    assert (await office.events(reference))[1:] == [("run-1", "dispatched"), ("run-1-b", "closed")]


async def test_a_run_of_another_time_sends_out_nothing_that_is_closed(office: Office) -> None:
    reference = await office.submit(category=Category.CONSULTATION, judge=None)
    await office.close(reference)
    tools = tools_of(office)
    with pytest.raises(RuntimeError, match=f"{reference} is closed in the book; liaison repair"):
        await JudgeNotification(tools, Messaging(tools)).dispatch(Dispatch(reference, 1, 2))
    line = RunEvent(3, EventKind.PROCEDURE_CHANGED, office.clock.now.isoformat(), "not answered")
    await Recording(tools).record_events(RecordEvents(reference, 1, [line]))
    row = await office.request(reference)
    assert (row.stage, row.holder_id, row.procedure) == (Stage.CLOSED, None, Procedure.SUMMARY)
    assert (await office.events(reference))[1:] == [("run-1", "procedure_changed")]
