"""One request, one life: duplicates, resets, repairs, cancels, and effects that cannot happen for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

from liaison.contract.messages import RequestEnd, RequestStart
from liaison.contract.names import TASK_QUEUE, WorkflowName, request_workflow_id
from liaison.db.tables import ClerkItem, Plan, Request, WorkOrder
from liaison.gateways.trial_system.port import TrialCase
from liaison.policy.words import ActionKind, ActionState, AsksFor, Category, EventKind, Outcome, Procedure, Stage
from liaison.services.repair import repair
from liaison.services.starting import start_request
from tests.city import City
from tests.workflows.conftest import WITH_AND_WITHOUT_CACHE, OpenCity

FRIDAY = "2026-09-18 10:00"
TRANSFER = {"target": {"judge": "0104-j04"}, "text": {"reason": "该案由民二庭审理"}}


async def _reset_to_the_beginning(city: City, reference: str) -> None:
    description = await city.handle(reference).describe()
    request = ResetWorkflowExecutionRequest(
        namespace=city.client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=request_workflow_id(reference), run_id=description.run_id),
        reason="an operator resets",
        request_id=str(uuid4()),
        workflow_task_finish_event_id=4,
    )
    await city.client.workflow_service.reset_workflow_execution(request)


async def test_another_run_for_the_same_request_ends_as_duplicate(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        second = await city.client.start_workflow(
            WorkflowName.LIAISON_REQUEST, RequestStart(reference),
            id=f"request-again-{reference}", task_queue=TASK_QUEUE, result_type=RequestEnd,
        )  # fmt: skip
        assert await second.result() == RequestEnd(reference, duplicate=True)
        assert (await city.kinds(reference)).count(EventKind.STARTED) == 1
        assert len(await city.rows(WorkOrder, reference)) == 1
        assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED


async def test_a_forgotten_request_that_is_closed_is_not_run_again(city_at: OpenCity) -> None:
    """As after Temporal's retention: the id is free again, the row is closed."""
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(minutes=1)
        await city.reply(reference)
        await city.handle(reference).result()
        late = await city.client.start_workflow(
            WorkflowName.LIAISON_REQUEST, RequestStart(reference),
            id=f"request-again-{reference}", task_queue=TASK_QUEUE, result_type=RequestEnd,
        )  # fmt: skip
        assert (await late.result()).duplicate
        assert (await city.kinds(reference)).count(EventKind.CLOSED) == 1


