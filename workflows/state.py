"""What a request knows of itself, and which actions fit: pure, serialisable, without a clock of its own."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from liaison.contract.errors import ErrorType, Refusal
from liaison.contract.messages import Action, Holder, Opened
from liaison.contract.plans import Planned, Rung
from liaison.policy.words import ActionKind, ActionState, Procedure, Stage, SupervisionAct

ENDING = frozenset({ActionKind.REPLY, ActionKind.ANSWER, ActionKind.WITHDRAWAL})
"""Actions that close a request."""

ON_CLAIM = frozenset({ActionKind.CONFIRMATION, ActionKind.REVOCATION})
"""Actions on a claimed reply, which their ``detail`` names."""

HOLDER_CHANGING = frozenset({ActionKind.SIGN_IN, ActionKind.TRANSFER, ActionKind.RETURN, ActionKind.PROCEDURE_CHANGE})
"""Actions after which somebody else may hold the request; a leader's appointment is one too."""

IN_TURN_ACTS = frozenset({SupervisionAct.EXPLAIN, SupervisionAct.APPOINT})
"""Acts of supervision that depend on who holds the request."""


@dataclass
class RequestState:
    """Everything a run of ``LiaisonRequestWorkflow`` remembers. Instants are ISO text that came from history."""

    reference: str
    stream: int
    opened: bool = False
    procedure: Procedure = Procedure.ORDINARY
    stage: Stage = Stage.REGISTERED
    answer_due_on: str = ""
    answer_due_at: str = ""
    answer_act_at: str = ""
    answer_provisional: bool = False
    answer_counted: str = ""
    asks_limit: bool = False
    """The book is being asked whether the limit of a summary request has passed."""
    calendar_version: int = 0
    policy_version: int = 0
    provisional: bool = False
    """Whether a date still to come may be changed by a notice; as of when the plan was taken over."""
    ordinary_since: str = ""
    """When a summary request became ordinary: an answer received before, and delivered later, still closes it."""
    rungs: list[Rung] = field(default_factory=list)
    recorded: list[int] = field(default_factory=list)
    """Rungs recorded, or being recorded."""
    held_back: dict[int, str] = field(default_factory=dict)
    """Rungs that found a timely reply in the inbox: until when the reply is waited for."""
    holder: Holder | None = None
    offered: Holder | None = None
    unsettled: int = 0
    """Steps under way after which somebody else may hold the request."""
    ending: Action | None = None
    claimed: Action | None = None
    """A reply that waits to be confirmed: while it does, no rung that falls due after its receipt fires."""
    look_at: str = ""
    """When to look whether silence has confirmed it; empty while somebody looks."""
    resumed_at: str = ""
    """When the ladder went on after a claimed reply was revoked."""
    taken: dict[str, ActionState] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    seq: int = 1
    """Number of the last event; opening is the first."""
    reply_signals: int = 0
    escalations: list[str] = field(default_factory=list)

    def adopt(self, opened: Opened) -> None:
        """Take over what the registration book knows."""
        self.opened = True
        self.procedure, self.stage = opened.procedure, opened.stage
        self.answer_due_on, self.answer_due_at = opened.answer_due_on, opened.answer_due_at
        self.answer_act_at = opened.answer_act_at
        self.answer_provisional, self.answer_counted = opened.answer_provisional, opened.answer_counted
        self.calendar_version, self.policy_version = opened.calendar_version, opened.policy_version
        self.rungs, self.recorded = list(opened.rungs), list(opened.recorded)
        self.provisional = any(rung.provisional for rung in self.rungs)
        self.holder, self.offered = opened.holder, opened.offered
        self.claimed = opened.claimed
        if opened.claimed is not None:
            self.taken[opened.claimed.action_id] = ActionState.CLAIMED
        self.seq = max(self.seq, opened.last_seq)

    def take_over(self, planned: Planned) -> None:
        """Live by newer dates. What is recorded keeps its own there; a rung that moved waits for nothing else."""
        before = {rung.rung: rung.act_at for rung in self.rungs}
        self.calendar_version, self.policy_version = planned.calendar_version, planned.policy_version
        self.answer_due_on, self.answer_due_at = planned.answer_due_on, planned.answer_due_at
        self.answer_act_at, self.rungs = planned.answer_act_at, list(planned.rungs)
        self.answer_provisional, self.answer_counted = planned.answer_provisional, planned.answer_counted
        self.provisional = any(rung.provisional for rung in self.unrecorded())
        for rung in self.rungs:
            if rung.act_at != before.get(rung.rung):
                self.held_back.pop(rung.rung, None)

    def is_older_than(self, calendar: int, policy: int | None) -> bool:
        """Whether its dates were counted by older rules than these."""
        return self.calendar_version < calendar or self.policy_version < (policy or 0)

    def make_ordinary(self, since: str) -> None:
        """From ``since`` on the holder must reply; the clock runs on."""
        self.procedure, self.ordinary_since = Procedure.ORDINARY, since

    def next_seq(self) -> int:
        """The number of the next event of this run chain."""
        self.seq += 1
        return self.seq

    def must_wait(self, action: Action) -> bool:
        """Whether an action's turn comes after a step under way: who may take it is known then (ADR 0019)."""
        depends = action.kind in {*HOLDER_CHANGING, ActionKind.REPLY} or action.detail in IN_TURN_ACTS
        return depends and action.action_id not in self.taken and self.unsettled > 0 and self.ending is None

    def check(self, action: Action, now: datetime) -> None:
        """Refuse an action that does not fit.

        Raises:
            Refusal: With the type that tells the giver why.
        """
        if action.action_id in self.taken:
            return
        if self.ending is not None:
            raise Refusal(ErrorType.ALREADY_CLOSED, "the request is closed 诉求已办结")
        if not self.opened:
            raise Refusal(ErrorType.NOT_SETTLED, "an earlier step is under way; try again 上一步尚未完成，请稍后重试")
        if action.as_holder:
            self._check_holder(action)
        if self.holder is None and passes_on(action):
            raise Refusal(ErrorType.OUT_OF_TURN, "no work order is out 尚未派单")
        if action.kind is ActionKind.ANSWER and self._was_ordinary_at(action.received_at):
            raise Refusal(ErrorType.OUT_OF_TURN, "a work order is replied to by its holder 工单由承办人答复")
        if action.kind is ActionKind.PROCEDURE_CHANGE:
            self._check_procedure(Procedure(action.detail), now)
        self._check_claim(action)

    def _check_holder(self, action: Action) -> None:
        if self.holder is None:
            raise Refusal(ErrorType.OUT_OF_TURN, "no work order is out 尚未派单")
        taker = self.offered if action.kind in {ActionKind.SIGN_IN, ActionKind.RETURN} else None
        if not acts_for(self.holder, action) and (taker is None or not acts_for(taker, action)):
            raise Refusal(ErrorType.NOT_THE_HOLDER, "somebody else holds the request 承办人已变更")

    def _check_claim(self, action: Action) -> None:
        standing = self.claimed.action_id if self.claimed is not None else None
        if action.kind in ON_CLAIM and action.detail != standing:
            if action.detail not in self.taken:
                raise Refusal(ErrorType.NOT_SETTLED, "the reply itself is still on its way 该答复尚未送达")
            raise Refusal(ErrorType.OUT_OF_TURN, "this reply does not wait to be confirmed 没有待确认的答复")
        if standing is not None and (action.claimed or action.kind is ActionKind.PROCEDURE_CHANGE):
            raise Refusal(ErrorType.OUT_OF_TURN, "a reply waits to be confirmed 已有答复待确认")

    def _check_procedure(self, wanted: Procedure, now: datetime) -> None:
        if wanted is self.procedure:
            raise Refusal(ErrorType.OUT_OF_TURN, f"the procedure is {wanted} already 程序未变")
        too_late = self.recorded or now >= datetime.fromisoformat(self.answer_act_at)
        if wanted is Procedure.SUMMARY and too_late:
            raise Refusal(ErrorType.OUT_OF_TURN, "the time to answer on the spot is over 即答期限已过")

    def _was_ordinary_at(self, received_at: str) -> bool:
        in_time = self.ordinary_since and not received_at_or_after(received_at, self.ordinary_since)
        return self.procedure is Procedure.ORDINARY and not in_time

    def due_rungs(self, now: datetime) -> list[Rung]:
        """Rungs whose instant has come, lowest first."""
        return [rung for rung in self._to_come() if self.act_at(rung) <= now]

    def missed_before(self, received_at: str) -> list[Rung]:
        """Rungs not yet recorded that were due when a late reply arrived: silence lasted past them."""
        received = datetime.fromisoformat(received_at)
        return [rung for rung in self.unrecorded() if datetime.fromisoformat(rung.due_at) <= received]

    def unrecorded(self) -> list[Rung]:
        """Rungs still to come, whatever the procedure."""
        return [rung for rung in self.rungs if rung.rung not in self.recorded]

    def act_at(self, rung: Rung) -> datetime:
        """When a rung is looked at next."""
        return datetime.fromisoformat(self.held_back.get(rung.rung, rung.act_at))

    def is_over_for(self, answer: Action) -> bool:
        """Whether the limit to answer on the spot passed before this answer, and the book is being asked about it."""
        return self.asks_limit and received_at_or_after(answer.received_at, self.answer_due_at)

    def answer_limit(self) -> datetime | None:
        """When to see whether a summary request becomes ordinary; None while the book is being asked."""
        if self.procedure is not Procedure.SUMMARY or self.asks_limit:
            return None
        return datetime.fromisoformat(self.answer_act_at)

    def next_instant(self) -> datetime | None:
        """The next instant at which silence has a consequence."""
        if self.claimed is not None:
            return datetime.fromisoformat(self.look_at) if self.look_at else None
        instants: Iterable[datetime] = [self.act_at(rung) for rung in self._to_come()]
        limit = self.answer_limit()
        return min([*instants, *([limit] if limit else [])], default=None)

    def next_due(self) -> str | None:
        """The next due instant as operators and lists know it, without the spread; none while a reply is claimed."""
        if self.claimed is not None:
            return None
        if self.procedure is Procedure.SUMMARY:
            return self.answer_due_at
        return next((rung.due_at for rung in self.unrecorded()), None)

    def claim(self, action: Action) -> None:
        """Let a reply stop the ladder until it is confirmed or revoked."""
        self.claimed, self.look_at, self.stage = action, "", Stage.CONFIRMING

    def claim_is_due(self, now: datetime) -> bool:
        """Whether it is time to look at the reply that waits."""
        return self.claimed is not None and bool(self.look_at) and datetime.fromisoformat(self.look_at) <= now

    def give_up_claim(self, now: datetime) -> None:
        """Let the ladder go on: what passed meanwhile is due at once, and waits for nothing else."""
        self.claimed, self.look_at, self.stage = None, "", Stage.AWAITING_REPLY
        self.resumed_at = now.isoformat()
        self.held_back.clear()

    def was_stopped_at(self, rung: Rung) -> bool:
        """Whether a rung's own instant passed while a reply was claimed that has been revoked since."""
        planned = datetime.fromisoformat(rung.act_at)
        return bool(self.resumed_at) and planned < datetime.fromisoformat(self.resumed_at)

    def next_escalation(self) -> Rung | None:
        """The rung that lifting the request by one reaches; None above the last."""
        highest = max([rung for rung in self.recorded if rung > 0], default=0)
        return next((rung for rung in self.rungs if rung.rung == highest + 1), None)

    def is_late(self, received_at: str) -> bool:
        """Whether something received then missed the first limit, the one the warning marks."""
        return bool(self.rungs) and received_at_or_after(received_at, self.rungs[0].due_at)

    def _to_come(self) -> list[Rung]:
        climbs = self.procedure is Procedure.ORDINARY and self.claimed is None
        return self.unrecorded() if climbs else []


def received_at_or_after(received_at: str, due_at: str) -> bool:
    """On time means received before the due instant (design section 4)."""
    return datetime.fromisoformat(received_at) >= datetime.fromisoformat(due_at)


def acts_for(holder: Holder, action: Action) -> bool:
    """Whether the giver is of this holder's team: by its members when he took the work order, or by the book's word,
    which knows who has come since."""
    return action.by in holder.members or action.holder == holder.id


def may_change_holder(action: Action) -> bool:
    """Whether somebody else may hold the request after the action."""
    return action.kind in HOLDER_CHANGING or passes_on(action)


def passes_on(action: Action) -> bool:
    """Whether the action offers the work order to somebody else: a transfer, or a leader's appointment."""
    return action.kind is ActionKind.TRANSFER or action.detail == SupervisionAct.APPOINT
