"""How activities are run: time limits and retries by name, so that workflow code holds no numbers.

Attempts are unlimited: a database or gateway that is down delays an effect until it is back, and the workflow's
timers go on meanwhile (design 3.5).
"""

from datetime import timedelta

from temporalio.common import Priority, RetryPolicy
from temporalio.workflow import ActivityConfig

from liaison.contract.public import Public

_PATIENT = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))
_SENDING = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
_STATUTORY, _COURTESY = Priority(priority_key=2), Priority(priority_key=4)
"""Where messages wait for a gateway's rate, the lower key goes first."""
_LIMIT = timedelta(seconds=15)
_PAGE_LIMIT = timedelta(minutes=10)
_SILENCE = timedelta(seconds=20)


def patient(summary: str) -> ActivityConfig:
    """One transaction, and at most one attempt to hand a message on. ``summary`` is read by operators."""
    return ActivityConfig(start_to_close_timeout=_LIMIT, retry_policy=_PATIENT, summary=Public(summary))


def sending(summary: str, queue: str = "", *, courtesy: bool = False) -> ActivityConfig:
    """One try to send a message; what a gateway did not take is not an error, the policy says when to try again.

    Retried is only what broke: a database that is away, an adapter with a fault.
    """
    config = ActivityConfig(start_to_close_timeout=_LIMIT, retry_policy=_SENDING, summary=Public(summary))
    if queue:
        config |= ActivityConfig(task_queue=queue, priority=_COURTESY if courtesy else _STATUTORY)
    return config


def paced(summary: str) -> ActivityConfig:
    """Work through a page of many requests, which says how far it is; another attempt goes on from there."""
    return ActivityConfig(
        start_to_close_timeout=_PAGE_LIMIT,
        heartbeat_timeout=_SILENCE,
        retry_policy=_PATIENT,
        summary=Public(summary),
    )
