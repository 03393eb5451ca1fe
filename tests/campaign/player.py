"""Plays a script against a city and against the model, and compares the two after every step."""

import asyncio
import copy
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.service import RPCError, RPCStatusCode

from liaison.contract.names import delivery_workflow_id, follow_up_workflow_id, request_workflow_id
from liaison.policy.words import ActionKind, AsksFor, Category
from liaison.services.access import scope_of
from liaison.services.actions import ActionInput, take_action
from liaison.services.errors import Refused
from liaison.services.intake import accept_request
from liaison.services.platform import Answer
from liaison.services.repair import repair
from tests.campaign.book import Book
from tests.campaign.days import DAY, SHANGHAI
from tests.campaign.model import CHANNEL, CLERK, QUESTION_AGAIN, REFUSED, SHORT, SUMMARY, Given, Life
from tests.campaign.people import People
from tests.campaign.script import Step
from tests.city import INTAKE, QUESTION, City

COURTS = ("0104", "0104", "0104", "0104", "01", "0106", "0111", "0112", "0118")
CATEGORIES = ("judge_contact", "judge_contact", "complaint", *sorted(SUMMARY))
CASES = (None, None, "（2026）粤0104民初1234号", "（2026）粤0104民初77号", "（2026）粤0104民初78号")
PROVEN = ("（2026）粤0104民初1234号", "罗湛棠", "13900005001")
TEXTS = (
    "开庭定于下周三上午九时。",
    "文书已于今日寄出，请查收。",
    "请于周五到诉讼服务中心领取。",
    SHORT,
    QUESTION_AGAIN,
)
GARBAGE = (
    ("reply", b"{not json"),
    ("reply", b'{"judge": 7, "text": []}'),
    ("escalate", b'{"by": "<b>", "reason": "x"}'),
    ("escalate", b'["operator-1"]'),
    ("repyl", b'{"judge": "0104-j01", "text": "hello there"}'),
)
MOST_OPEN = 10
LAST_DAY = "2026-12-01 00:00"
"""No day after 2026 is announced, and a ladder takes two weeks and more."""

Wait = Callable[[Life, datetime], object]


class CampaignError(AssertionError):
    """The platform and the model disagree."""


