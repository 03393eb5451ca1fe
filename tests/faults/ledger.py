"""What must hold of the book, Temporal and the outbox after any fault: everything once, nothing lost."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlmodel import SQLModel, select
from temporalio.client import Client, WorkflowExecutionStatus

from liaison.contract.names import WorkflowName, request_workflow_id
from liaison.db.engine import Database
from liaison.db.messages import PARTY, WANTED
from liaison.db.tables import Action, Event, Idempotency, Message, Plan, Request, RungRecord
from liaison.policy.message_words import MessageState
from liaison.policy.words import EventKind

Row = TypeVar("Row", bound=SQLModel)

MOST_AMBIGUOUS = 0.05
"""Of the delivered: whoever calls everything ambiguous proves nothing."""

ONCE = (EventKind.REGISTERED, EventKind.STARTED, EventKind.DISPATCHED, EventKind.REPLY_RECEIVED, EventKind.CLOSED)
"""What happens once in the life of a request that is replied to."""


@dataclass(frozen=True)
class Ledger:
    """Every row of interest at one instant."""

    requests: tuple[Request, ...]
    plans: tuple[Plan, ...]
    actions: tuple[Action, ...]
    events: tuple[Event, ...]
    rungs: tuple[RungRecord, ...]
    messages: tuple[Message, ...]
    answers: tuple[Idempotency, ...]

    def of(self, references: Collection[str]) -> "Ledger":
        """The same of these requests only."""

        def theirs(rows: tuple[Row, ...]) -> tuple[Row, ...]:
            return tuple(row for row in rows if row.reference in references)  # type: ignore[attr-defined]

        return Ledger(
            theirs(self.requests),
            theirs(self.plans),
            theirs(self.actions),
            theirs(self.events),
            theirs(self.rungs),
            theirs(self.messages),
            self.answers,
        )

    def happened(self, kind: EventKind) -> Counter[str]:
        """How often something happened to each request."""
        return Counter(event.reference for event in self.events if event.kind is kind)

    def fired(self) -> Counter[tuple[str, int]]:
        """How often each rung of each request is on record, by the events, which no constraint keeps from repeating."""
        kinds = (EventKind.WARNED, EventKind.RUNG_RECORDED, EventKind.ESCALATED)
        return Counter((event.reference, event.detail["rung"]) for event in self.events if event.kind in kinds)

    def told_parties(self) -> set[str]:
        """Requests whose party was sent something."""
        delivered = (m for m in self.messages if m.state is MessageState.DELIVERED)
        return {message.reference for message in delivered if message.recipient == PARTY}

    def unsettled(self) -> list[Message]:
        """Messages that should have left by now."""
        now = datetime.now(UTC)
        return [message for message in self.messages if message.state in WANTED and message.send_after <= now]


async def read_ledger(url: str) -> Ledger:
    """The book as it stands."""
    db = Database(url)
    tables: tuple[type[SQLModel], ...] = (Request, Plan, Action, Event, RungRecord, Message, Idempotency)
    try:
        async with db.read() as session:
            return Ledger(*[tuple(await session.exec(select(table))) for table in tables])  # type: ignore[arg-type]
    finally:
        await db.close()


def all_replied_once(ledger: Ledger, references: Iterable[str], rungs: Collection[int]) -> None:
    """Each request lived one whole life, and each of these rungs fired once."""
    references = set(references)
    assert {request.reference for request in ledger.requests} == references
    for kind in ONCE:
        assert ledger.happened(kind) == Counter(references), kind
    assert ledger.fired() == Counter((reference, rung) for reference in references for rung in rungs)


def sent_once(ledger: Ledger, outbox: Path) -> None:
    """The outbox's own log holds every delivered message once, and beside them none but the few marked ones: ambiguous,
    or with as many copies as their row says there may be."""
    lines = outbox.read_text(encoding="utf-8").splitlines() if outbox.exists() else []
    sent = Counter(json.loads(line)["id"] for line in lines)
    delivered = {message.id: message.repeats for message in ledger.messages if message.state is MessageState.DELIVERED}
    repeated = {message for message, repeats in delivered.items() if repeats}
    ambiguous = {message.id for message in ledger.messages if message.state is MessageState.AMBIGUOUS}
    astray = {message: sent[message] for message, more in delivered.items() if not 1 <= sent[message] <= 1 + more}
    assert astray == {}, "messages that went out twice, or not at all, and how often"
    assert sent.keys() <= delivered.keys() | ambiguous
    assert len(ambiguous | repeated) <= MOST_AMBIGUOUS * len(delivered)


async def one_workflow_each(client: Client, references: Iterable[str]) -> None:
    """Temporal's list holds one execution for each of these requests, ended in good order."""
    wanted = Counter(request_workflow_id(reference) for reference in references)
    query = f'WorkflowType = "{WorkflowName.LIAISON_REQUEST}"'
    runs = [run async for run in client.list_workflows(query) if run.id in wanted]
    assert Counter(run.id for run in runs) == wanted
    assert {run.status for run in runs} <= {WorkflowExecutionStatus.COMPLETED}
