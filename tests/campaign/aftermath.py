"""What must hold of messages and of what a closed request leaves behind: answers delivered, parties asked."""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from liaison.db.tables import AnswerDelivery, FollowUp, Message, PartyContact
from tests.campaign.days import DAY

MOST_A_DAY = 40
QUIET = timedelta(days=30)
BETWEEN_BELLS = timedelta(minutes=15) - timedelta(seconds=5)
BELLS = {"supervision", "explanation", "answered_late", "withdrawn", "digest", "digest_explained", "digest_settled"}
TRIES = 3


class Aftermath:
    """Deliveries and follow-ups by reference, and whose number each request has."""

    def __init__(
        self, deliveries: Sequence[AnswerDelivery], follow_ups: Sequence[FollowUp], contacts: Sequence[PartyContact]
    ) -> None:
        self.deliveries = {row.reference: row for row in deliveries}
        self.follow_ups = {row.reference: row for row in follow_ups}
        self._number_of = {row.reference: row.phone_mac for row in contacts}

    def is_made(self, reference: str) -> bool | None:
        """Whether the answer has arrived; None if none in writing was given."""
        delivery = self.deliveries.get(reference)
        return None if delivery is None else delivery.state.value == "made"

    def faults(self) -> Iterable[str]:
        """What can never be."""
        asked = defaultdict(list)
        for reference, row in self.follow_ups.items():
            asked[self._number_of[reference]].append(row.since)
        for dates in asked.values():
            pairs = itertools.pairwise(sorted(dates))
            yield from (f"one number is asked on {a} and {b}" for a, b in pairs if b - a < QUIET)

    def is_quiet(self) -> bool:
        """Whether no answer is on its way and nobody is being asked."""
        under_way = any(row.state.value != "made" for row in self.deliveries.values())
        return not under_way and all(row.state.value != "asking" for row in self.follow_ups.values())

    def gaps(self, messages: Mapping[str, Sequence[Message]]) -> Iterable[str]:
        """Of requests ended by an answer in writing: whose party was not asked to the end, or not at all."""
        for reference, delivery in self.deliveries.items():
            row = self.follow_ups.get(reference)
            if row is None:
                if not self._was_asked_lately(reference, delivery.since):
                    yield f"{reference}: nobody asks the party"
                continue
            days = {m.reserved_at.date() for m in messages[reference] if m.template == "follow_up"}
            if (row.state.value, row.tries, len(days)) != ("unrated", TRIES, TRIES):
                yield f"{reference}: asked {row.tries} times on {len(days)} days, {row.state.value}"

    def _was_asked_lately(self, reference: str, closed: datetime) -> bool:
        number = self._number_of[reference]
        others = (row for other, row in self.follow_ups.items() if self._number_of[other] == number)
        return any(closed - QUIET < row.since <= closed for row in others)


def too_many(sent: Sequence[Mapping[str, str]], to_desks: Collection[str]) -> Iterable[str]:
    """Numbers that got more than providers take in a day; leaders rung one by one instead of once.

    ``to_desks`` are ids of messages to duty desks, which answer for a whole department: their bells are not gathered.
    """
    times, bells = defaultdict(list), defaultdict(list)
    for line in sent:
        at = datetime.fromisoformat(line["at"])
        times[line["to"]].append(at)
        if line["template"] in BELLS and line["id"] not in to_desks:
            bells[line["to"]].append(at)
    for number, instants in times.items():
        beyond = zip(instants, instants[MOST_A_DAY:], strict=False)
        yield from (f"more than {MOST_A_DAY} to {number} until {last}" for first, last in beyond if last - first < DAY)
    for number, instants in bells.items():
        pairs = itertools.pairwise(instants)
        yield from (f"{number} was rung at {a} and {b}" for a, b in pairs if b - a < BETWEEN_BELLS)
