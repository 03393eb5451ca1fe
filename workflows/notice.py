"""One message that waits for its window: re-reads its row on waking and sends it if it is still wanted."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities, names
    from liaison.contract.messages import MessageProgress, SendMessage
    from liaison.contract.options import sending
    from liaison.contract.public import Public


@workflow.defn(name=names.WorkflowName.NOTICE)
class NoticeWorkflow:
    """Sends one message. Started with a delay up to the opening of its window (design 3.7)."""

    @workflow.run
    async def run(self, order: SendMessage) -> MessageProgress:
        """Send when the window is open; a server that was down may have woken us outside it."""
        while True:
            progress = await workflow.execute_activity(
                activities.send_message, order, **sending("send the message if still wanted")
            )
            if not progress.wait_until:
                return progress
            left = datetime.fromisoformat(progress.wait_until) - workflow.now()
            await workflow.sleep(max(left.total_seconds(), 1.0), summary=Public("wait for the window to open"))
