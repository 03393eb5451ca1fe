"""Requests on the day after their warning limit, in every state a rung can be in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import select

from liaison.contract.names import rung_cause
from liaison.db.inbox import insert_action
from liaison.db.messages import WANTED, Draft, reserve
from liaison.db.tables import Action, AnswerDelivery, Message, Plan, RungRecord
from liaison.policy.message_words import DeliveryState, MessageClass, MessageState
from liaison.policy.words import ActionKind, ActionState, Category, Language, Post
from tests.city import REPLY
from tests.services.office import HOLDER, Office, fresh_case, fresh_key


@dataclass
class Rung:
    """The warning of a new request: when it fell due and when its work was planned."""

    office: Office
    reference: str
    due_at: datetime
    act_at: datetime

    async def record(self, late: timedelta = timedelta()) -> None:
        """The rung fires."""
        async with self.office.platform.db.write() as session:
            at = self.act_at + late
            session.add(
                RungRecord(
                    reference=self.reference, round=1, rung=0, post=Post.HOLDER, recipient=HOLDER,
                    due_at=self.due_at, recorded_at=at,
                )
            )  # fmt: skip

    async def annul(self) -> None:
        """A reply proves to have been in time."""
        await self.office.annul(self.reference)

    async def ring(self, state: MessageState, failure: str | None = None, *, settled: bool = True) -> None:
        """A bell about it, in this state; its window opened at the planned instant."""
        draft = Draft(
            id=f"01J{len(fresh_key()):04}{self.reference.replace('-', '')}{state.value.upper():.6}",
            reference=self.reference,
            cause=rung_cause(0),
            recipient=HOLDER,
            message_class=MessageClass.STAFF,
            template="warning",
            language=Language.ZH_CN,
            params={},
            send_after=self.act_at,
        )
        async with self.office.platform.db.write() as session:
            message = await reserve(session, self.office.platform.ring, draft, self.act_at)
            message.state, message.failure = state, failure
            if settled and state not in WANTED:
                message.settled_at = self.act_at

    async def reply(self, received_at: datetime, state: ActionState) -> None:
        """A reply, received then, that has or has not reached the workflow."""
        row = Action(
            id=fresh_key().rjust(26, "0"), reference=self.reference, kind=ActionKind.REPLY, by=HOLDER,
            key_id="sample", received_at=received_at, state=state,
        )  # fmt: skip
        async with self.office.platform.db.write() as session:
            await insert_action(session, self.office.platform.ring, row, {"kind": "text", "text": REPLY})


async def new_rung(office: Office, *, claimed: bool = True) -> Rung:
    """A new ordinary request of the sample channel."""
    reference = await office.submit(case_number=fresh_case(), category=Category.JUDGE_CONTACT)
    if claimed:
        await office.change(reference, run_id=f"run of {reference}")
    async with office.platform.db.read() as session:
        plan = (await session.exec(select(Plan).where(Plan.reference == reference))).one()
    warning = plan.rungs[0]
    return Rung(office, reference, datetime.fromisoformat(warning["due_at"]), datetime.fromisoformat(warning["act_at"]))


async def unmade_answer(office: Office, *, closed_before: timedelta) -> Rung:
    """A request replied to so long before its last rung, whose answer has not been made; that rung waits for it."""
    reference = (await new_rung(office)).reference
    async with office.platform.db.write() as session:
        plan = (await session.exec(select(Plan).where(Plan.reference == reference))).one()
        last = plan.rungs[-1]
        due_at, act_at = (datetime.fromisoformat(last[name]) for name in ("due_at", "act_at"))
        session.add(
            AnswerDelivery(
                reference=reference, action_id="0" * 26, court="0104", state=DeliveryState.TO_CALL,
                since=due_at - closed_before, due_at=due_at,
            )
        )  # fmt: skip
    office.clock.now = due_at - closed_before
    await office.close(reference)
    return Rung(office, reference, due_at, act_at)


async def all_messages(office: Office) -> list[Message]:
    """Every message there is."""
    async with office.platform.db.read() as session:
        return list((await session.exec(select(Message))).all())
