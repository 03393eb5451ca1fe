"""How activities are run: time limits and retries by name, so that workflow code holds no numbers.

Attempts are unlimited: a database or gateway that is down delays an effect until it is back, and the workflow's
timers go on meanwhile (design 3.5).
"""

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig

PATIENT = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=500), backoff_coefficient=2.0, maximum_interval=timedelta(seconds=30)
    ),
)
"""One transaction, and at most one attempt to hand a message on."""

SENDING = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=15),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2.0, maximum_interval=timedelta(minutes=5)
    ),
)
"""A message: fast retries first, then one every five minutes."""