async def test_starting_twice_starts_once(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        [plan] = await city.rows(Plan, reference)
        assert await start_request(city.platform, await city.request(reference), plan)
        await city.advance(minutes=1)
        assert (await city.kinds(reference)).count(EventKind.STARTED) == 1


async def test_a_reset_run_claims_again_and_repeats_nothing(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(seconds=2)
        await city.act(city.key_of("0104-j01"), reference, ActionKind.TRANSFER, **TRANSFER)
        await city.advance(seconds=2)
        before = await city.kinds(reference)

        async def offered() -> bool:
            return "Offered to" in await city.details(reference)

        async def taken_over() -> bool:
            return (await city.request(reference)).holder_id == "0104-j04"

        await _reset_to_the_beginning(city, reference)
        await _until(offered)
        assert await city.kinds(reference) == before
        assert len(await city.rows(WorkOrder, reference)) == 2
        await city.act(city.key_of("0104-j04"), reference, ActionKind.SIGN_IN)
        await _until(taken_over)
        # The record goes on behind what the run had written before its reset.
        since = (await city.kinds(reference))[len(before) :]
        # The party may have heard of the transfer by now; nothing else has happened.
        assert [kind for kind in since if kind is not EventKind.MESSAGE_SENT] == [EventKind.TRANSFERRED]
        assert (await city.reply(reference, judge="0104-j04")).body["state"] == ActionState.ACCEPTED
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED


async def test_a_closed_request_that_is_reset_ends_again_at_once(city_at: OpenCity) -> None:
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(seconds=2)
        await city.reply(reference)
        await city.handle(reference).result()
        before = await city.kinds(reference)
        await _reset_to_the_beginning(city, reference)
        async with asyncio.timeout(10):
            assert (await city.handle(reference).result()).duplicate
        assert await city.kinds(reference) == before


async def _until(happens: Callable[[], Awaitable[bool]]) -> None:
    """A reset run has a clock that virtual time does not know: wait for it in real time."""
    async with asyncio.timeout(10):
        while not await happens():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@WITH_AND_WITHOUT_CACHE
async def test_a_repaired_request_goes_on_at_its_plan_and_repeats_no_rung(city_at: OpenCity, cached: int) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        reference, undisturbed = await city.submit(), await city.submit()
        await city.advance_to("2026-09-23 09:00")
        await city.handle(reference).terminate("by mistake")
        result = await repair(city.platform, reference)
        assert (result.stream, result.started) == (2, True)
        await city.advance_to("2026-09-24 09:00")
        assert EventKind.REPAIRED in await city.kinds(reference)
        assert (await city.kinds(reference)).count(EventKind.DISPATCHED) == 1
        await city.advance_to("2026-10-02 12:00")
        mended, whole = await city.rungs(reference), await city.rungs(undisturbed)
        assert [(r.rung, r.due_at, r.recipient) for r in mended] == [(r.rung, r.due_at, r.recipient) for r in whole]
        kinds = await city.kinds(reference)
        assert (kinds.count(EventKind.WARNED), kinds.count(EventKind.RUNG_RECORDED)) == (1, 4)
        streams = {event.stream for event in await city.events(reference)}
        assert {"run-1", "run-2"} <= streams
        assert (await city.reply(reference)).body["state"] == ActionState.LATE
        await city.handle(reference).result()
        await city.replay(reference)


@WITH_AND_WITHOUT_CACHE
@pytest.mark.parametrize("when", ["while it is opened", "later"])
async def test_a_cancel_is_recorded_and_ignored(city_at: OpenCity, cached: int, when: str) -> None:
    async with city_at(FRIDAY, cached=cached) as city:
        async with city.temporal_away():
            reference = await city.submit()
        [plan] = await city.rows(Plan, reference)
        async with city.book_locked():
            # While the book is locked the run cannot open its request.
            assert await start_request(city.platform, await city.request(reference), plan)
            if when == "while it is opened":
                await city.handle(reference).cancel()
                assert not (await city.handle(reference).query("state"))["opened"]
        await city.advance(minutes=5)
        if when == "later":
            await city.handle(reference).cancel()
            await city.advance(minutes=5)
        assert (await city.handle(reference).describe()).status is WorkflowExecutionStatus.RUNNING
        assert (await city.kinds(reference)).count(EventKind.CANCEL_IGNORED) == 1
        assert len(await city.rows(ClerkItem, reference)) == 1
        assert "later cancels reach nobody" in await city.details(reference)
        await city.advance_to("2026-09-22 00:11")
        assert [rung.rung for rung in await city.rungs(reference)] == [0]
        await city.reply(reference)
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED
        await city.replay(reference)


async def test_a_locked_book_delays_an_effect_and_no_deadline(city_at: OpenCity) -> None:
    """The rung is recorded when the book opens again, with the instant at which it was due."""
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance_to("2026-09-21 23:59")
        [plan] = await city.rows(Plan, reference)
        act_at = datetime.fromisoformat(plan.rungs[0]["act_at"])
        async with city.book_locked():
            playing = asyncio.create_task(city.advance_to("2026-09-22 00:11"))
            await asyncio.sleep(1)
            assert await city.rungs(reference) == []
        await playing
        [warning] = await city.rungs(reference)
        assert (warning.due_at, warning.recorded_at > act_at) == (datetime.fromisoformat(plan.rungs[0]["due_at"]), True)


async def test_an_activity_failed_by_hand_does_not_end_the_request(city_at: OpenCity) -> None:
    """The run stands still where everybody sees it, and a reset mends it: a request ends only as one ends."""
    async with city_at(FRIDAY) as city:
        reference = await city.submit()
        await city.advance(seconds=2)

        async def still() -> bool:
            task = (await city.handle(reference).describe()).raw_description.pending_workflow_task
            return task.attempt > 1

        async with city.book_locked():
            await city.handle(reference).signal("misspelt")
            [pending] = await _pending(city, reference)
            by_hand = city.client.get_async_activity_handle(
                workflow_id=request_workflow_id(reference), run_id=None, activity_id=pending
            )
            await by_hand.fail(ApplicationError("an operator's mistake", non_retryable=True))
            await _until(still)
        assert (await city.handle(reference).describe()).status is WorkflowExecutionStatus.RUNNING
        await _reset_to_the_beginning(city, reference)
        assert (await city.reply(reference)).body["state"] == ActionState.ACCEPTED
        assert (await city.handle(reference).result()).outcome is Outcome.REPLIED


async def _pending(city: City, reference: str) -> list[str]:
    async def one() -> bool:
        return bool((await city.handle(reference).describe()).raw_description.pending_activities)

    await _until(one)
    description = await city.handle(reference).describe()
    return [pending.activity_id for pending in description.raw_description.pending_activities]


class _SilentRegister:
    """A trial system that is down."""

    async def find_case(self, court: str, case_number: str) -> TrialCase | None:
        raise ConnectionError(f"no route to the register of {court}")


@pytest.mark.parametrize("asks_for", [AsksFor.JUDGE, None], ids=["ordinary", "summary"])
async def test_the_ladder_does_not_wait_for_the_trial_register(city_at: OpenCity, asks_for: AsksFor | None) -> None:
    async with city_at(FRIDAY, trial_system=_SilentRegister()) as city:
        reference = await city.submit(
            category=Category.CASE_INQUIRY, judge=None, asks_for=asks_for, case_number="（2026）粤0104民初1234号"
        )
        await city.advance_to("2026-09-23 00:11")
        assert (await city.request(reference)).holder_id == "0104-d-service"
        assert [rung.rung for rung in await city.rungs(reference)] == [0, 1]


async def test_a_run_older_than_the_book_does_not_reopen_what_was_answered(city_at: OpenCity) -> None:
    """Temporal alone was put back: the run believes that its summary request waits, and its limit passes."""
    async with city_at(FRIDAY) as city:
        reference = await city.submit(category=Category.CONSULTATION, judge=None)
        await city.advance(minutes=1)
        await _close_in_the_book(city, reference)
        await city.advance_to("2026-09-24 00:20")
        request = await city.request(reference)
        assert (request.stage, request.procedure, request.holder_id) == (Stage.CLOSED, Procedure.SUMMARY, None)
        assert await city.rungs(reference) == []
        assert EventKind.DISPATCHED not in await city.kinds(reference)
        mended = await repair(city.platform, reference)
        assert (mended.started, mended.ended) == (False, True)


async def _close_in_the_book(city: City, reference: str) -> None:
    async with city.tools.db.write() as session:
        request = await session.get_one(Request, reference)
        request.stage, request.outcome = Stage.CLOSED, Outcome.ANSWERED
        request.closed_at, request.next_due_at = city.world.now(), None
