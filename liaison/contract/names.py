"""Names that processes agree on: task queue, workflows, messages, ids (design section 6)."""

from enum import StrEnum

TASK_QUEUE = "judge-liaison"
ROUND = 1
"""A request's first round; a redo is a linked run with rounds of its own."""
NAMESPACE = "default"
DEPLOYMENT = "judge-liaison"
"""The worker deployment whose versions are told apart by ``LIAISON_BUILD_ID``."""


class WorkflowName(StrEnum):
    """Workflow types as Temporal's UI shows them."""

    LIAISON_REQUEST = "LiaisonRequestWorkflow"
    NOTICE = "NoticeWorkflow"
    PURGE = "PurgeWorkflow"


class SignalName(StrEnum):
    """Signals a request understands; any other name is put on record and refused."""

    REPLY = "reply"
    ESCALATE = "escalate"


QUERY_STATE = "state"


def request_workflow_id(reference: str) -> str:
    """The one workflow of a request. Only intake's workflows start with ``request-``."""
    return f"request-{reference}"


def notice_workflow_id(message_id: str) -> str:
    """The workflow that sends one message when its window opens."""
    return f"notice-{message_id}"


def rung_cause(rung: int) -> str:
    """The reason that a rung's bells bear; a redo would be another round with rungs of its own."""
    return f"rung-{ROUND}-{rung}"


def run_stream(number: int) -> str:
    """The event stream of a request's ``number``-th run chain; a repair opens the next one."""
    return f"run-{number}"
