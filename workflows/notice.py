"""One message that waits: re-reads its row on waking and sends it if it is still wanted."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract import names
    from liaison.contract.public import Public
    from liaison.contract.sending import MessageProgress, SendMessage
    from workflows.sending import send_once


@workflow.defn(name=names.WorkflowName.NOTICE)
class NoticeWorkflow:
    """Sends one message. Started with a delay up to the opening of its window (design 3.7)."""

    @workflow.run
    async def run(self, order: SendMessage) -> MessageProgress:
        """Try until the message has gone or helps nobody: its window, its gateway and a doubt all tell when next."""
        while True:
            progress = await send_once(order.message_id)
            if not progress.wait_until:
                return progress
            left = datetime.fromisoformat(progress.wait_until) - workflow.now()
            await workflow.sleep(max(left.total_seconds(), 1.0), summary=Public("wait until it may be sent"))
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(order)
