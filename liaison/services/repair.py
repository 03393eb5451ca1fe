"""Mending what was terminated, lost or left behind by a restore: requests, and watches over answers (design 3.9)."""

import asyncio
from dataclasses import dataclass
from typing import Final

from temporalio.client import WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.starting import start_delivery
from liaison.db.checkup import Claim
from liaison.db.claims import newest_plan
from liaison.db.errors import RequestUnknown
from liaison.db.leases import release_actions
from liaison.db.record import lock_request
from liaison.db.tables import Request
from liaison.policy.words import Stage
from liaison.services.comparing import SETTLING, compare, is_of_claim, is_unwatched, running_of, temporal_away
from liaison.services.delivery import ATTEMPT
from liaison.services.errors import Refused, Slug
from liaison.services.finding import not_found
from liaison.services.platform import Platform
from liaison.services.relay import BATCH
from liaison.services.starting import TEMPORAL_AWAY, start_request

REASON: Final = "liaison repair: the registration book goes on without this run"


@dataclass(frozen=True)
class RepairResult:
    """What was done.

    Attributes:
        reference: of what.
        stream: number of the new run chain; 0 where there is none.
        started: a request's run, or the watch over its answer; False if Temporal was away and the relay starts it
            later, or nothing was to be started.
        ended: a workflow was ended that the book does not mean.
    """

    reference: str
    stream: int
    started: bool
    ended: bool = False


async def open_without_workflow(platform: Platform) -> list[str]:
    """References of open requests that should have a running workflow and have none, in order.

    Raises:
        Refused: ``UNAVAILABLE``, Temporal cannot be asked.
    """
    return (await compare(platform)).lost


async def repair(platform: Platform, reference: str) -> RepairResult:
    """Give an open request a new run chain at its plan and state; rungs recorded before are not repeated.

    A workflow of another time than its row is ended first; one without an open row is ended and nothing else. A closed
    request gets its answer watched again, if it is not made and nobody watches.

    Raises:
        Refused: ``NOT_FOUND``; ``CONFLICT`` if it is closed, attached to another, or its run is open after all;
            ``UNAVAILABLE`` if Temporal cannot be asked.
    """
    async with platform.db.peek() as session:
        request = await session.get(Request, reference)
        seen = None if request is None else Claim(request.run_id, request.stream)
    try:
        found = await running_of(platform, reference)
        if found is not None:
            only_end = await _see_that_it_must_end(platform, reference, found)
            await _end(platform, found)
            if only_end:
                return RepairResult(reference, 0, await _watch_if_needed(platform, reference), ended=True)
        elif await _watch_if_needed(platform, reference):
            return RepairResult(reference, 0, started=True)
    except TEMPORAL_AWAY:
        raise temporal_away() from None
    return await _begin_anew(platform, reference, seen, ended=found is not None)


async def repair_all(platform: Platform) -> list[RepairResult]:
    """Mend everything that ``compare`` finds; what was mended meanwhile by somebody else is left out.

    Raises:
        Refused: ``UNAVAILABLE`` if Temporal cannot be asked.
    """
    limit = asyncio.Semaphore(BATCH)

    async def mend(reference: str) -> RepairResult | None:
        async with limit:
            return await _repair_if_needed(platform, reference)

    results = await asyncio.gather(*(mend(reference) for reference in (await compare(platform)).all))
    return [result for result in results if result is not None]


async def _repair_if_needed(platform: Platform, reference: str) -> RepairResult | None:
    try:
        return await repair(platform, reference)
    except Refused as refused:
        if refused.slug in (Slug.CONFLICT, Slug.NOT_FOUND):
            return None
        raise


async def _see_that_it_must_end(platform: Platform, reference: str, found: WorkflowExecutionDescription) -> bool:
    """Whether ending it is all there is to do.

    Raises:
        Refused: ``CONFLICT``, it is the run that the book means.
    """
    async with platform.db.read() as session:
        request = await session.get(Request, reference)
    if request is None or request.attached_to is not None:
        return True
    if request.stage is Stage.CLOSED:
        if request.closed_at is not None and request.closed_at > platform.clock() - SETTLING:
            _check_open(request)
        return True
    if await is_of_claim(platform, found, Claim(request.run_id, request.stream)):
        raise Refused(Slug.CONFLICT, "该诉求的流程仍在运行。", "The request's workflow is running.")
    return False


async def _end(platform: Platform, found: WorkflowExecutionDescription) -> None:
    try:
        await platform.client.get_workflow_handle(found.id, run_id=found.run_id).terminate(reason=REASON)
    except RPCError as error:
        # It has ended by itself meanwhile.
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def _watch_if_needed(platform: Platform, reference: str) -> bool:
    """Whether nobody watched over the request's answer; somebody does now."""
    if not await is_unwatched(platform, reference):
        return False
    now = platform.clock()
    await start_delivery(platform.client, reference, now, now)
    return True


async def _begin_anew(platform: Platform, reference: str, seen: Claim | None, *, ended: bool) -> RepairResult:
    now = platform.clock()
    async with platform.db.write() as session:
        try:
            request = await lock_request(session, reference)
        except RequestUnknown:
            raise not_found() from None
        _check_open(request)
        if Claim(request.run_id, request.stream) != seen:
            raise Refused(Slug.CONFLICT, "该诉求的流程已另行启动。", "The request's workflow has begun meanwhile.")
        request.run_id = None
        request.stream += 1
        request.leased_until = now + ATTEMPT
        await release_actions(session, reference)
        plan = await newest_plan(session, request)
    return RepairResult(reference, request.stream, await start_request(platform, request, plan), ended)


def _check_open(request: Request) -> None:
    if request.stage is Stage.CLOSED:
        raise Refused(Slug.CONFLICT, "诉求已办结。", "The request is closed.")
    if request.attached_to is not None:
        raise Refused(Slug.CONFLICT, "该诉求已并入另一诉求。", "The request is attached to another one.")
