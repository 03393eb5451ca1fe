"""Re-plans: starting the one workflow that brings open requests to newer rules, and showing how far it is."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from liaison.contract.names import TASK_QUEUE, WorkflowName, replan_id
from liaison.contract.plans import ReplanStart
from liaison.contract.public import Public
from liaison.db.replans import Target, find_replan, remaining, replans_since, unfinished_replans
from liaison.db.tables import Replan
from liaison.services.errors import Refused, Slug
from liaison.services.paging import DEFAULT_LIMIT, bad_cursor, key_of, page
from liaison.services.platform import Body, Platform
from liaison.services.show import shown, shown_or_none
from liaison.services.starting import START_SECONDS, TEMPORAL_AWAY

_ID: Final = re.compile(r"replan-(calendar|policy)-\d{1,9}")

SUMMARY: Final = "open requests to newer rules 在办诉求改期"


async def start_replan(platform: Platform, *, calendar: int, policy: int | None) -> str:
    """Start the re-plan of an approved version, once its row is committed; a running one is left alone.

    Temporal may be away: the relay starts what was not started.

    Args:
        platform: The parts.
        calendar: The calendar version.
        policy: The policy version open requests are moved to; None where they keep theirs.

    Returns:
        The workflow's id, which is the row's.
    """
    replan = replan_id(calendar, policy)
    async with platform.db.peek() as session:
        row = await find_replan(session, replan)
    if row is not None and row.finished_at is None and not platform.breaker.is_open:
        await _start(platform, row)
    return replan


async def start_replans_left(platform: Platform, started_before: datetime) -> None:
    """Start every re-plan that has not come to its end and has no workflow, as after a crash or a restoring."""
    async with platform.db.read() as session:
        left = await unfinished_replans(session, started_before)
    for row in left:
        await _start(platform, row)


async def replans_view(platform: Platform, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Body:
    """A page of re-plans, the latest first.

    Raises:
        Refused: ``INVALID``, no page gave the cursor.
    """
    async with platform.db.read() as session:
        after = await find_replan(session, key) if (key := key_of(cursor)) else None
        if key and after is None:
            raise bad_cursor()
        rows = await replans_since(session, after, limit + 1)
        left = {row.id: await _left(session, row) for row in rows}
    return page(rows, limit, lambda row: row.id, lambda row: _show(row, left[row.id]))


async def replan_view(platform: Platform, replan: str) -> Body:
    """One re-plan.

    Raises:
        Refused: ``NOT_FOUND``.
    """
    async with platform.db.read() as session:
        row = await find_replan(session, replan) if _ID.fullmatch(replan) else None
        if row is None:
            raise Refused(Slug.NOT_FOUND, "没有这一改期任务。", "There is no such re-plan.")
        return _show(row, await _left(session, row))


async def _left(session: AsyncSession, row: Replan) -> int:
    """How many are left at this moment, where the row knows only how many were at the end of the last pass."""
    return (
        row.remaining if row.finished_at else await remaining(session, Target(row.calendar_version, row.policy_version))
    )


def _show(row: Replan, left: int) -> Body:
    return {
        "id": row.id,
        "calendar_version": row.calendar_version,
        "policy_version": row.policy_version,
        "started_at": shown(row.started_at),
        "finished_at": shown_or_none(row.finished_at),
        "passes": row.passes,
        "moved": row.moved,
        "made_final": row.made_final,
        "untouched": row.untouched,
        "remaining": left,
    }


async def _start(platform: Platform, row: Replan) -> None:
    """Have Temporal run it. A closed run of the name is no hindrance: the row says whether anything is left to do."""
    try:
        async with asyncio.timeout(START_SECONDS):
            await platform.client.start_workflow(
                WorkflowName.REPLAN,
                ReplanStart(row.calendar_version, row.policy_version),
                id=row.id,
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=Public(SUMMARY),
                rpc_timeout=timedelta(seconds=START_SECONDS),
            )
    except TEMPORAL_AWAY:
        platform.breaker.trip()
