"""Starting workflows by contract name: the same call from services and activities."""

from datetime import datetime, timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from liaison.contract.messages import SendMessage
from liaison.contract.names import TASK_QUEUE, WorkflowName, notice_workflow_id
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
