"""Starting workflows by contract name: the same call from services and activities."""

from datetime import datetime, timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.aftercare import FollowUpStart, WatchDelivery
from liaison.contract.names import (
    TASK_QUEUE,
    SignalName,
    WorkflowName,
    delivery_workflow_id,
    follow_up_workflow_id,
    mailbox_workflow_id,
    notice_workflow_id,
)
from liaison.contract.public import Public
from liaison.contract.sending import OpenMailbox, SendMessage

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


async def hand_on_notice(client: Client, message_id: str, send_after: datetime, now: datetime) -> None:
    """The same for a message of which nobody can tell whether its notice still runs: if it does, it looks at once.

    It may sleep for long after a doubt that is over, or be about to end with what it has seen of the message before.

    Raises:
        RPCError: Temporal cannot be reached.
    """
    await client.start_workflow(
        WorkflowName.NOTICE,
        SendMessage(message_id),
        id=notice_workflow_id(message_id),
        task_queue=TASK_QUEUE,
        start_delay=max(send_after - now, timedelta(0)),
        start_signal=SignalName.HANDED_ON,
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


async def start_delivery(client: Client, reference: str, look_at: datetime, now: datetime) -> None:
    """Have an answer watched until it is made to its party, from ``look_at`` on; starting it twice starts it once.

    Raises:
        RPCError: Temporal cannot be reached.
    """
    await client.start_workflow(
        WorkflowName.DELIVERY,
        WatchDelivery(reference),
        id=delivery_workflow_id(reference),
        task_queue=TASK_QUEUE,
        start_delay=max(look_at - now, timedelta(0)),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=Public("the answer, on its way to the party 答复送达"),
        rpc_timeout=RPC_TIMEOUT,
    )


async def start_follow_up(client: Client, reference: str, first_try: datetime, now: datetime) -> None:
    """Have the party asked what it thinks of the answer, from ``first_try`` on; starting it twice starts it once.

    Raises:
        RPCError: Temporal cannot be reached.
    """
    await client.start_workflow(
        WorkflowName.FOLLOW_UP,
        FollowUpStart(reference),
        id=follow_up_workflow_id(reference),
        task_queue=TASK_QUEUE,
        start_delay=max(first_try - now, timedelta(0)),
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=Public("follow-up of a closed request 回访"),
        rpc_timeout=RPC_TIMEOUT,
    )


async def tell_delivery(client: Client, reference: str) -> None:
    """Tell the watch over a request's answer that something became of it; where nothing is watched, nobody hears.

    Raises:
        RPCError: Temporal cannot be reached; the watch looks again by itself.
    """
    watch = client.get_workflow_handle(delivery_workflow_id(reference))
    try:
        await watch.signal(SignalName.MESSAGE_SETTLED, rpc_timeout=RPC_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
