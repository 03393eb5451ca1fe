"""One re-plan: every open request is brought to newer rules, and it ends when none is left (issue line C20)."""

from dataclasses import replace
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities, names
    from liaison.contract.options import paced, patient
    from liaison.contract.plans import FindMovable, KeepProgress, ReplanCounts, ReplanStart, SignalRequests
    from liaison.contract.public import Public

SETTLING = timedelta(seconds=30)
"""An intake that read the older rules before they were replaced has written its request by then."""

LONGEST_PAUSE = 300.0
"""Seconds between passes while some requests cannot be reached."""


@workflow.defn(name=names.WorkflowName.REPLAN)
class ReplanWorkflow:
    """Pass after pass over the book: tells the requests whose dates move, and waits until they have moved."""

    @workflow.init
    def __init__(self, start: ReplanStart) -> None:
        self._start = start
        self._counts = ReplanCounts()

    @workflow.run
    async def run(self, start: ReplanStart) -> ReplanCounts:
        """Work until nothing is left, then once more after what was under way at the approval has settled."""
        settled, pause = False, start.pause
        while True:
            await self._pass()
            self._counts = await self._keep_progress(settled)
            self._show()
            if self._counts.finished:
                return self._counts
            settled = self._counts.remaining == 0
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(replace(self._start, pause=pause))
            await workflow.sleep(
                SETTLING if settled else timedelta(seconds=pause), summary=Public(self._waits(settled))
            )
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _pass(self) -> None:
        calendar, policy = self._start.calendar, self._start.policy
        page: FindMovable | None = FindMovable(calendar, policy)
        while page is not None:
            found = await workflow.execute_activity(
                activities.find_movable, page, **paced("find the requests whose dates move")
            )
            if found.references:
                await workflow.execute_activity(
                    activities.signal_requests,
                    SignalRequests(found.references, calendar, policy),
                    **paced(f"tell {len(found.references)} requests"),
                )
            page = replace(page, after=found.after) if found.after else None
        self._start = replace(self._start, passes=self._start.passes + 1)

    async def _keep_progress(self, settled: bool) -> ReplanCounts:
        progress = KeepProgress(self._start.calendar, self._start.policy, self._start.passes, settled)
        return await workflow.execute_activity(
            activities.keep_progress, progress, **patient("note how far it has come")
        )

    def _waits(self, settled: bool) -> str:
        return "wait for requests registered meanwhile" if settled else f"{self._counts.remaining} not there yet"

    def _show(self) -> None:
        start, counts = self._start, self._counts
        rules = f"calendar version 日历版本 {start.calendar}" + (
            f", policy version 规则版本 {start.policy}" if start.policy is not None else ""
        )
        lines = (
            f"**Open requests to {rules}** 在办诉求改期",
            "",
            f"- Passes 轮次: {start.passes}",
            f"- Dates moved 日期已调整: {counts.moved}",
            f"- Dates became final 日期已确定: {counts.made_final}",
            f"- Untouched 不受影响: {counts.untouched}",
            f"- Remaining 待处理: {counts.remaining}",
            *(["", "Done 已完成"] if counts.finished else []),
        )
        workflow.set_current_details(Public("\n".join(lines)))
