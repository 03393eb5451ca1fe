"""Starting workflows by contract name: the same call from services and activities."""

from datetime import datetime, timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.messages import OpenMailbox, SendMessage
from liaison.contract.names import (
    TASK_QUEUE,
    SignalName,
    WorkflowName,
    delivery_workflow_id,
    mailbox_workflow_id,
    notice_workflow_id,
)
from liaison.contract.public import Public

RPC_TIMEOUT = timedelta(seconds=3)


async def start_notice(client: Client, message_id: str, send_after: datetime, now: datetime) -> None:
    """Have one reserved message sent when its window opens.

    Starting it twice starts it once. A run of the same name that has ended is no hindrance, for it may have ended in a
    time that a restored book knows nothing of; the row says whether anything is left to send.

    Raises:
        RPCError: Temporal cannot be reached.
    """
    await client.start_workflow(
        WorkflowName.NOTICE,
        SendMessage(message_id),
        id=notice_workflow_id(message_id),
        task_queue=TASK_QUEUE,
        start_delay=max(send_after - now, timedelta(0)),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=Public("one message, waiting for its window"),
        rpc_timeout=RPC_TIMEOUT,
    )


async def ring_mailbox(client: Client, staff_id: str, gathering: timedelta) -> None:
    """Tell a leader's mailbox that a bell for him lies in the book; it is started if nobody keeps it.

    Ringing twice is harmless: the mailbox looks into the book.

    Raises:
        RPCError: Temporal cannot be reached.
    """
    await client.start_workflow(
        WorkflowName.MAILBOX,
        OpenMailbox(staff_id, gathering.total_seconds()),
        id=mailbox_workflow_id(staff_id),
        task_queue=TASK_QUEUE,
        start_signal=SignalName.BELL,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=Public("the bells of one leader, gathered"),
        rpc_timeout=RPC_TIMEOUT,
    )


async def tell_delivery(client: Client, reference: str) -> None:
    """Tell the delivery of an answer that its message has come to an end; where none runs, nobody needs to know.

    Raises:
        RPCError: Temporal cannot be reached.
    """
    delivery = client.get_workflow_handle(delivery_workflow_id(reference))
    try:
        await delivery.signal(SignalName.MESSAGE_SETTLED, rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
