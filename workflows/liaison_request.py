"""One request from registration to closure: waits for the next instant or a fact, and decides (Opinions art. 4-8).

It never counts days, reads no clock but ``workflow.now()`` and touches nothing: every instant came from an activity,
every consequence is one. Texts and people's names stay in the registration book.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from liaison.contract.messages import Action, Opened, Receipt, RequestEnd, RequestStart
    from liaison.contract.names import QUERY_STATE, SignalName, WorkflowName
    from liaison.policy.words import ActionKind, ActionState, EventKind, Procedure, Stage
    from workflows.claims import Claims
    from workflows.consequences import Consequences
    from workflows.details import timer_summary
    from workflows.signal_bodies import BadSignal, EscalateBody, escalate_body, reply_body, rules_body
    from workflows.state import ENDING, ON_CLAIM, RequestState

CANCEL_IGNORED = (
    "a cancel was asked for and ignored: a request ends by a reply, an answer or a withdrawal; "
    "later cancels reach nobody 取消请求已记录，不予执行"
)


@workflow.defn(name=WorkflowName.LIAISON_REQUEST)
class LiaisonRequestWorkflow:
    """The durable life of one request 诉求."""

    @workflow.init
    def __init__(self, start: RequestStart) -> None:
        self._state = RequestState(start.reference, start.stream)
        self._then = Consequences(self._state)
        self._claims = Claims(self._then)
        self._early: list[tuple[str, Sequence[RawValue]]] = []
        """Signals that came before the request was opened: whom they speak of is known only afterwards."""

    @workflow.run
    async def run(self, start: RequestStart) -> RequestEnd:
        """Live beside the cancel button: a cancel ends nothing, it is put on record (design 3.9)."""
        life = asyncio.create_task(self._live())
        while True:
            try:
                return await asyncio.shield(life)
            except asyncio.CancelledError:
                if life.done():
                    raise
                self._then.remark(EventKind.CANCEL_IGNORED, CANCEL_IGNORED)

    async def _live(self) -> RequestEnd:
        opened = await self._then.open()
        if opened.duplicate:
            return RequestEnd(self._state.reference, duplicate=True)
        working = asyncio.create_task(self._then.effects.work())
        self._begin(opened)
        for name, args in self._early:
            self._hear(name, args)
        while self._state.ending is None:
            self._act_on_silence()
            await self._next_instant_or_fact()
        await self._then.effects.settled()
        await workflow.wait_condition(workflow.all_handlers_finished)
        working.cancel()
        return RequestEnd(self._state.reference, self._then.outcome)

    def _begin(self, opened: Opened) -> None:
        if opened.answered_by is not None:
            self._then.end(opened.answered_by)
        elif opened.claimed is not None:
            self._claims.look()
        elif self._state.procedure is Procedure.SUMMARY:
            self._state.stage = Stage.ANSWERING
            if opened.machine_may_answer and not self._is_late_for_a_machine():
                self._then.answer_by_machine()
        elif self._state.holder is None:
            self._then.send_out()

    def _is_late_for_a_machine(self) -> bool:
        """Whether the limit passed before any run had the request, as in an outage: then it is for people."""
        limit = self._state.answer_limit()
        has_passed = limit is not None and limit <= workflow.now()
        return has_passed and workflow.patched("machine-answers-in-time")

    def _act_on_silence(self) -> None:
        """Let every limit that has passed take effect, once."""
        now = workflow.now()
        if self._state.claim_is_due(now):
            self._claims.look()
        limit = self._state.answer_limit()
        if limit is not None and limit <= now:
            if workflow.patched("limit-asks-the-book"):
                self._then.look_at_limit()
            else:
                self._then.make_ordinary()
        for rung in self._state.due_rungs(now):
            self._then.fire(rung)
        self._then.show()

    async def _next_instant_or_fact(self) -> None:
        instant = self._state.next_instant()
        self._then.look_again = False
        with contextlib.suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                self._has_news,
                timeout=instant - workflow.now() if instant else None,
                timeout_summary=timer_summary(self._state) if instant else None,
            )
        self._then.effects.raise_failure()

    def _has_news(self) -> bool:
        return self._state.ending is not None or self._then.look_again or self._then.effects.failure is not None

    @workflow.update(name=ActionKind.REPLY)
    async def reply(self, action: Action) -> Receipt:
        """The holder replies; the request closes, or the reply waits to be confirmed."""
        return await self._take_in_turn(action)

    @workflow.update(name=ActionKind.ANSWER)
    def answer(self, action: Action) -> Receipt:
        """A clerk answers on the spot; the request closes."""
        return self._take(action)

    @workflow.update(name=ActionKind.WITHDRAWAL)
    def withdraw(self, action: Action) -> Receipt:
        """The party withdraws; the request closes."""
        return self._take(action)

    @workflow.update(name=ActionKind.SIGN_IN)
    async def sign_in(self, action: Action) -> Receipt:
        """The holder, or whoever is offered the work order, signs in 签收."""
        return await self._take_in_turn(action)

    @workflow.update(name=ActionKind.TRANSFER)
    async def transfer(self, action: Action) -> Receipt:
        """Offer the work order to somebody else; the giver holds it until the taker signs in."""
        return await self._take_in_turn(action)

    @workflow.update(name=ActionKind.RETURN)
    async def return_order(self, action: Action) -> Receipt:
        """Return the work order, or refuse the offered one."""
        return await self._take_in_turn(action)

    @workflow.update(name=ActionKind.PROCEDURE_CHANGE)
    async def change_procedure(self, action: Action) -> Receipt:
        """A clerk changes the procedure; the clock runs on."""
        return await self._take_in_turn(action)

    @workflow.update(name=ActionKind.SUPERVISION_ACT)
    async def supervise(self, action: Action) -> Receipt:
        """A leader acknowledges, urges, asks why or appoints; the holder explains."""
        if self._state.must_wait(action) and not workflow.patched("supervision-acts-in-turn"):
            # Not looked at when it came, for an act of today waits; it takes effect at once, like those before it.
            self._state.check(action, workflow.now())
            return self._take(action)
        return await self._take_in_turn(action)

    @workflow.update(name=ActionKind.CONFIRMATION)
    def confirm(self, action: Action) -> Receipt:
        """Whoever replied in a form that anybody can forge says that it was he; the request closes."""
        return self._take(action)

    @workflow.update(name=ActionKind.REVOCATION)
    def revoke(self, action: Action) -> Receipt:
        """A claimed reply is set aside; the ladder goes on."""
        return self._take(action)

    def _check(self, action: Action) -> None:
        if not self._state.must_wait(action):
            self._state.check(action, workflow.now())

    _handlers = (reply, answer, withdraw, sign_in, transfer, return_order, change_procedure, supervise, confirm, revoke)
    for _handler in _handlers:
        _handler.validator(_check)
    del _handler, _handlers

    async def _take_in_turn(self, action: Action) -> Receipt:
        while self._state.must_wait(action):
            await workflow.wait_condition(lambda: not self._state.must_wait(action))
            self._check(action)
        return self._take(action)

    def _take(self, action: Action) -> Receipt:
        if action.action_id not in self._state.taken:
            self._state.taken[action.action_id] = self._follow(action)
        return Receipt(action.action_id, self._state.taken[action.action_id])

    def _follow(self, action: Action) -> ActionState:
        if action.kind in ENDING:
            return self._claims.claim(action) if action.claimed else self._then.end(action)
        if action.kind in ON_CLAIM:
            said = self._claims.confirm if action.kind is ActionKind.CONFIRMATION else self._claims.revoke
            return said(action)
        self._then.apply(action)
        if action.kind is ActionKind.PROCEDURE_CHANGE:
            self._change_procedure(Procedure(action.detail), action.received_at)
        return ActionState.ACCEPTED

    def _change_procedure(self, wanted: Procedure, since: str) -> None:
        self._then.look_again = True
        if wanted is Procedure.ORDINARY:
            self._state.make_ordinary(since)
            self._then.send_out()
        else:
            self._state.procedure, self._state.stage = Procedure.SUMMARY, Stage.ANSWERING

    @workflow.signal(dynamic=True)
    def on_signal(self, name: str, args: Sequence[RawValue]) -> None:
        """``reply``, ``escalate``, ``calendar_changed``; others are put on record and never raise (design 6)."""
        if self._state.opened:
            self._hear(name, args)
        else:
            self._early.append((name, args))

    def _hear(self, name: str, args: Sequence[RawValue]) -> None:
        self._state.reply_signals += name == SignalName.REPLY
        try:
            if name == SignalName.REPLY:
                self._claims.keep_signal_reply(reply_body(args))
            elif name == SignalName.ESCALATE:
                self._escalate(escalate_body(args))
            elif name == SignalName.CALENDAR_CHANGED:
                self._then.replan(rules_body(args))
            else:
                raise BadSignal("there is no such signal; there are reply, escalate and calendar_changed")
        except BadSignal as bad:
            self._then.refuse_signal(name, str(bad))

    def _escalate(self, body: EscalateBody) -> None:
        said = f"{body.by}/{body.reason}"
        if said in self._state.escalations:
            raise BadSignal("the same escalation was asked for before")
        self._state.escalations.append(said)
        self._then.escalate(body)

    @workflow.query(name=QUERY_STATE)
    def state(self) -> RequestState:
        """The live state."""
        return self._state
