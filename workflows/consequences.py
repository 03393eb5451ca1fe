"""What a request causes: every consequence is an activity, in the order of its causes, and is shown to operators."""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from liaison.contract import activities, search
    from liaison.contract.messages import (
        Action,
        AnswerByMachine,
        ApplyAction,
        CloseRequest,
        Confirmed,
        Dispatch,
        Opened,
        OpenRequest,
        RecordEvents,
        RunEvent,
        RungDue,
    )
    from liaison.contract.names import SignalName
    from liaison.contract.options import patient
    from liaison.contract.plans import LookAtLimit, PlanLadder, Planned, Rung
    from liaison.policy.words import ActionKind, ActionState, EventKind, HolderKind, Outcome, Procedure, Stage
    from workflows.details import current_details, rung_name
    from workflows.effects import Effects
    from workflows.signal_bodies import EscalateBody, RulesBody, shown_name
    from workflows.state import RequestState, may_change_holder

HOLD_BACK = timedelta(minutes=5)
"""How long a rung waits for a timely reply that lies in the inbox to be delivered."""


class Consequences:
    """Turns decisions into activities, keeps the state in step with their results, and shows it."""

    def __init__(self, state: RequestState) -> None:
        self.state = state
        self.effects = Effects()
        self.outcome: Outcome | None = None
        self.look_again = False
        """Set when the next instant may have changed."""
        self._unwritten: list[RunEvent] = []
        self._published: list[SearchAttributeUpdate[Any]] = []

    async def open(self) -> Opened:
        """Claim the request for this run and take over its plan and state."""
        claim = OpenRequest(self.state.reference, workflow.info().first_execution_run_id, self.state.stream)
        opened = await workflow.execute_activity(
            activities.open_request, claim, **patient("claim the request, read its plan")
        )
        if not opened.duplicate:
            self.state.adopt(opened)
            # A fresh request was started with these attributes; a repaired one may differ in any.
            self._published = self._attributes() if opened.stage is Stage.REGISTERED else []
        return opened

    def send_out(self) -> None:
        """Send the work order to its first holder (art. 5)."""
        self.state.unsettled += 1
        order = Dispatch(self.state.reference, self.state.stream, self.state.next_seq())

        async def dispatch() -> None:
            self.state.holder = await workflow.execute_activity(
                activities.dispatch, order, **patient("find the holder, send the work order")
            )
            self.state.offered = None
            self.state.stage = Stage.AWAITING_REPLY
            self.state.unsettled -= 1
            self.show()

        self.effects.add(dispatch)

    def look_at_limit(self) -> None:
        """Have a summary request become ordinary, unless it has missed rules by which the limit may be another."""
        state = self.state
        state.asks_limit = True
        order = LookAtLimit(state.reference, state.stream, state.calendar_version, state.policy_version)

        async def look() -> None:
            seen = await workflow.execute_activity(
                activities.look_at_limit, order, **patient("has the limit to answer on the spot passed?")
            )
            if seen.closed:
                # Whoever put Temporal back from a backup has yet to repair it; this run does nothing more by itself.
                return
            state.asks_limit, self.look_again = False, True
            if seen.newer is not None:
                self._take_over(seen.newer)
            elif state.ending is None and state.procedure is Procedure.SUMMARY:
                self.make_ordinary()

        self.effects.add(look)

    def make_ordinary(self) -> None:
        """Not answered by the end of the first business day: the holder must reply, on the same clock (art. 4, 5)."""
        self.state.make_ordinary(since=self.state.answer_due_at)
        limit = datetime.fromisoformat(self.state.answer_act_at)
        self.note(EventKind.PROCEDURE_CHANGED, "not answered by the end of the first business day", limit)
        self.send_out()

    def fire(self, rung: Rung, escalated_by: str = "", reason: str = "", received_at: str = "") -> None:
        """Record a rung, once; ``received_at`` is that of the late action which shows that it was due."""
        self.state.recorded.append(rung.rung)
        seq, at = self.state.next_seq(), "" if received_at else workflow.now().isoformat()
        due = RungDue(
            self.state.reference, self.state.stream, seq, rung.rung, escalated_by, reason, at, received_at,
            self.state.was_stopped_at(rung), self.state.calendar_version, self.state.policy_version,
        )  # fmt: skip

        async def record() -> None:
            result = await workflow.execute_activity(
                activities.record_rung, due, **patient(f"{rung_name(rung)}: {rung.post}")
            )
            if result.newer is not None:
                self._take_over(result.newer)
            if result.held_back:
                self.state.recorded.remove(rung.rung)
                self.state.held_back[rung.rung] = (workflow.now() + HOLD_BACK).isoformat()
                self.look_again = True
            elif result.moved is not None:
                self.state.recorded.remove(rung.rung)
                self._take_over(result.moved)
            elif result.post not in rung.post:
                # The table says that it is recorded; a line is worth it only where somebody else was told.
                self.state.remarks.append(f"{rung_name(rung)} went to 改报: {result.post}")
            self.show()

        self.effects.add(record)

    def answer_by_machine(self) -> None:
        """Try to answer a summary request without a person (art. 4)."""
        question = AnswerByMachine(self.state.reference, self.state.stream, self.state.next_seq())

        async def answer() -> None:
            machine = await workflow.execute_activity(
                activities.answer_by_machine, question, **patient("try to answer without a person")
            )
            if machine.answer is None or self.state.ending is not None or self.state.procedure is Procedure.ORDINARY:
                return
            if self.state.is_over_for(machine.answer) and workflow.patched("machine-answers-in-time"):
                return
            self.end(machine.answer)

        self.effects.add(answer)

    def end(self, action: Action, confirmed: Confirmed | None = None) -> ActionState:
        """Close by a reply, an answer or a withdrawal; silence that lasted past a limit before it stays on record.

        What was claimed and is not ``confirmed`` by this counts no longer.
        """
        self.state.claimed = None
        for rung in self.state.missed_before(action.received_at):
            self.fire(rung, received_at=action.received_at)
        self.state.ending = action
        closure = CloseRequest(self.state.reference, self.state.stream, self.state.next_seq(), action, confirmed)

        async def close() -> None:
            closed = await workflow.execute_activity(
                activities.close_request, closure, **patient(f"close by {action.kind}")
            )
            self.outcome = closed.outcome
            self.state.stage = Stage.CLOSED
            self.show()

        self.effects.add(close)
        self.show()
        late = action.kind is ActionKind.REPLY and self.state.is_late(action.received_at)
        return ActionState.LATE if late else ActionState.ACCEPTED

    def apply(self, action: Action) -> None:
        """Let an action that closes nothing take effect."""
        application = ApplyAction(self.state.reference, self.state.stream, self.state.next_seq(), action)
        self.state.unsettled += may_change_holder(action)

        async def apply() -> None:
            applied = await workflow.execute_activity(
                activities.apply_action, application, **patient(f"apply {action.kind}")
            )
            self.state.holder, self.state.offered = applied.holder, applied.offered
            if applied.newer is not None:
                self._take_over(applied.newer)
            self.state.unsettled -= may_change_holder(action)
            self.show()

        self.effects.add(apply)

    def escalate(self, body: EscalateBody) -> None:
        """Lift by one rung now, after what was caused before."""

        async def lift() -> None:
            rung = self.state.next_escalation()
            if self.state.ending is not None or rung is None:
                self.refuse_signal(SignalName.ESCALATE, "nobody above is left to be told")
                return
            if self.state.claimed is not None:
                self.refuse_signal(SignalName.ESCALATE, "a reply waits to be confirmed; revoke it first")
                return
            self.fire(rung, body.by, body.reason)
            self.look_again = True

        self.effects.add(lift)

    def replan(self, body: RulesBody) -> None:
        """Have the dates counted by newer rules, unless that has been done when its turn comes."""

        async def count_anew() -> None:
            if not self.state.is_older_than(body.version, body.policy):
                return
            order = PlanLadder(
                self.state.reference, self.state.stream, self.state.next_seq(), body.version, body.policy
            )
            planned = await workflow.execute_activity(
                activities.plan_ladder, order, **patient(f"count the dates by calendar version {body.version}")
            )
            if planned.refused:
                self.refuse_signal(SignalName.CALENDAR_CHANGED, planned.refused)
            else:
                self._take_over(planned)

        self.effects.add(count_anew)

    def refuse_signal(self, name: str, why: str) -> None:
        """Put a signal that is not followed before the operators and the clerks."""
        self.remark(EventKind.SIGNAL_REFUSED, f"signal {shown_name(name)} not followed 信号未执行: {why}")

    def remark(self, kind: EventKind, sentence: str) -> None:
        """A line in the details, on the record and before the clerks."""
        self.state.remarks.append(sentence)
        self.note(kind, sentence, workflow.now(), clerk_item=True)
        self.show()

    def note(self, kind: EventKind, detail: str, at: datetime, *, clerk_item: bool = False) -> None:
        """Have a line of the record written in the background, with others that wait."""
        self._unwritten.append(RunEvent(self.state.next_seq(), kind, at.isoformat(), detail, clerk_item))
        if len(self._unwritten) == 1:
            self.effects.add(self._write_events)

    def show(self) -> None:
        """Refresh the details, and those search attributes that differ from what operators see."""
        workflow.set_current_details(current_details(self.state))
        if not self.state.opened:
            return
        wanted = self._attributes()
        if changed := [update for update in wanted if update not in self._published]:
            workflow.upsert_search_attributes(changed)
            self._published = wanted

    def _take_over(self, planned: Planned) -> None:
        self.state.take_over(planned)
        if planned.says:
            self.state.remarks.append(planned.says)
        self.look_again = True
        self.show()

    async def _write_events(self) -> None:
        events, self._unwritten = self._unwritten, []
        batch = RecordEvents(self.state.reference, self.state.stream, events)
        await workflow.execute_activity(activities.record_events, batch, **patient("write the record"))

    def _attributes(self) -> list[SearchAttributeUpdate[Any]]:
        state, holder = self.state, self.state.holder
        due = state.next_due() if state.stage is not Stage.CLOSED else None
        judge = holder.id if holder and holder.kind is HolderKind.JUDGE else None
        return [
            search.STAGE.value_set(state.stage),
            search.PROCEDURE.value_set(state.procedure),
            search.DEPARTMENT.value_set(holder.department) if holder else search.DEPARTMENT.value_unset(),
            search.JUDGE.value_set(judge) if judge else search.JUDGE.value_unset(),
            search.RUNG.value_set(max(state.recorded, default=-1)),
            search.CALENDAR_VERSION.value_set(state.calendar_version),
            search.POLICY_VERSION.value_set(state.policy_version),
            search.PROVISIONAL.value_set(state.provisional),
            search.NEXT_DEADLINE.value_set(datetime.fromisoformat(due)) if due else search.NEXT_DEADLINE.value_unset(),
        ]
