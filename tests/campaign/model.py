"""The life of a request as the Opinions and the design tell it: pure, synchronous, without a line of the platform.

A ``Life`` is told what was done and when the border received it, and says what must have become of it. Where the
design leaves an instant open, the spread of ten minutes behind a limit, it believes what was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.campaign.days import end_of_answer_day, end_of_business_day, party_may_be_told
from tests.campaign.people import People, Told

SPREAD = timedelta(minutes=10)
HELD_BACK = timedelta(minutes=5)
SLACK = timedelta(seconds=20)
EFFECT = timedelta(minutes=1)
"""How long before it is seen something may have taken effect: the relay asks again after seconds."""
RUNG_DAYS = (2, 3, 5, 7, 8)
SUMMARY = {"case_inquiry", "consultation", "documents", "material_transfer", "opinion"}
OUTCOMES = {"reply": "replied", "answer": "answered", "withdrawal": "withdrawn"}
HOLDERS_KINDS = {"reply", "sign_in", "transfer", "return"}
CLERK, CHANNEL, MACHINE = "sample-clerk", "sample-channel", "machine"
REFUSED = "refused"


@dataclass
class Given:
    """Something somebody did."""

    kind: str
    by: str
    received_at: datetime
    text: str = ""
    detail: str = ""
    target: str = ""
    state: str = "pending"
    holder: str | None = None
    """Who held the request then."""


@dataclass
class Climbed:
    """A rung that was recorded."""

    told: list[Told]
    charged_to: str | None
    escalated_by: str | None
    annulled: bool = False

    @property
    def supervisor(self) -> Told:
        """In whose inbox it lies: the last one told who has one, which of desks the Case Filing Chamber alone has."""
        with_inbox = [told for told in self.told if told.staff or told.post == "case_filing_chamber"]
        return (with_inbox or self.told)[-1]


@dataclass
class Life:
    """One request."""

    people: People
    reference: str
    court: str
    category: str
    received_at: datetime
    judge: str | None = None
    case: str | None = None
    asked_department: str | None = None
    about: tuple[str, ...] = ()
    matter: tuple[str, str, str] | None = None
    proven: bool = False
    """Whether the party is one of the case by the trial register."""
    procedure: str = "ordinary"
    started: bool = False
    holder: str | None = None
    department: str | None = None
    offer: str | None = None
    signed: bool = False
    outcome: str | None = None
    ordinary_since: datetime | None = None
    rungs: dict[int, Climbed] = field(default_factory=dict)
    actions: list[Given] = field(default_factory=list)
    escalations: set[tuple[str, str]] = field(default_factory=set)
    signals_refused: int = 0
    dispatched: int = 0
    free_from: datetime | None = None
    """Until when a rung may be held back by what waited in the inbox."""
    made_between: tuple[datetime, datetime] | None = None
    """Between which instants the answer in writing arrives; None if there is none."""
    waits_for_the_party: bool = False
    """Whether the last rung looks at that arrival (art. 8, "made to the parties")."""
    is_made: bool | None = None
    """Whether the answer has arrived; None if there is none in writing."""

    def __post_init__(self) -> None:
        days = RUNG_DAYS if self.people.is_primary(self.court) else RUNG_DAYS[:-1]
        self.dues = [end_of_business_day(self.received_at, n) for n in days]
        self.answer_by = end_of_answer_day(self.received_at)
        self.department = self.asked_department

    @property
    def accused(self) -> set[str]:
        return set(self.about) if self.category == "complaint" else set()

    def next_due(self, now: datetime) -> datetime | None:
        """The next instant silence has a consequence."""
        if self.outcome:
            return self.dues[-1] if self._may_be_made_late() and self.dues[-1] > now else None
        if not self.started:
            return None
        dues = [due for rung, due in enumerate(self.dues) if rung not in self.rungs]
        limits = [self.answer_by] if self.procedure == "summary" else dues
        return min((limit for limit in limits if limit > now), default=None)

    def is_unsure(self, now: datetime) -> bool:
        """Whether the limit of answering on the spot has passed and may not have been acted upon."""
        return self.answer_by <= now + SLACK and now <= self.answer_by + SPREAD + SLACK

    def start(self, now: datetime) -> None:
        """A workflow has the request, for the first time or again after a repair."""
        self.started = True
        if self.outcome:
            return
        if self.procedure == "ordinary":
            if self.holder is None:
                self._dispatch()
            return
        waiting = next((a for a in self.actions if a.kind == "answer" and a.state == "pending"), None)
        if waiting is not None:
            self._end(waiting, now)
        elif now < self.answer_by and (self.category == "opinion" or (self.category == "case_inquiry" and self.proven)):
            self._end(Given("answer", MACHINE, now), now)

    def tick(self, now: datetime, seen: Mapping[str, Any]) -> None:
        """Let silence up to ``now`` have its consequences; what is ``seen`` decides within the spread."""
        if self.outcome:
            self._tell_party(now, seen)
        if not self.started or self.outcome:
            return
        if self.procedure == "summary":
            is_over = self.answer_by + SPREAD + SLACK <= now or seen["procedure"] == "ordinary"
            if self.answer_by > now or not is_over:
                return
            self._make_ordinary(self.answer_by)
        for rung, due in enumerate(self.dues):
            if rung in self.rungs or due > now or self._timely_ending_waits(due):
                continue
            if self._latest(due) <= now or rung in seen["rungs"]:
                self._climb(rung)

    def admit(self, given: Given, staff: str | None) -> Given | str:
        """What the border says: the action, kept (an earlier one if it only repeats it), or refused."""
        given.holder = self.holder
        if not self._may(given, staff) or self._misfits(given, staff):
            return REFUSED
        if given.kind == "reply":
            for earlier in self.actions:
                same_words = earlier.kind == "reply" and earlier.text == given.text
                if same_words and earlier.holder == given.holder and earlier.state != REFUSED:
                    return earlier
        self.actions.append(given)
        if self.outcome:
            given.state = "after_closure"
        return given

    def take(self, given: Given, now: datetime) -> str:
        """What the workflow does with a kept action."""
        if given.state != "pending":
            return given.state
        if given.kind in OUTCOMES:
            self.free_from = now + HELD_BACK
        if self.outcome:
            given.state = "after_closure"
        elif not self._fits(given, now):
            given.state = REFUSED
        elif given.kind in OUTCOMES:
            self._end(given, now)
        else:
            given.state = "accepted" if self._apply(given) else REFUSED
        return given.state

    def signal(self, name: str, body: dict[str, str], at: datetime, now: datetime) -> None:
        """A plain signal to an open request: Temporal took it ``at``, the workflow heard it ``now``."""
        if name == "reply":
            by, text = body["judge"], body["text"]
            kept = [(a.by, a.text) for a in self.actions if a.kind == "reply" and a.state != REFUSED]
            may = by in self._members(self.holder) and not self.outcome
            if may and is_reply(text) and (by, text) not in kept:
                given = Given("reply", by, at, text, holder=self.holder)
                self.actions.append(given)
                self._end(given, now)
                return
        elif name == "escalate":
            said, rung = (body["by"], body["reason"]), max([n for n in self.rungs if n > 0], default=0) + 1
            new = said not in self.escalations
            self.escalations.add(said)
            if new and rung < len(self.dues) and not self.outcome:
                self._climb(rung, body["by"])
                return
        self.signals_refused += 1

    def lose_run(self, now: datetime) -> None:
        """Its workflow was terminated and repaired: it goes on where it stood, and has forgotten what was asked."""
        self.escalations.clear()
        self.start(now)

    def expected(self) -> dict[str, Any]:
        """What the book must hold."""
        stage = {"summary": "answering", "ordinary": "awaiting_reply"}[self.procedure]
        return {
            "stage": "closed" if self.outcome else stage if self.started else "registered",
            "outcome": self.outcome,
            "procedure": self.procedure,
            "holder": self.holder,
            "offer": None if self.outcome else self.offer,
            "rungs": {rung: self._shown(rung, climbed) for rung, climbed in sorted(self.rungs.items())},
            "bells": {rung: sorted(told.name for told in c.told) for rung, c in sorted(self.rungs.items())},
            "actions": sorted((a.kind, a.by, a.state) for a in self.actions),
            "signals refused": self.signals_refused,
            "dispatched": self.dispatched,
            "answer made": self.is_made,
        }

    def _shown(self, rung: int, climbed: Climbed) -> tuple[Any, ...]:
        supervisor = climbed.supervisor
        place = (supervisor.post, supervisor.staff, supervisor.in_place_of)
        return (self.dues[rung], *place, climbed.charged_to, climbed.escalated_by, climbed.annulled)

    def _members(self, holder: str | None) -> list[str]:
        """Who may act for a holder here: nobody of whom the request complains."""
        return [member for member in self.people.members(holder) if member not in self.accused]

    def _may(self, given: Given, staff: str | None) -> bool:
        holds = staff in self._members(self.holder)
        takes = self.offer is not None and staff in self._members(self.offer) and not self.outcome
        if given.kind == "supervision_act":
            return holds if given.detail == "explain" else self._informed(staff)
        if given.by == CLERK:
            return given.kind in {"answer", "procedure_change", "withdrawal", "transfer"}
        if given.by == CHANNEL:
            return given.kind == "withdrawal"
        return given.kind in HOLDERS_KINDS and (holds or (takes and given.kind in {"sign_in", "return"}))

    def _informed(self, staff: str | None) -> bool:
        return any(climbed.supervisor.staff == staff and not climbed.annulled for climbed in self.rungs.values())

    def _misfits(self, given: Given, staff: str | None) -> bool:
        if self.outcome and given.kind != "reply":
            return True
        match given.kind:
            case "answer":
                return self.procedure != "summary" or not is_reply(given.text)
            case "reply":
                return not is_reply(given.text)
            case "procedure_change":
                return given.detail == self.procedure
            case "sign_in":
                return self.signed and staff not in self._members(self.offer)
        if given.kind == "transfer" or given.detail == "appoint":
            return (given.kind == "transfer" and self.holder is None) or not self._may_get(given.target)
        return False

    def _may_get(self, target: str) -> bool:
        among = self.people.judges(self.court) + self.people.departments(self.court)
        return target in among and target != self.holder and target not in self.accused

    def _fits(self, given: Given, now: datetime) -> bool:
        if given.by not in {CLERK, CHANNEL} and (given.kind in HOLDERS_KINDS or given.detail == "explain"):
            takes = given.kind in {"sign_in", "return"} and given.by in self._members(self.offer)
            if self.holder is None or not (takes or given.by in self._members(self.holder)):
                return False
        match given.kind:
            case "answer":
                in_time = self.ordinary_since is not None and given.received_at < self.ordinary_since
                return self.procedure == "summary" or in_time
            case "procedure_change":
                too_late = bool(self.rungs) or now >= self.answer_by
                return given.detail != self.procedure and (given.detail == "ordinary" or not too_late)
        return self.holder is not None or (given.kind != "transfer" and given.detail != "appoint")

    def _apply(self, given: Given) -> bool:
        match given.kind:
            case "sign_in":
                if self.offer is not None and given.by in self._members(self.offer):
                    self._hold(self.offer)
                self.signed = True
            case "return":
                return self._give_back(given.by)
            case "procedure_change" if given.detail == "ordinary":
                self._make_ordinary(given.received_at)
            case "procedure_change":
                self.procedure, self.holder, self.offer, self.signed = "summary", None, None, False
        if given.kind == "transfer" or given.detail == "appoint":
            self.offer = given.target
        return True

    def _give_back(self, by: str) -> bool:
        if self.offer is not None and by in self._members(self.offer):
            self.offer = None
            return True
        if self.holder == self.people.chamber:
            return False
        service = self.people.litigation_service(self.court)
        self.offer = self.people.chamber if self.holder == service else service
        return True

    def _make_ordinary(self, since: datetime) -> None:
        self.procedure, self.ordinary_since = "ordinary", since
        self._dispatch()

    def _dispatch(self) -> None:
        self.dispatched += 1
        self._hold(self.people.first_holder(self.court, self.judge, self.case, self.asked_department, self.accused))

    def _hold(self, holder: str) -> None:
        self.holder, self.department = holder, self.people.department_of(holder)
        self.offer, self.signed = None, False

    def _climb(self, rung: int, escalated_by: str | None = None) -> None:
        told = self.people.told_at(rung, self.court, self.holder, self.department, self.accused)
        self.rungs[rung] = Climbed(told, self.holder, escalated_by)

    def _end(self, given: Given, now: datetime) -> None:
        if given.kind != "withdrawal":
            earliest = max(given.received_at, now - EFFECT)
            self.made_between = (party_may_be_told(earliest), party_may_be_told(now + SLACK))
            self.waits_for_the_party = self.procedure == "ordinary" and len(self.dues) == len(RUNG_DAYS)
        for rung, due in enumerate(self.dues):
            if rung not in self.rungs and due <= given.received_at:
                self._climb(rung)
        for rung, climbed in self.rungs.items():
            in_time = self.dues[rung] > given.received_at
            if self.waits_for_the_party and rung == len(self.dues) - 1:
                in_time = not self._may_be_made_late()
            climbed.annulled = climbed.escalated_by is None and in_time
        late = given.kind == "reply" and given.received_at >= self.dues[0]
        given.state = "late" if late else "accepted"
        self.outcome = OUTCOMES[given.kind]

    def _tell_party(self, now: datetime, seen: Mapping[str, Any]) -> None:
        """The answer arrives; the last rung of a primary court fires if it has not by then, though all is closed."""
        if self.made_between is None:
            return
        earliest, latest = self.made_between
        self.is_made = earliest <= now and (latest + SLACK <= now or seen["answer made"])
        last, due = len(self.dues) - 1, self.dues[-1]
        if last in self.rungs or due > now or not self._may_be_made_late():
            return
        if last in seen["rungs"] or (self._latest(due) <= now and earliest >= due):
            self._climb(last)

    def _may_be_made_late(self) -> bool:
        return self.waits_for_the_party and self.made_between is not None and self.made_between[1] >= self.dues[-1]

    def _latest(self, due: datetime) -> datetime:
        """When a rung has been recorded, whatever held it back."""
        return max(due + SPREAD, self.free_from or due) + SLACK

    def _timely_ending_waits(self, due: datetime) -> bool:
        return any(a.state == "pending" and a.kind in OUTCOMES and a.received_at < due for a in self.actions)


SHORT, QUESTION_AGAIN = "好的", "the question itself"


def is_reply(text: str) -> bool:
    """Not a reply: fewer than 6 characters, a copy of the question (which scripts write as one word)."""
    return len(text) >= 6 and text != QUESTION_AGAIN
