"""What the registration book and the outbox hold, in the words of the model; and what must hold of them always."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import SQLModel, col, select

from liaison.db.tables import (
    Action,
    AnswerDelivery,
    Event,
    FollowUp,
    Message,
    PartyContact,
    Request,
    RungRecord,
    WorkOrder,
)
from tests.campaign.aftermath import Aftermath, too_many
from tests.campaign.days import may_be_sent
from tests.campaign.model import MACHINE, RUNG_DAYS
from tests.city import City

Row = TypeVar("Row", bound=SQLModel)
CLOCK_SLACK = timedelta(seconds=5)
AFTER_CLOSED = {
    *("rung_annulled", "message_sent", "message_superseded", "message_failed", "message_delivered"),
    *("after_closure", "closed", "answer_made", "answer_to_call", "follow_up_asked", "rated", "redo_offered"),
}
IN_ORDER = ("registered", "started", "dispatched")


class Book:
    """One reading of everything."""

    def __init__(
        self,
        requests: list[Request],
        rungs: list[RungRecord],
        actions: list[Action],
        orders: list[WorkOrder],
        events: list[Event],
        messages: list[Message],
        sent: list[dict[str, str]],
        aftermath: Aftermath,
    ) -> None:
        self.requests = {row.reference: row for row in requests}
        self.rungs, self.actions, self.orders = _by(rungs), _by(actions), _by(orders)
        self.events, self.messages = _by(events), _by(messages)
        self.sent, self.aftermath = sent, aftermath

    @classmethod
    async def read(cls, city: City) -> "Book":
        """Read it."""
        async with city.tools.db.read() as session:
            return cls(
                list((await session.exec(select(Request))).all()),
                list((await session.exec(select(RungRecord).order_by(col(RungRecord.rung)))).all()),
                list((await session.exec(select(Action).order_by(Action.id))).all()),
                list((await session.exec(select(WorkOrder).order_by(col(WorkOrder.number)))).all()),
                list((await session.exec(select(Event).order_by(col(Event.id)))).all()),
                list((await session.exec(select(Message).order_by(Message.id))).all()),
                city.sent(),
                Aftermath(
                    (await session.exec(select(AnswerDelivery))).all(),
                    (await session.exec(select(FollowUp))).all(),
                    (await session.exec(select(PartyContact))).all(),
                ),
            )

    def seen(self, reference: str) -> dict[str, Any]:
        """One request as ``Life.expected`` describes it."""
        request = self.requests[reference]
        kinds = Counter(event.kind.value for event in self.events[reference])
        recorded = self.rungs[reference]
        return {
            "stage": request.stage.value,
            "outcome": request.outcome and request.outcome.value,
            "procedure": request.procedure.value,
            "holder": request.holder_id,
            "offer": self._offer(request),
            "rungs": {record.rung: _shown(record) for record in recorded},
            "bells": {record.rung: self._bells(reference, record.rung) for record in recorded},
            "actions": sorted((a.kind.value, a.by, a.state.value) for a in self.actions[reference] if a.by != MACHINE),
            "signals refused": kinds["signal_refused"],
            "dispatched": kinds["dispatched"],
            "answer made": self.aftermath.is_made(reference),
        }

    def _offer(self, request: Request) -> str | None:
        open_offers = [
            order.holder_id
            for order in self.orders[request.reference]
            if order.number > request.work_order and order.held_from is None and order.ended_at is None
        ]
        return open_offers[-1] if open_offers else None

    def _bells(self, reference: str, rung: int) -> list[str]:
        return sorted(m.recipient for m in self.messages[reference] if m.cause == f"rung-1-{rung}")

    def faults(self) -> Iterable[str]:
        """What can never be, whatever was done."""
        yield from _twice("message in the outbox", (line["id"] for line in self.sent))
        every = [message for messages in self.messages.values() for message in messages]
        yield from _twice("idempotency key", (message.idempotency_key for message in every))
        delivered = {message.id for message in every if message.state.value in ("delivered", "submitting")}
        yield from (f"sent and not in the book: {line['id']}" for line in self.sent if line["id"] not in delivered)
        gone = delivered - {line["id"] for line in self.sent}
        yield from (f"delivered and not in the outbox: {m.id}" for m in every if m.id in gone and m.settled_at)
        classes = {message.id: message.message_class.value for message in every}
        for line in self.sent:
            if not may_be_sent(datetime.fromisoformat(line["at"]), to_party=classes.get(line["id"]) == "party"):
                yield f"sent outside the window: {line['template']} at {line['at']}"
        to_desks = {message.id for message in every if message.recipient.startswith("desk:")}
        yield from too_many(self.sent, to_desks)
        yield from self.aftermath.faults()
        for reference, events in self.events.items():
            yield from (f"{reference}: {fault}" for fault in _disorder(events))

    def undelivered(self) -> bool:
        """Whether the relay still has something to do: a request without a run, an action nobody took."""
        unstarted = any(r.run_id is None and r.attached_to is None for r in self.requests.values())
        return unstarted or any(a.state.value == "pending" for actions in self.actions.values() for a in actions)

    def unsettled(self) -> list[str]:
        """Messages that still wait, and actions nobody has settled."""
        waiting = [m.id for ms in self.messages.values() for m in ms if m.state.value in ("reserved", "submitting")]
        return waiting + [a.id for actions in self.actions.values() for a in actions if a.state.value == "pending"]


def _by(rows: Iterable[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.reference].append(row)
    return grouped


def _shown(record: RungRecord) -> tuple[Any, ...]:
    place = (record.post.value, record.recipient, record.in_place_of)
    return (record.due_at, *place, record.charged_to, record.escalated_by, record.annulled_at is not None)


def _waits_for_the_party(event: Event) -> bool:
    """Whether it is the last rung of a primary court, which an answer in writing that does not arrive fires."""
    return event.kind.value == "rung_recorded" and event.detail["rung"] == len(RUNG_DAYS) - 1


def _twice(what: str, values: Iterable[str]) -> Iterable[str]:
    return (f"{what} twice: {value}" for value, times in Counter(values).items() if times > 1)


def _disorder(events: list[Event]) -> Iterable[str]:
    """What is out of order in the record of one request."""
    kinds = [event.kind.value for event in events]
    for once in ("registered", "started", "closed"):
        if kinds.count(once) > 1:
            yield f"{once} {kinds.count(once)} times"
    firsts = [kinds.index(kind) for kind in IN_ORDER if kind in kinds]
    if firsts != sorted(firsts) or kinds[0] not in ("registered", "attached"):
        yield f"begins as {kinds[:4]}"
    if "closed" in kinds:
        later = {event.kind.value for event in events[kinds.index("closed") :] if not _waits_for_the_party(event)}
        later -= AFTER_CLOSED
        if later:
            yield f"after its closure came {sorted(later)}"
    silent = [event.detail["rung"] for event in events if event.kind.value in ("warned", "rung_recorded")]
    if silent != sorted(set(silent)):
        yield f"rungs recorded in the order {silent}"
    for before, after in itertools.pairwise(events):
        if after.recorded_at < before.recorded_at - CLOCK_SLACK:
            yield f"{after.kind} was recorded before {before.kind}"
    yield from _twice("event", (f"{event.stream}/{event.seq}" for event in events))
