"""Silence climbs: a rung is recorded, the request lies in the leader's inbox, the bell rings in its window (art. 8)."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.composing import SUPERVISION, WARNING, WARNING_TO_LEADER
from activities.messaging import Messaging
from activities.new_plan import Line
from activities.newer_rules import NewerRules
from activities.planned import planned_for
from activities.tools import PLATFORM, Tools
from liaison.contract.messages import RungDue, RungRecorded
from liaison.contract.names import ROUND, run_stream, rung_cause
from liaison.db.claims import newest_plan
from liaison.db.messages import desk
from liaison.db.record import append_event, lock_request, record_faults
from liaison.db.rungs import NEVER, falls_due_after, planned_rung, rung_due_at, supervise, timely_ending
from liaison.db.tables import Plan, Request, RungRecord
from liaison.db.texts import data_key, write_text
from liaison.metrics import TIMER_LATENESS
from liaison.policy.recipients import Recipient, one_message_each, recipient_of
from liaison.policy.roster import Holder, Roster
from liaison.policy.titles import TITLES, titles
from liaison.policy.told_dates import date_params, due_date
from liaison.policy.words import EventKind, HolderKind, Post, Stage


class Supervision:
    """Records rungs."""

    def __init__(self, tools: Tools, messaging: Messaging) -> None:
        self._tools = tools
        self._messaging = messaging
        self._newer_rules = NewerRules(tools, messaging)

    @activity.defn
    async def record_rung(self, due: RungDue) -> RungRecorded:
        """Record a rung, lay the request into the leader's inbox, ring the bell in its window."""
        late: timedelta | None = None
        async with self._tools.db.write() as session:
            request = await lock_request(session, due.reference)
            record = await session.get(RungRecord, (due.reference, ROUND, due.rung))
            if record is None and request.stage is Stage.CLOSED:
                return RungRecorded()
            plan = await (self._plan(session, request, due) if record is None else newest_plan(session, request))
            newer = await planned_for(self._tools, session, request, plan) if _is_missed(plan, due) else None
            if record is None:
                if self._has_moved(plan, due):
                    return RungRecorded(moved=newer or await planned_for(self._tools, session, request, plan))
                if not due.escalated_by and await self._hold_back(session, due, rung_due_at(plan, due.rung)):
                    return RungRecorded(held_back=True, newer=newer)
                line = Line(run_stream(due.stream), due.seq)
                record = await self.record(session, request, plan, due, line)
                late = record.recorded_at - datetime.fromisoformat(planned_rung(plan, due.rung)["act_at"])
            told = TITLES[record.post]
        if late is not None and not (due.escalated_by or due.resumed):
            TIMER_LATENESS.observe(late.total_seconds())
        await self._messaging.hand_on(session, due.reference, rung_cause(due.rung))
        return RungRecorded(post=told, newer=newer)

    async def _plan(self, session: AsyncSession, request: Request, due: RungDue) -> Plan:
        """The plan a rung is judged by: that of the rules in force when it fell due, unless somebody lifts it."""

        async def due_at(plan: Plan) -> datetime:
            return rung_due_at(plan, due.rung)

        plan = await newest_plan(session, request)
        if due.escalated_by:
            return plan
        return await self._newer_rules.judge_by(session, request, plan, due_at, run_stream(due.stream))

    def _has_moved(self, plan: Plan, due: RungDue) -> bool:
        """Whether the workflow found the rung due by older dates: a newer plan overtook it on the way here.

        By the clock that found it due, never by ours, which may be off.
        """
        if rung_due_at(plan, due.rung) == NEVER:
            return True
        found = self._found_at(due)
        return found is not None and not due.escalated_by and falls_due_after(plan, due.rung, found)

    def _found_at(self, due: RungDue) -> datetime | None:
        """When it was found due; orders of older workflows do not say."""
        if due.received_at:
            return datetime.fromisoformat(due.received_at)
        return self._tools.from_workflow(due.at) if due.at else None

    async def _hold_back(self, session: AsyncSession, due: RungDue, due_at: datetime) -> bool:
        """Whether something received in time waits in the inbox: then there is no rung (design 3.6)."""
        timely, now = await timely_ending(session, due.reference, due_at), self._tools.clock()
        if timely is None:
            return False
        detail = {"rung": due.rung, "due_at": due_at.isoformat(), "action": timely}
        await append_event(
            session, due.reference, run_stream(due.stream), EventKind.RUNG_HELD_BACK, now, PLATFORM, detail,
            recorded_at=now, seq=due.seq,
        )  # fmt: skip
        return True

    async def record(self, session: AsyncSession, request: Request, plan: Plan, due: RungDue, line: Line) -> RungRecord:
        """Record a rung that nobody has recorded, lay the request into the leader's inbox, reserve the bells."""
        due_at = datetime.fromisoformat(planned_rung(plan, due.rung)["due_at"])
        now, roster = self._tools.clock(), await self._tools.rulebook.roster(session)
        policy = await self._tools.rulebook.policy(session, request.policy_version)
        posts = next(rule.informs for rule in policy.ladders[request.court_level] if rule.rung == due.rung)
        told = one_message_each(_recipient(roster, post, request) for post in posts)
        # A desk has no inbox but the Case Filing Chamber's.
        with_inbox = [each for each in told if each.staff_id or each.post is Post.CASE_FILING_CHAMBER]
        supervisor = (with_inbox or told)[-1]
        person = roster.staff(supervisor.staff_id) if supervisor.staff_id else None
        record = RungRecord(
            reference=request.reference,
            round=ROUND,
            rung=due.rung,
            post=supervisor.post,
            recipient=supervisor.staff_id,
            recipient_role=person.role if person else None,
            in_place_of=supervisor.in_place_of,
            charged_to=request.holder_id,
            due_at=due_at,
            recorded_at=now,
            escalated_by=due.escalated_by or None,
        )
        session.add(record)
        await supervise(session, request, plan, record, since=min(due_at, now))
        if due.reason:
            key = await data_key(session, self._tools.ring, request.reference)
            await write_text(session, key, request.reference, rung_cause(due.rung), due.reason, now)
        for recipient in told:
            await record_faults(session, request.reference, due.rung, recipient.faults, now)
        await self._write_event(session, record, line, titles(posts), now)
        await self._reserve_bells(session, request, plan, due, told)
        return record

    async def _write_event(
        self, session: AsyncSession, record: RungRecord, line: Line, posts: str, now: datetime
    ) -> None:
        kind = EventKind.WARNED if record.rung == 0 else EventKind.RUNG_RECORDED
        detail = {
            "rung": record.rung,
            "due_at": record.due_at.isoformat(),
            "posts": posts,
            "post": record.post.value,
            "recipient": record.recipient,
            "in_place_of": record.in_place_of,
            "charged_to": record.charged_to,
        }
        if record.escalated_by:
            kind = EventKind.ESCALATED
        await append_event(
            session, record.reference, line.stream, kind, now, record.escalated_by or PLATFORM, detail,
            recorded_at=now, seq=line.seq,
        )  # fmt: skip

    async def _reserve_bells(
        self, session: AsyncSession, request: Request, plan: Plan, due: RungDue, told: tuple[Recipient, ...]
    ) -> None:
        rung = planned_rung(plan, due.rung)
        # The window that opens by the calendar of now: a closure since the plan was made moves no rung, but the bell.
        not_before = None if due.escalated_by else datetime.fromisoformat(rung["act_at"])
        for recipient in told:
            name, template = recipient.staff_id or desk(recipient.desk or ""), _template(due.rung, recipient)
            await self._messaging.reserve(
                session, request, rung_cause(due.rung), name, template, date_params(due_on=due_date(rung)),
                not_before=not_before,
            )  # fmt: skip


def _is_missed(plan: Plan, due: RungDue) -> bool:
    """Whether the workflow does not know of the plan; an older workflow is told of it when it hears of the rules."""
    by = (due.calendar_version, due.policy_version)
    return all(by) and (plan.calendar_version > by[0] or plan.policy_version > by[1])


def _template(rung: int, recipient: Recipient) -> str:
    """What a leader hears goes to his mailbox, a warning too; holder and desks are warned one by one."""
    if rung > 0:
        return SUPERVISION
    is_leader = recipient.staff_id is not None and recipient.post is not Post.HOLDER
    return WARNING_TO_LEADER if is_leader else WARNING


def _recipient(roster: Roster, post: Post, request: Request) -> Recipient:
    department = request.department or roster.litigation_service(request.court).code
    # Before its first work order a request is with the department it is for.
    holder = Holder(
        request.holder_id or department, request.holder_kind or HolderKind.DEPARTMENT, request.court, department
    )
    if post is Post.DEPARTMENT_DESK:
        return Recipient(post, desk=holder.department)
    return recipient_of(roster, post, holder, category=request.category, about=request.about)
