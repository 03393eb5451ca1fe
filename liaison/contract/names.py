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
    REPLAN = "ReplanWorkflow"
    HORIZON = "HorizonWorkflow"
    MAILBOX = "MailboxWorkflow"
    DELIVERY = "DeliveryWorkflow"
    FOLLOW_UP = "FollowUpWorkflow"


class SignalName(StrEnum):
    """Signals a request understands; any other name is put on record and refused."""

    REPLY = "reply"
    ESCALATE = "escalate"
    CALENDAR_CHANGED = "calendar_changed"
    BELL = "bell"
    """To a mailbox: a bell for its leader lies in the book."""
    HANDED_ON = "handed_on"
    """To a notice: its message has a new start in the book."""
    MESSAGE_SETTLED = "message_settled"
    """To the watch over an answer: something became of its message."""


QUERY_STATE = "state"


def request_workflow_id(reference: str) -> str:
    """The one workflow of a request. Only intake's workflows start with ``request-``."""
    return f"request-{reference}"


def notice_workflow_id(message_id: str) -> str:
    """The workflow that sends one message when its window opens."""
    return f"notice-{message_id}"


def mailbox_workflow_id(staff_id: str) -> str:
    """The workflow that gathers the bells of one leader."""
    return f"mailbox-{staff_id}"


def delivery_workflow_id(reference: str) -> str:
    """The watch over an answer until it is made to its party."""
    return f"delivery-{reference}"


def follow_up_workflow_id(reference: str) -> str:
    """The follow-up of a closed request."""
    return f"followup-{reference}"


def follow_up_cause(number: int) -> str:
    """The reason of the message that is a follow-up's ``number``-th try."""
    return f"follow-up-{number}"


def gateway_task_queue(gateway: str) -> str:
    """Where messages wait for a gateway that takes only so many a second."""
    return f"sms-{gateway}"


def replan_id(calendar: int, policy: int | None) -> str:
    """The one re-plan that brings open requests to a calendar version, or to a policy version; also its workflow."""
    return f"replan-calendar-{calendar}" if policy is None else f"replan-policy-{policy}"


def plan_cause(number: int) -> str:
    """The reason of the messages that tell of a request's ``number``-th plan."""
    return f"plan-{number}"


def rung_cause(rung: int) -> str:
    """The reason that a rung's bells bear; a redo would be another round with rungs of its own."""
    return f"rung-{ROUND}-{rung}"


def claim_cause(action_id: str) -> str:
    """The reason of the messages that tell the giver of a claimed reply what becomes of it."""
    return f"claim-{action_id}"


def run_stream(number: int) -> str:
    """The event stream of a request's ``number``-th run chain; a repair opens the next one."""
    return f"run-{number}"
