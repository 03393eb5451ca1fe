"""Claiming a request and reading its plan: the only activity a request waits for before it lives."""

from datetime import datetime
from typing import Any

from temporalio import activity

from activities.tools import PLATFORM, Tools, holder_message
from liaison.contract.messages import Action, Opened, OpenRequest, Rung
from liaison.contract.names import run_stream
from liaison.db.claims import claim, newest_plan, recorded_rungs, waiting_answer
from liaison.db.errors import RequestTaken
from liaison.db.inbox import offer_of
from liaison.db.record import append_event, lock_request
from liaison.db.tables import Action as ActionRow
from liaison.db.tables import Plan, Request
from liaison.policy.machine import machine_may_answer
from liaison.policy.roster import Roster
from liaison.policy.rules import Policy
from liaison.policy.titles import titles
from liaison.policy.words import EventKind, Procedure, Stage


class Opening:
    """Gives a run its request."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def open_request(self, claimed: OpenRequest) -> Opened:
        """Claim the request's row for this run and return its newest plan and state."""
        tools = self._tools
        async with tools.db.write() as session:
            request = await lock_request(session, claimed.reference)
            try:
                first = claim(request, claimed.run_id, claimed.stream)
            except RequestTaken:
                return Opened(duplicate=True)
            now = tools.clock()
            if first:
                kind = EventKind.STARTED if claimed.stream == 1 else EventKind.REPAIRED
                stream = run_stream(claimed.stream)
                await append_event(session, claimed.reference, stream, kind, now, PLATFORM, recorded_at=now, seq=1)
            answer = await waiting_answer(session, claimed.reference)
            offer = await offer_of(session, claimed.reference, request.work_order)
            roster = await tools.rulebook.roster(session)
            opened = self._opened(
                request,
                await newest_plan(session, request),
                await tools.rulebook.policy(session, request.policy_version),
                await recorded_rungs(session, claimed.reference),
                roster,
                offer.holder_id if offer else None,
                answer,
            )
            if request.procedure is Procedure.SUMMARY and request.stage is Stage.REGISTERED:
                request.stage = Stage.ANSWERING
            return opened

    def _opened(
        self,
        request: Request,
        plan: Plan,
        policy: Policy,
        recorded: list[int],
        roster: Roster,
        offered: str | None,
        answer: ActionRow | None,
    ) -> Opened:
        rules = {rule.rung: rule for rule in policy.ladders[request.court_level]}
        return Opened(
            court=request.court,
            procedure=request.procedure,
            stage=request.stage,
            machine_may_answer=machine_may_answer(request.category, request.procedure),
            plan=plan.number,
            calendar_version=plan.calendar_version,
            policy_version=plan.policy_version,
            answer_due_on=plan.answer_due_on,
            answer_act_at=self._tools.for_workflow(plan.answer_act_at),
            rungs=[self._rung(row, titles(rules[row["rung"]].informs)) for row in plan.rungs],
            recorded=recorded,
            holder=holder_message(roster, request.holder_id),
            offered=holder_message(roster, offered),
            answered_by=action_message(answer) if answer else None,
        )

    def _rung(self, row: dict[str, Any], post: str) -> Rung:
        return Rung(
            rung=row["rung"],
            business_day=row["business_day"],
            due_on=row["due_on"],
            due_at=row["due_at"],
            act_at=self._tools.for_workflow(datetime.fromisoformat(row["act_at"])),
            provisional=row["provisional"],
            post=post,
        )


def action_message(row: ActionRow) -> Action:
    """An action of the inbox as workflows know it."""
    return Action(row.id, row.kind, row.by, row.received_at.isoformat(), row.detail)
