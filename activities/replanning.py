"""Many requests brought to newer rules: which of them, a page at a time, and telling those whose dates move (C20)."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from temporalio.service import RPCError, RPCStatusCode

from activities.tools import Tools
from calendars.core import BusinessCalendar, changed_days
from liaison.contract.names import SignalName, replan_id, request_workflow_id
from liaison.contract.plans import FindMovable, KeepProgress, Movable, ReplanCounts, Signalled, SignalRequests
from liaison.contract.starting import RPC_TIMEOUT
from liaison.db.replans import (
    Candidate,
    Span,
    Target,
    candidates,
    count_replanned,
    keep_progress,
    mark_in_bulk,
    mark_untouched,
    remaining,
    versions_behind,
)
from liaison.policy.recount import Rules, recount

PAGE: Final = 200
"""Requests looked at, and told, at a time: a history holds the references of every page."""

AT_ONCE: Final = 8
"""Signals under way at one time."""


class Replanning:
    """Finds and tells the requests that newer rules move."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def find_movable(self, page: FindMovable) -> Movable:
        """Find, in a page of open requests, those of which a date moves or becomes final."""
        db = self._tools.db
        async with db.read() as session:
            calendar, _ = await self._tools.rulebook.current(session)
            target = Target(calendar.number, page.policy)
            behind = await versions_behind(session, target)
            spans = await self._spans(session, target, calendar, behind)
        if spans is not None and not page.after:
            await self._mark_untouched_in_bulk(target, spans, behind)
        async with db.read() as session:
            found, after = await candidates(session, target, spans, page.after, PAGE)
            movable = [each for each in found if await self._is_touched(session, each, calendar, page.policy)]
        if untouched := [each for each in found if each not in movable]:
            await self._mark_untouched(target, untouched)
        return Movable([each.request.reference for each in movable], after)

    async def _spans(
        self, session: AsyncSession, target: Target, newest: BusinessCalendar, behind: Sequence[tuple[int, str]]
    ) -> list[Span] | None:
        """The exact rule of calendar.md 5.3 for SQL; None where another policy may touch every request."""
        if target.policy is not None:
            return None
        alike: defaultdict[tuple[int, frozenset[Any]], list[str]] = defaultdict(list)
        for version, court in behind:
            older = await self._tools.rulebook.calendar(session, version)
            alike[version, changed_days(older, newest, court)].append(court)
        return [
            Span(version, tuple(courts), min(changed), max(changed))
            for (version, changed), courts in alike.items()
            if changed
        ]

    async def _mark_untouched(self, target: Target, untouched: list[Candidate]) -> None:
        """Mark what stays, counted with the re-plan to the calendar it was compared with and with that to the policy.

        The one that looked may be of an older version: another may follow within seconds.
        """
        async with self._tools.db.write() as session:
            for each in dict.fromkeys((Target(target.calendar), target)):
                marked = await mark_untouched(session, each, untouched)
                await count_replanned(session, replan_id(each.calendar, each.policy), untouched=marked)

    async def _mark_untouched_in_bulk(
        self, target: Target, spans: list[Span], compared: Sequence[tuple[int, str]]
    ) -> None:
        marked, replan = 1, replan_id(target.calendar, target.policy)
        while marked:
            async with self._tools.db.write() as session:
                marked = await mark_in_bulk(session, target, spans, compared)
                await count_replanned(session, replan, untouched=marked)
            activity.heartbeat()

    async def _is_touched(
        self, session: AsyncSession, each: Candidate, calendar: BusinessCalendar, policy: int | None
    ) -> bool:
        rulebook, request = self._tools.rulebook, each.request
        before = await rulebook.policy(session, request.policy_version)
        rules = Rules(
            calendar.of(request.court),
            await rulebook.policy(session, max(request.policy_version, policy or 0)),
        )
        return recount(request, each.plan, each.recorded, before, rules, self._tools.clock()).touched

    @activity.defn
    async def signal_requests(self, order: SignalRequests) -> Signalled:
        """Tell requests of newer rules, so many a second."""
        body = {"version": order.calendar} | ({"policy": order.policy} if order.policy is not None else {})
        done, told = _progress(activity.info().heartbeat_details)
        while done < len(order.references):
            batch = order.references[done : done + AT_ONCE]
            pause = asyncio.create_task(asyncio.sleep(len(batch) / self._tools.replan_per_second))
            told += sum(await asyncio.gather(*(self._tell(reference, body) for reference in batch)))
            done += len(batch)
            activity.heartbeat(done, told)
            await pause
        return Signalled(told, absent=len(order.references) - told)

    async def _tell(self, reference: str, body: dict[str, int]) -> bool:
        """Whether a running workflow heard it."""
        handle = self._tools.client.get_workflow_handle(request_workflow_id(reference))
        try:
            await handle.signal(SignalName.CALENDAR_CHANGED, body, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                # Closed meanwhile, or not started yet: the next pass sees.
                return False
            raise
        return True

    @activity.defn
    async def keep_progress(self, progress: KeepProgress) -> ReplanCounts:
        """Note how far a re-plan has come, and whether it is done."""
        async with self._tools.db.write() as session:
            calendar, _ = await self._tools.rulebook.current(session)
            left = await remaining(session, Target(calendar.number, progress.policy))
            ended = self._tools.clock() if progress.settled and not left else None
            row = await keep_progress(
                session, replan_id(progress.calendar, progress.policy), progress.passes, left, ended
            )
            if row is None:
                # A re-plan that nobody approved, started by hand: it does its work and is on no list.
                return ReplanCounts(remaining=left, finished=ended is not None)
            return ReplanCounts(row.moved, row.made_final, row.untouched, left, row.finished_at is not None)


def _progress(details: Sequence[Any]) -> tuple[int, int]:
    """How many an attempt before this one had gone through, and how many of them heard it."""
    return (int(details[0]), int(details[1])) if len(details) == 2 else (0, 0)
