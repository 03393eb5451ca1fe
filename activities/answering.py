"""Answering immediately (Opinions art. 4) where no person is needed: proven parties' case inquiries, opinions."""

from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity
from ulid import ULID

from activities.opening import action_message
from activities.tools import PLATFORM, Tools
from activities.trial_register import find_case
from liaison.contract.messages import AnswerByMachine, MachineAnswer
from liaison.contract.names import run_stream
from liaison.db.claims import waiting_answer
from liaison.db.inbox import insert_action
from liaison.db.record import append_event, lock_request
from liaison.db.tables import Action, Request
from liaison.db.texts import Party, read_contact
from liaison.gateways.sms.templates import render
from liaison.gateways.trial_system.identity import identifies
from liaison.policy.words import ActionKind, Category, EventKind, Language, ReplyKind, Stage

MACHINE = "machine"


class Answering:
    """Gives the answers a machine can give."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @activity.defn
    async def answer_by_machine(self, question: AnswerByMachine) -> MachineAnswer:
        """Answer a case inquiry from the trial register, or acknowledge an opinion."""
        async with self._tools.db.peek() as session:
            request = await session.get_one(Request, question.reference)
            party = await read_contact(session, self._tools.ring, question.reference)
        answer = await self._answer(request, party)
        if answer is None:
            return MachineAnswer()
        async with self._tools.db.write() as session:
            request = await lock_request(session, question.reference)
            if request.stage is Stage.CLOSED:
                return MachineAnswer()
            given = await waiting_answer(session, question.reference)
            action = given or await self._keep(session, question, answer)
        return MachineAnswer(action_message(action))

    async def _answer(self, request: Request, party: Party) -> dict[str, str] | None:
        if request.category is Category.OPINION:
            return self._text("machine_opinion", request.language, {})
        case = await find_case(self._tools.trial_system, request.court, party.case_number)
        proven = identifies(case, party.name, party.phone, party.query_code) if case else None
        if case is None or proven is None:
            # The same silence for a stranger and for a case that does not exist: a clerk looks at both.
            return None
        state = case.state_zh if request.language is Language.ZH_CN else case.state_en
        return self._text("machine_case_state", request.language, {"state": state}) | {"to": proven.phone}

    def _text(self, template: str, language: Language, params: dict[str, str]) -> dict[str, str]:
        return {"kind": ReplyKind.TEXT.value, "text": render(self._tools.templates, template, language, params)}

    async def _keep(self, session: AsyncSession, question: AnswerByMachine, text: dict[str, str]) -> Action:
        now = self._tools.clock()
        action = Action(
            id=str(ULID.from_datetime(now)),
            reference=question.reference,
            kind=ActionKind.ANSWER,
            by=MACHINE,
            key_id=PLATFORM,
            received_at=now,
        )
        await insert_action(session, self._tools.ring, action, dict(text))
        await append_event(
            session, question.reference, run_stream(question.stream), EventKind.MACHINE_ANSWERED, now, MACHINE,
            {"action": action.id}, recorded_at=now, seq=question.seq,
        )  # fmt: skip
        return action
