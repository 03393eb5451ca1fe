"""One message that waits: re-reads its row on waking and sends it if it is still wanted."""

from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from liaison.contract import names
    from liaison.contract.public import Public
    from liaison.contract.sending import MessageProgress, SendMessage
    from workflows.sending import send_once


@workflow.defn(name=names.WorkflowName.NOTICE)
class NoticeWorkflow:
    """Sends one message. Started with a delay up to the opening of its window (design 3.7)."""

    def __init__(self) -> None:
        self._looked, self._handed_on = False, False

    @workflow.signal(dynamic=True)
    def hand_on(self, _name: str, _args: Sequence[RawValue]) -> None:
        """Look into the book at once, whatever the signal says; before the first look that is done anyway.

        Whoever gives the message a new start finds it taken up, also where this run sleeps or is about to end.
        """
        if self._looked and workflow.patched("notice-handed-on"):
            self._handed_on = True

    @workflow.run
    async def run(self, order: SendMessage) -> MessageProgress:
        """Try until the message has gone or helps nobody: its window, its gateway and a doubt all tell when next."""
        self._looked = True
        while True:
            self._handed_on = False
            progress = await send_once(order.message_id)
            if not (progress.wait_until or self._handed_on):
                return progress
            await self._wait(progress.wait_until)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(order)

    async def _wait(self, until: str) -> None:
        """Wait until then, or until the message is handed on anew."""
        if self._handed_on:
            return
        left = datetime.fromisoformat(until) - workflow.now()
        try:
            await workflow.wait_condition(
                lambda: self._handed_on,
                timeout=max(left.total_seconds(), 1.0),
                timeout_summary=Public("wait until it may be sent"),
            )
        except TimeoutError:
            return
