"""A small workflow that uses every way text can travel; in its own module, for the sandbox imports it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from liaison.contract.public import Public
from liaison.contract.reference import parse_reference
from liaison.policy.words import Channel


@dataclass(frozen=True)
class Party:
    name: str
    phone: str | None = None


@dataclass(frozen=True)
class Ticket:
    """One of everything our messages are made of."""

    text: str
    channel: Channel
    due_on: str
    parties: tuple[Party, ...] = ()
    words: list[str] | None = None


@activity.defn
async def echo(ticket: Ticket) -> Ticket:
    """Give back what came, to see both ways of an activity."""
    return ticket


@activity.defn
async def fail(text: str) -> None:
    """Fail with a text in message and details."""
    raise ApplicationError(f"no {text}", text, type="Refused", non_retryable=True)


@workflow.defn
class TicketWorkflow:
    """Waits until told to close; keeps what signals said and what could not be read."""

    @workflow.init
    def __init__(self, ticket: Ticket) -> None:
        self._said: list[str] = []
        self._unreadable: list[str] = []
        self._closing = False

    @workflow.run
    async def run(self, ticket: Ticket) -> Ticket:
        """Pass the ticket through an activity, wait, then fail or give it back."""
        reference = parse_reference(workflow.info().workflow_id)
        workflow.set_current_details(
            Public(f"{reference}: duty desk 值班台\n\n| rung | due |\n|---|---|\n| 1 | 2026-09-23 |")
        )
        echoed = await workflow.execute_activity(
            echo, ticket, start_to_close_timeout=timedelta(seconds=5), summary=Public("ask the trial register")
        )
        await workflow.sleep(timedelta(milliseconds=10), summary=f"plain {ticket.text}")
        await workflow.wait_condition(
            lambda: self._closing, timeout=timedelta(hours=1), timeout_summary=Public("rung 1, 部门负责人")
        )
        if "fail" in (ticket.words or []):
            await workflow.execute_activity(fail, ticket.text, start_to_close_timeout=timedelta(seconds=5))
        return echoed

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """Read every signal as a dict; never raise."""
        try:
            body: dict[str, Any] = workflow.payload_converter().from_payload(args[0].payload, dict)
            self._said.append(f"{name}: {body['judge']} {body['text']}")
        except Exception as error:
            self._unreadable.append(f"{name}: {type(error).__name__}")

    @workflow.update
    def close(self, word: str) -> str:
        """End the run."""
        if word == "refuse":
            raise ApplicationError("refused", word)
        self._closing = True
        return f"closed by {word}"

    @workflow.query
    def heard(self) -> tuple[list[str], list[str]]:
        """What signals said, and which could not be read."""
        return self._said, self._unreadable