@dataclass
class Player:
    """One city, one model, one script."""

    city: City
    people: People
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lives: dict[str, Life] = {}
        self.main_of: dict[str, str] = {}
        self.intakes: list[tuple[str, Any, str]] = []
        self.waiting: dict[str, list[Wait]] = {}
        self.together: dict[str, list[tuple[int, Wait]]] = {}
        """What was done at the same time: of each action that it is kept, and that it is taken."""
        self.down = False
        self.away: Any = None
        self.outage = 0
        """How many steps it goes on."""
        self.keys = itertools.count(1)

    async def play(self, script: Sequence[Step]) -> None:
        """Play every step and the finale.

        Raises:
            CampaignError: At the first step after which the book is not what the model says.
        """
        for step in script:
            await self.take(step)
        await self._finale()

    async def take(self, step: Step) -> None:
        """Take one step and compare."""
        self.log.append(str(step))
        await getattr(self, f"_{step.word}")(step)
        await self._come_to_rest()
        await self._outage_ends_some_time()

    def _say(self, words: str) -> None:
        self.log[-1] += f" -> {words}"

    @property
    def now(self) -> datetime:
        return self.city.world.now()

    # --- choosing -------------------------------------------------------------------------------------------------

    def _choose(self, step: Step) -> Life | None:
        """Mostly an open request, sometimes one that is closed."""
        wanted = [life for life in self.lives.values() if not life.outcome] if step.which % 8 else []
        among = wanted or list(self.lives.values())
        return among[step.which // 8 % len(among)] if among else None

    def _person(self, life: Life, who: int) -> str:
        """A judge or leader with a key: mostly one of the holder, else the taker, else anybody."""
        near = [self.people.members(life.holder), self.people.members(life.offer)]
        among = (near[0] if who % 10 < 6 else near[1] if who % 10 < 8 else []) or self._everybody(life)
        with_key = [one for one in among if one in self._keys()] or self._everybody(life)
        return with_key[who // 10 % len(with_key)]

    def _everybody(self, life: Life) -> list[str]:
        return sorted(one for one in self._keys() if one.partition("-")[0] in (life.court, "0104"))

    def _keys(self) -> dict[str, str]:
        return self.city.credentials.judge_keys | self.city.credentials.leader_keys

    # --- intake ---------------------------------------------------------------------------------------------------

    async def _intake(self, step: Step) -> None:
        if sum(not life.outcome for life in self.lives.values()) >= MOST_OPEN or self._is_late():
            return
        court, category = COURTS[step.which % len(COURTS)], CATEGORIES[step.who % len(CATEGORIES)]
        given = self._details(step, court, category)
        key = f"intake-{next(self.keys)}"
        answer = await self._hand_in(given, key)
        body = answer.body
        self.intakes.append((key, given, body["reference"]))
        self._register(given, body, answer_given="answer" in given)
        self._say(f"{body['reference']} {court} {category} {body['procedure']}")

    def _details(self, step: Step, court: str, category: str) -> dict[str, Any]:
        judges, departments = self.people.judges(court), self.people.departments(court)
        what = step.what
        given: dict[str, Any] = {
            "court": court,
            "category": Category(category),
            "judge": judges[what // 4 % len(judges)] if what % 4 in (0, 1) else None,
            "department": departments[what // 4 % len(departments)] if what % 4 == 2 else None,
            "case_number": CASES[step.which // 9 % len(CASES)],
            "phone": f"1391234{step.who % 7:04}",
        }
        if category == "complaint" and what % 3:
            given["about"] = ((given["judge"] or judges[0]),) if what % 3 == 1 else (f"{court}-l02",)
        if category in SUMMARY and step.who % 5 == 0:
            given["asks_for"] = AsksFor.JUDGE
        elif category in SUMMARY and step.who % 11 == 0:
            given["answer"] = TEXTS[0]
        if category == "case_inquiry" and step.who % 3 == 0:
            given |= dict(zip(("case_number", "party_name", "phone"), PROVEN, strict=True))
        if step.what % 7 == 0:
            given["received_at"] = self.now - timedelta(hours=what % 72)
        return given

    async def _hand_in(self, given: dict[str, Any], key: str) -> Answer:
        scope = await scope_of(self.city.platform, self.city.credentials.channel_key)
        return await accept_request(self.city.platform, scope, replace(INTAKE, **given), key, key)

    def _register(self, given: dict[str, Any], body: dict[str, Any], *, answer_given: bool) -> None:
        reference, main = body["reference"], self._same_matter(given)
        if body.get("attached_to") != main:
            raise CampaignError(f"attached to {body.get('attached_to')}, not {main}")
        self.main_of[reference] = main or reference
        if main is not None:
            return
        category = given["category"].value
        life = Life(
            self.people, reference, given["court"], category, datetime.fromisoformat(body["received_at"]),
            given["judge"], given["case_number"], given["department"], given.get("about", ()),
            proven=self.people.is_party(given["court"], given["case_number"], given.get("party_name"), given["phone"]),
            procedure="summary" if category in SUMMARY and "asks_for" not in given else "ordinary",
        )  # fmt: skip
        life.matter = (given["phone"], given["case_number"], category) if given["case_number"] else None
        if answer_given and life.procedure == "summary":
            life.actions.append(Given("answer", CHANNEL, life.received_at, given["answer"]))
        self.lives[reference] = life
        self._now_or_later(life, lambda life, now: life.start(now))

    def _same_matter(self, given: dict[str, Any]) -> str | None:
        matter = (given["phone"], given["case_number"], given["category"].value)
        open_ones = [life for life in self.lives.values() if life.matter == matter and not life.outcome]
        return open_ones[0].reference if open_ones else None

    async def _repeat_intake(self, step: Step) -> None:
        if not self.intakes:
            return
        key, given, reference = self.intakes[step.which % len(self.intakes)]
        answer = await self._hand_in(given, key)
        if (answer.status, answer.body["reference"]) != (200, reference):
            raise CampaignError(f"the same key gave {answer.status} {answer.body['reference']}, not {reference}")

    # --- actions --------------------------------------------------------------------------------------------------

    async def _reply(self, step: Step) -> None:
        if life := self._choose(step):
            await self._act(life, self._person(life, step.who), "reply", text=TEXTS[step.what % len(TEXTS)])

    async def _sign_in(self, step: Step) -> None:
        if life := self._choose(step):
            who = step.who if step.what % 2 else step.who - step.who % 10 + 7
            await self._act(life, self._person(life, who), "sign_in")

    async def _transfer(self, step: Step) -> None:
        if life := self._choose(step):
            by = CLERK if step.who % 5 == 0 else self._person(life, step.who)
            await self._act(life, by, "transfer", target=self._target(life, step.what), text="应由他人承办")

    def _target(self, life: Life, what: int) -> str:
        among = self.people.judges(life.court) + self.people.departments(life.court) + ["0118-j01"]
        return among[what % len(among)]

    async def _give_back(self, step: Step) -> None:
        if life := self._choose(step):
            await self._act(life, self._person(life, step.who), "return", text="不属于本庭职责")

    async def _withdraw(self, step: Step) -> None:
        if life := self._choose(step):
            by = (CHANNEL, CLERK, self._person(life, step.who))[step.what % 3]
            await self._act(life, by, "withdrawal", through=step.who)

    async def _change_procedure(self, step: Step) -> None:
        if life := self._choose(step):
            await self._act(life, CLERK, "procedure_change", detail=("summary", "ordinary")[step.what % 2], text="理由")

    async def _answer(self, step: Step) -> None:
        if life := self._choose(step):
            await self._act(life, CLERK, "answer", text=TEXTS[step.what % len(TEXTS)])

    async def _supervise(self, step: Step) -> None:
        if life := self._choose(step):
            act = ("acknowledge", "urge", "ask_why", "appoint", "explain")[step.what % 5]
            leaders = [c.supervisor.staff for c in life.rungs.values() if c.supervisor.staff in self._keys()]
            informed = leaders[step.who // 10 % len(leaders)] if leaders and act != "explain" and step.who % 4 else None
            by = informed or self._person(life, step.who)
            target = self._target(life, step.what) if act == "appoint" else ""
            await self._act(life, by, "supervision_act", detail=act, target=target, text="请说明情况")

    async def _at_once(self, step: Step) -> None:
        """Two or three people act at the same time; any order of them explains what comes of it."""
        life = self._choose(step)
        if life is None or self.down or self.away or not life.started or life.is_unsure(self.now):
            return
        many = [
            ("reply", self._person(life, step.who), {"text": TEXTS[step.what % 3]}),
            ("sign_in", self._person(life, step.who + 7), {}),
            ("transfer", self._person(life, step.who), {"target": self._target(life, step.what), "text": "转办理由"}),
            ("withdrawal", CHANNEL, {}),
            ("return", self._person(life, step.what), {"text": "退回理由"}),
            ("reply", self._person(life, step.what), {"text": TEXTS[step.who % 3]}),
        ]
        chosen = [many[index % len(many)] for index in (step.what, step.what // 6 + 1, step.who)][: 2 + step.who % 2]
        answers = await asyncio.gather(*(self._send(life, by, kind, given) for kind, by, given in chosen))
        self._say(f"{life.reference} {[(k, by, a) for (k, by, _), (a, _) in zip(chosen, answers, strict=True)]}")
        kept: dict[int, Given | str] = {}
        doings: list[tuple[int, Wait]] = []
        for index, ((kind, by, given), (_, at)) in enumerate(zip(chosen, answers, strict=True)):
            doings += [(index, _admitting(kept, index, kind, by, at, given)), (index, _taking_kept(kept, index))]
        self.together[life.reference] = doings

    async def _act(self, life: Life, by: str, kind: str, through: int = 0, **given: str) -> None:
        if kind in ("procedure_change", "answer") and life.is_unsure(self.now):
            return
        said, received_at = await self._send(life, by, kind, given, through)
        kept = life.admit(_given(kind, by, received_at, given), _staff(by))
        foreseen = kept
        if isinstance(kept, Given):
            foreseen = kept.state
            if kept.state == "pending" and self._is_free(life):
                foreseen = life.take(kept, self.now)
            elif kept.state == "pending":
                self.waiting.setdefault(life.reference, []).append(_taking(len(life.actions) - 1))
        self._say(f"{life.reference} {kind} by {by} {given}: {said}")
        # A slow machine may say that an action is kept, where a fast one says what became of it.
        if said != foreseen and (said != "pending" or not isinstance(kept, Given)):
            raise CampaignError(f"{kind} by {by} on {life.reference}: {said}, and the model says {foreseen}")

    async def _send(
        self, life: Life, by: str, kind: str, given: dict[str, str], through: int = 0
    ) -> tuple[str, datetime]:
        """Hand an action in; what the giver hears, and when the border received it."""
        own = [reference for reference, main in self.main_of.items() if main == life.reference]
        target = given.get("target", "")
        word = "department" if "-d-" in target else "judge"
        name = {"transfer": "reason", "return": "reason", "procedure_change": "reason", "supervision_act": "note"}
        text = QUESTION if given.get("text") == QUESTION_AGAIN else given.get("text")
        action = ActionInput(
            ActionKind(kind),
            given.get("detail", ""),
            {word: target} if target else None,
            ({"kind": "text"} if kind == "reply" else {}) | {name.get(kind, "text"): text} if text else None,
        )
        key, before = f"action-{next(self.keys)}", self.now
        bearer = {CLERK: self.city.credentials.clerk_key, CHANNEL: self.city.credentials.channel_key}.get(by)
        try:
            scope = await scope_of(self.city.platform, bearer or self._keys()[by])
            answer = await take_action(self.city.platform, scope, own[through % len(own)], action, key, key)
        except Refused:
            return REFUSED, before
        return str(answer.body["state"]), datetime.fromisoformat(answer.body["received_at"])

    # --- signals --------------------------------------------------------------------------------------------------

    async def _signal_reply(self, step: Step) -> None:
        if life := self._choose(step):
            members = self.people.members(life.holder)
            judge = members[step.who // 10 % len(members)] if members and step.who % 10 < 7 else "0118-j01"
            await self._signal(life, "reply", {"judge": judge, "text": TEXTS[step.what % len(TEXTS)]})

    async def _signal_escalate(self, step: Step) -> None:
        if life := self._choose(step):
            await self._signal(
                life, "escalate", {"by": f"operator-{step.who % 2 + 1}", "reason": f"第{step.what % 3}次"}
            )

    async def _signal_garbage(self, step: Step) -> None:
        if life := self._choose(step):
            name, data = GARBAGE[step.what % len(GARBAGE)]
            await self._signal(life, name, {}, data)

    async def _signal(self, life: Life, name: str, body: dict[str, str], raw: bytes | None = None) -> None:
        """As Temporal's UI and command line send it: without a codec."""
        sent = {word: QUESTION if text == QUESTION_AGAIN else text for word, text in body.items()}
        payload = Payload(metadata={"encoding": b"json/plain"}, data=raw or json.dumps(sent).encode())
        request = SignalWorkflowExecutionRequest(
            namespace=self.city.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=request_workflow_id(life.reference)),
            signal_name=name,
        )
        request.input.payloads.append(payload)
        await self.city.world.bring_into_step(request_workflow_id(life.reference))
        at = self.now
        try:
            await self.city.client.workflow_service.signal_workflow_execution(request)
        except RPCError as error:
            has_run = life.started or life.reference in self.waiting
            if error.status is RPCStatusCode.NOT_FOUND and (life.outcome or not has_run or self.away):
                self._say(f"{life.reference} {name}: nobody there")
                return
            raise
        self._say(f"{life.reference} {name} {body or raw!r}")

        # Temporal itself is never away, only the services' way to it; workers may be.
        def said(life: Life, now: datetime) -> None:
            life.signal("" if raw else name, body, at, now)

        if self.down:
            self._now_or_later(life, said)
        else:
            said(life, self.now)

    # --- time and parts -------------------------------------------------------------------------------------------

    async def _pass_time(self, step: Step) -> None:
        kinds = ({"minutes": step.what % 59 + 1}, {"hours": step.what % 12 + 1}, {"days": step.what % 4 + 1})
        await self._pass_to(self.now + timedelta(**kinds[step.who % 3]))

    async def _pass_to_limit(self, step: Step) -> None:
        """To just before a limit, to its evening when parties hear nothing, into the spread behind it, or past it."""
        dues = sorted({due for life in self.lives.values() if (due := life.next_due(self.now))})
        if dues:
            evening = timedelta(minutes=-90)
            beside = (timedelta(seconds=-3), timedelta(seconds=step.what % 500 + 1), timedelta(minutes=11), evening)
            await self._pass_to(dues[step.which % 3 % len(dues)] + beside[step.who % 4])

    async def _pass_to(self, instant: datetime) -> None:
        if instant > self.now and not self.down and not self._is_late():
            self._say(f"to {instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}")
            await self.city.world.advance_to(instant)

    def _is_late(self) -> bool:
        return self.now >= datetime.fromisoformat(f"{LAST_DAY}+08:00")

    async def _temporal_away(self, step: Step) -> None:
        """The services lose their way to Temporal for some steps."""
        if not self.down and self.away is None:
            self.away = self.city.temporal_away()
            await self.away.__aenter__()
            self.outage = 2 + step.what % 6

    async def _worker_down(self, step: Step) -> None:
        """No worker polls for some steps, and no time passes meanwhile."""
        if not self.down and self.away is None:
            await self.city.stop_worker()
            self.down, self.outage = True, 2 + step.what % 2

    async def _outage_ends_some_time(self) -> None:
        self.outage -= 1
        if self.outage == 0:
            self.log.append("all parts are back")
            await self._bring_back()
            await self._come_to_rest()

    async def _bring_back(self) -> None:
        if self.away is not None:
            away, self.away = self.away, None
            await away.__aexit__(None, None, None)
        if self.down:
            self.down = False
            await self.city.start_worker()

    async def _kill_in_flight(self, step: Step) -> None:
        """The worker dies while time passes, and another takes over."""
        if self.down or self._is_late():
            return
        dues = [due for life in self.lives.values() if (due := life.next_due(self.now))]
        instant = min(dues, default=self.now) + timedelta(minutes=11)
        playing = asyncio.create_task(self.city.world.advance_to(instant))
        await asyncio.sleep(step.what % 10 / 50)
        await self.city.stop_worker()
        await self.city.start_worker()
        await playing

    async def _lose_run(self, step: Step) -> None:
        """Somebody terminates a workflow, an operator repairs it."""
        life = self._choose(step)
        if life is None or life.outcome or not life.started or self.down or self.away or life.is_unsure(self.now):
            return
        await self.city.handle(life.reference).terminate("by mistake")
        result = await repair(self.city.platform, life.reference)
        self._say(f"{life.reference} stream {result.stream}")
        life.lose_run(self.now)

    # --- comparing ------------------------------------------------------------------------------------------------

    def _is_free(self, life: Life) -> bool:
        """Whether what is done to a request takes effect at once."""
        return not self.down and self.away is None and life.started

    def _now_or_later(self, life: Life, do: Wait) -> None:
        if self.down or self.away is not None:
            self.waiting.setdefault(life.reference, []).append(do)
        else:
            do(life, self.now)

    async def _come_to_rest(self) -> None:
        if self.down:
            return
        await self.city.advance(seconds=1)
        if self.away is None:
            book = await self._relay_all()
            self._settle(book)
        else:
            book = await Book.read(self.city)
        self.compare(book)

    async def _relay_all(self) -> Book:
        """The relay starts and delivers what is a moment old, one after the other, and asks again after ten seconds."""
        for seconds in (1, 3, 1, 11, 1, 11, 1, 11):
            await self.city.relay()
            await self.city.advance(seconds=seconds)
            book = await Book.read(self.city)
            if not book.undelivered():
                break
        return book

    def _settle(self, book: Book) -> None:
        """Let what waited take effect, in whatever order explains what is seen."""
        waiting, self.waiting = self.waiting, {}
        together, self.together = self.together, {}
        orders: dict[str, Iterator[Sequence[Wait]]] = {
            reference: itertools.permutations(steps) for reference, steps in waiting.items()
        }
        orders |= {reference: _interleaved(steps) for reference, steps in together.items()}
        for reference, ways in orders.items():
            life, seen = self.lives[reference], book.seen(reference)
            tried = (self._after(life, way, self.now, seen) for way in ways)
            first = next(tried)
            self.lives[reference] = next((one for one in (first, *tried) if one.expected() == seen), first)

    def _after(self, life: Life, order: Sequence[Wait], now: datetime, seen: dict[str, Any]) -> Life:
        imagined = copy.deepcopy(life, {id(self.people): self.people})
        for do in order:
            do(imagined, now)
            imagined.tick(now, seen)
        return imagined

    def compare(self, book: Book) -> None:
        """Raise ``CampaignError`` where the book is not what the model says, or what no book may be."""
        now, faults = self.now, list(book.faults())
        for reference, life in self.lives.items():
            seen = book.seen(reference)
            life.tick(now, seen)
            foreseen = life.expected()
            faults += [f"{reference} {name}: {seen[name]!r}, and the model says {foreseen[name]!r}"
                       for name in foreseen if seen[name] != foreseen[name]]  # fmt: skip
        for reference, main in self.main_of.items():
            own, other = book.requests[reference], book.requests[main]
            if own.outcome != other.outcome:
                faults.append(f"{reference} ended {own.outcome}, {main} {other.outcome}")
        if faults:
            raise CampaignError("; ".join(faults))

    # --- the end --------------------------------------------------------------------------------------------------

    async def _finale(self) -> None:
        """All parts are back, silence has its consequences, every message goes out; then everything is counted."""
        self.log.append("finale")
        await self._bring_back()
        await self._come_to_rest()
        await self.city.advance(days=24)
        await self._come_to_rest()
        book = await self._until_quiet()
        if unsettled := book.unsettled():
            raise CampaignError(f"never settled: {unsettled}")
        if gaps := list(book.aftermath.gaps(book.messages)):
            raise CampaignError("; ".join(gaps))
        await self._count_workflows()
        for reference in self.lives:
            await self.city.replay(reference)

    async def _until_quiet(self) -> Book:
        """Parties are asked on the days after an answer, and the relay begins that; after a week nothing is left."""
        for _ in range(7):
            book = await Book.read(self.city)
            if book.aftermath.is_quiet() and not book.unsettled():
                return book
            morning = (self.now.astimezone(SHANGHAI) + DAY).replace(hour=11, minute=0)
            await self.city.world.advance_to(morning)
            await self._come_to_rest()
        raise CampaignError("answers are on their way, or parties are asked, for ever")

    async def _count_workflows(self) -> None:
        """One workflow for a request, running while it is open; a repair is the same workflow's next run.

        What was started for its answer and for the party's opinion has ended.
        """
        for reference, life in self.lives.items():
            status = await self._status(request_workflow_id(reference))
            wanted = "COMPLETED" if life.outcome else "RUNNING"
            if status != wanted:
                raise CampaignError(f"the workflow of {reference} is {status}, not {wanted}")
            for workflow_id in (delivery_workflow_id(reference), follow_up_workflow_id(reference)):
                if (status := await self._status(workflow_id)) not in ("COMPLETED", None):
                    raise CampaignError(f"{workflow_id} is {status}")
        for reference, main in self.main_of.items():
            if reference != main and await self._status(request_workflow_id(reference)) is not None:
                raise CampaignError(f"{reference} is attached and has a workflow")

    async def _status(self, workflow_id: str) -> str | None:
        """None if there never was one."""
        try:
            status = (await self.city.client.get_workflow_handle(workflow_id).describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
        return status.name if status is not None else None


def read_people() -> People:
    """The sample city's people and cases."""
    texts = [
        (files("liaison") / f"sample_city/{name}.csv").read_text("utf-8") for name in ("directory", "trial_register")
    ]
    return People.read(*texts)


def _escalation(step: Step) -> dict[str, str]:
    return {"by": f"operator-{step.who % 2 + 1}", "reason": f"第{step.what % 3}次"}


def _given(kind: str, by: str, at: datetime, given: dict[str, str]) -> Given:
    return Given(kind, by, at, given.get("text", ""), given.get("detail", ""), given.get("target", ""))


def _taking(place: int) -> Wait:
    return lambda life, now: life.take(life.actions[place], now)


def _admitting(
    kept: dict[int, Given | str], index: int, kind: str, by: str, at: datetime, given: dict[str, str]
) -> Wait:
    def admit(life: Life, now: datetime) -> None:
        kept[index] = life.admit(_given(kind, by, at, given), _staff(by))

    return admit


def _taking_kept(kept: dict[int, Given | str], index: int) -> Wait:
    def take(life: Life, now: datetime) -> None:
        given = kept[index]
        if isinstance(given, Given):
            life.take(given, now)

    return take


def _interleaved(doings: Sequence[tuple[int, Wait]]) -> Iterator[list[Wait]]:
    """Every order in which each action is kept before it is taken; one after the other comes first."""
    places = range(len(doings))
    for order in itertools.permutations(places):
        if all(order.index(place) < order.index(place + 1) for place in places[::2]):
            yield [doings[place][1] for place in order]


def _staff(by: str) -> str | None:
    return None if by in (CLERK, CHANNEL) else by
