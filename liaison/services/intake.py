"""Intake: one transaction is registration; Temporal is told afterwards and may be down (design section 3)."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession
from ulid import ULID

from calendars.core import BusinessCalendar
from liaison.contract.reference import new_reference
from liaison.db.claims import newest_plan
from liaison.db.inbox import insert_action
from liaison.db.intake import Registration, insert_request, open_matter
from liaison.db.plans import plan_row
from liaison.db.reads import Found
from liaison.db.retry import start_over_once
from liaison.db.tables import Action, Plan, Request
from liaison.db.texts import Party
from liaison.keys import KeyRing
from liaison.policy.ladder import Ladder, plan_ladder
from liaison.policy.recipients import accused_in
from liaison.policy.roster import Roster
from liaison.policy.rules import Policy
from liaison.policy.scope import Scope
from liaison.policy.words import ActionKind, CourtLevel, KeyRole, Procedure, ReplyKind
from liaison.services.clock_offset import refuse_if_clock_is_off
from liaison.services.errors import Refused, Slug
from liaison.services.idempotency import store_answer, stored_answer
from liaison.services.intake_checks import CheckedIntake, Intake, check_intake
from liaison.services.platform import Answer, Platform
from liaison.services.show import show_request
from liaison.services.starting import start_at_once

__all__ = ["Intake", "accept_request", "check_intake"]

OPERATION = "accept_request"

NO_RUN = "attached"
"""Stands where a run's id would: nothing is to be started for an attached request, and the relay need not look."""


async def accept_request(
    platform: Platform, scope: Scope, intake: Intake, idempotency_key: str, fingerprint: str
) -> Answer:
    """Register a request and try to start its workflow.

    Args:
        platform: The parts.
        scope: A channel's key.
        intake: What the channel hands in.
        idempotency_key: The caller's own; the same key and fingerprint give the same answer for ever.
        fingerprint: Keyed hash of the body and the operation.

    Returns:
        201 with the request as registered, or 200 with the same body for a repetition.

    Raises:
        Refused: ``FORBIDDEN`` for other keys, ``CLOCK_OFFSET``, ``INVALID`` with all faults, ``KEY_REUSED``.
    """
    if scope.role is not KeyRole.CHANNEL:
        raise Refused(Slug.FORBIDDEN, "只有渠道密钥可以提交诉求。", "Only a channel's key submits requests.")
    await refuse_if_clock_is_off(platform)
    now = platform.clock()
    async with platform.db.peek() as session:
        calendar, policy = await platform.rulebook.current(session)
        roster = await platform.rulebook.roster(session)
        try:
            checked = check_intake(intake, scope, roster, policy, now)
        except Refused:
            # What was right when it came first, such as its time of receipt, keeps its answer.
            if (earlier := await stored_answer(session, scope, idempotency_key, fingerprint)) is not None:
                return earlier
            raise
    draft = _Draft(scope, checked, platform.ring, calendar, policy, _level(roster, intake.court), now)

    async def register() -> tuple[Answer, Found | None]:
        async with platform.db.write() as session:
            earlier = await stored_answer(session, scope, idempotency_key, fingerprint)
            if earlier is not None:
                return earlier, None
            found = await draft.register(session)
            answer = Answer(201, show_request(found), f"/v1/requests/{found.own.reference}")
            await store_answer(session, scope, idempotency_key, fingerprint, OPERATION, answer, now)
            return answer, found

    answer, found = await start_over_once(register)
    if found is not None and found.own.attached_to is None:
        await start_at_once(platform, found.own, found.plan)
    return answer


def _level(roster: Roster, court: str) -> CourtLevel:
    found = roster.court(court)
    if found is None:
        raise KeyError(f"court {court} was checked and is gone")
    return found.level


class _Draft:
    """A request on its way into the book; every attempt at the transaction gets a reference of its own."""

    def __init__(
        self,
        scope: Scope,
        checked: CheckedIntake,
        ring: KeyRing,
        calendar: BusinessCalendar,
        policy: Policy,
        level: CourtLevel,
        now: datetime,
    ) -> None:
        self._scope = scope
        self._checked = checked
        self._intake = checked.intake
        self._ring = ring
        self._calendar = calendar
        self._policy = policy
        self._level = level
        self._now = now
        self._phone_mac = ring.mac("phone", self._intake.phone)
        self._case_mac = ring.mac("case-number", self._intake.case_number) if self._intake.case_number else None
        self._matter = self._matter_of()

    async def register(self, session: AsyncSession) -> Found:
        """Write everything; the request is attached where the same matter is open (issue line L24)."""
        main = await open_matter(session, self._matter) if self._matter is not None else None
        ladder = self._ladder(reference := new_reference())
        request = self._request(reference, ladder, main)
        plan = plan_row(reference, 1, ladder, "registered", self._now)
        await insert_request(session, self._ring, self._registration(request, None if main else plan), self._now)
        if main is not None:
            return Found(request, main, await newest_plan(session, main))
        if self._intake.answer is not None:
            await insert_action(session, self._ring, *self._answer(request.reference, self._intake.answer))
        return Found(request, request, plan)

    def _matter_of(self) -> str | None:
        if self._intake.case_number is None:
            return None
        # A complaint of the holder, attached to a request he holds, would be his to answer.
        accused = sorted(accused_in(self._intake.category, self._intake.about))
        parts = (self._intake.phone, self._intake.case_number, self._intake.category, *accused)
        return self._ring.mac("matter", "|".join(parts))

    def _ladder(self, reference: str) -> Ladder:
        return plan_ladder(
            received_at=self._checked.received_at,
            court_level=self._level,
            reference=reference,
            court=self._intake.court,
            calendar=self._calendar,
            policy=self._policy,
        )

    def _request(self, reference: str, ladder: Ladder, main: Request | None) -> Request:
        intake, triage = self._intake, self._checked.triage
        first_due = ladder.rungs[0].due_at if triage.procedure is Procedure.ORDINARY else ladder.answer_by
        return Request(
            reference=reference,
            key_id=self._scope.key_id,
            channel=intake.channel,
            court=intake.court,
            court_level=self._level,
            category=intake.category,
            asks_for=intake.asks_for,
            language=intake.language,
            department=intake.department,
            judge=intake.judge,
            about=list(intake.about),
            triage_reason=triage.reason,
            procedure=triage.procedure,
            received_at=self._checked.received_at,
            registered_at=self._now,
            next_due_at=None if main else first_due,
            calendar_version=ladder.calendar_version,
            policy_version=ladder.policy_version,
            attached_to=main.reference if main else None,
            open_matter=None if main else self._matter,
            run_id=NO_RUN if main else None,
        )

    def _registration(self, request: Request, plan: Plan | None) -> Registration:
        intake = self._intake
        party = Party(intake.party_name, intake.phone, intake.party_role.value, intake.query_code, intake.case_number)
        return Registration(request, plan, intake.content, party, self._phone_mac, self._case_mac)

    def _answer(self, reference: str, text: str) -> tuple[Action, dict[str, str]]:
        """An answer given on the spot: ``open_request`` finds it and closes the request with it."""
        action = Action(
            id=str(ULID.from_datetime(self._now)),
            reference=reference,
            kind=ActionKind.ANSWER,
            by=self._scope.key_id,
            key_id=self._scope.key_id,
            received_at=self._checked.received_at,
        )
        return action, {"kind": ReplyKind.TEXT.value, "text": text}
