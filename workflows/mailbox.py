"""The bells of one leader: gathered until his window is open, then one message (design section 4)."""

from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities, names
    from liaison.contract.options import patient
    from liaison.contract.public import Public
    from liaison.contract.sending import OpenMailbox
    from workflows.sending import send_once


@workflow.defn(name=names.WorkflowName.MAILBOX)
class MailboxWorkflow:
    """Rings one leader. It ends when nothing waits for him; the next bell opens it again (ADR 0013)."""

    def __init__(self) -> None:
        self._rung = False

    @workflow.signal(dynamic=True)
    def ring(self, _name: str, _args: Sequence[RawValue]) -> None:
        """Look into the book soon, whatever the signal says: nothing in it needs to be understood."""
        self._rung = True

    @workflow.run
    async def run(self, mailbox: OpenMailbox) -> None:
        """Gather, send, wait for the next instant or the next bell."""
        self._rung, wait_until = True, ""
        while self._rung or wait_until:
            await self._next(mailbox, wait_until)
            self._rung = False
            wait_until = await self._look(mailbox)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(mailbox)

    async def _next(self, mailbox: OpenMailbox, wait_until: str) -> None:
        """Wait until then, or until a bell is rung and others had a moment to join it."""
        if wait_until:
            left = datetime.fromisoformat(wait_until) - workflow.now()
            try:
                await workflow.wait_condition(
                    lambda: self._rung,
                    timeout=max(left.total_seconds(), 1.0),
                    timeout_summary=Public("wait until the leader may be told"),
                )
            except TimeoutError:
                return
        await workflow.sleep(mailbox.gathering_seconds, summary=Public("gather what comes together"))

    async def _look(self, mailbox: OpenMailbox) -> str:
        """Send what is due. Returns when to look again; empty if nothing waits."""
        gathered = await workflow.execute_activity(
            activities.gather_bells, mailbox, **patient("make one message of the bells that are due")
        )
        waits = [gathered.wait_until]
        for message_id in gathered.message_ids:
            waits.append((await send_once(message_id)).wait_until)
        return min(filter(None, waits), default="")
