"""One try to send one message, at the task queue of the gateway that will take it."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities
    from liaison.contract.options import sending
    from liaison.contract.sending import MessageProgress, SendMessage

SUMMARY = "send the message if still wanted"


async def send_once(message_id: str) -> MessageProgress:
    """Try; which gateway takes a message is known when its row is read, and may change from one try to the next."""
    order = SendMessage(message_id)
    progress = await workflow.execute_activity(activities.send_message, order, **sending(SUMMARY))
    while progress.queue:
        progress = await workflow.execute_activity(
            activities.send_message, order, **sending(SUMMARY, progress.queue, courtesy=progress.courtesy)
        )
    return progress
