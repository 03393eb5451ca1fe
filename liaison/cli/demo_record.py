"""What is known of the demo's request: read from the book through a clerk's key, and from the outbox's own log."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from liaison.cli.demo_city import DemoCity
from liaison.contract.names import rung_cause
from liaison.db.messages import WANTED
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, ActionState, EventKind, Stage
from liaison.services.paging import MAX_LIMIT
from liaison.services.platform import Body
from liaison.services.show import shown
from liaison.services.views import actions_view, events_view, messages_view, request_view

RUNG_EVENTS = (EventKind.WARNED, EventKind.RUNG_RECORDED)


@dataclass(frozen=True)
class Sent:
    """A message that left: time, text and number from the outbox's log, recipient and reason from the book.

    ``to`` is a staff id, ``desk:<department>`` or ``party``; ``number`` is masked.
    """

    at: str
    to: str
    number: str
    template: str
    text: str
    cause: str


@dataclass(frozen=True)
class Record:
    """One look at a request: bodies as the API shows them, and everything sent about it, in order of time."""

    request: Body
    events: tuple[Body, ...]
    messages: tuple[Body, ...]
    sent: tuple[Sent, ...]
    replies: tuple[Body, ...]

    @property
    def is_closed(self) -> bool:
        """Whether the request has come to its end."""
        return bool(self.request["stage"] == Stage.CLOSED)

    @property
    def waits(self) -> bool:
        """Whether something is on its way that no date holds back: a dispatch or a reply."""
        unsettled = any(reply["state"] == ActionState.PENDING for reply in self.replies)
        return unsettled or (self.request["holder"] is None and not self.is_closed)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself: closed or every rung recorded, and every message settled."""
        recorded = {event["detail"]["rung"] for event in self.events if event["kind"] in RUNG_EVENTS}
        climbed = self.is_closed or recorded == {rung["rung"] for rung in self.request["deadlines"]}
        return climbed and not any(message["state"] in WANTED for message in self.messages)

    def rungs(self) -> list[Body]:
        """The rungs that were recorded, lowest first: their dates, whose inbox, when his bell rang, all it rang for.

        A rung that fell to a desk has no person.
        """
        dates = {rung["rung"]: rung for rung in self.request["deadlines"]}
        events = [event for event in self.events if event["kind"] in RUNG_EVENTS]
        return [self._rung(event, dates[event["detail"]["rung"]]) for event in events]

    def _rung(self, event: Body, dates: Body) -> Body:
        told = event["detail"]
        bells = [sent for sent in self.sent if sent.cause == rung_cause(told["rung"])]
        return {
            "rung": told["rung"],
            "business_day": dates["business_day"],
            "due_on": dates["due_on"],
            "due_at": shown(datetime.fromisoformat(told["due_at"])),
            "recorded_at": event["at"],
            "post": told["post"],
            "recipient": told["recipient"],
            "in_place_of": told["in_place_of"],
            "rang_at": next((bell.at for bell in bells if told["recipient"] in (None, bell.to)), None),
            "told": [bell.to for bell in bells],
        }


async def read_record(city: DemoCity, clerk: Scope, reference: str) -> Record:
    """Look at everything once."""
    # The log first: whatever it holds was in the book before.
    lines = _lines(city.outbox)
    messages = (await messages_view(city.platform, clerk, reference, limit=MAX_LIMIT))["items"]
    rows = {message["id"]: message for message in messages}
    return Record(
        request=await request_view(city.platform, clerk, reference),
        events=tuple((await events_view(city.platform, clerk, reference, limit=MAX_LIMIT))["items"]),
        messages=tuple(messages),
        sent=tuple(_sent(line, rows[line["id"]]) for line in lines),
        replies=tuple((await actions_view(city.platform, clerk, reference, ActionKind.REPLY))["items"]),
    )


def _lines(outbox: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in outbox.read_text(encoding="utf-8").splitlines()] if outbox.exists() else []


def _sent(line: dict[str, str], message: Body) -> Sent:
    return Sent(
        at=shown(datetime.fromisoformat(line["at"])),
        to=message["recipient"],
        number=_masked(line["to"]),
        template=line["template"],
        text=line["text"],
        cause=message["cause"],
    )


def _masked(number: str) -> str:
    return f"{number[:6]}****{number[-4:]}"
