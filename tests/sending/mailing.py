"""An office with messages to send and senders that a test calls itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import col, select

from activities.gateways import Absences
from activities.mailbox import Mailbox
from activities.sms import Sender
from activities.tools import Tools
from liaison.contract.sending import Gathered, MessageProgress, OpenMailbox
from liaison.db.messages import PARTY, Draft, reserve
from liaison.db.record import MESSAGES
from liaison.db.tables import Event, Message
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.recipients import FaultKind
from liaison.policy.words import EventKind, Language
from liaison.services.views import faults_view
from tests.keeping.tools import tools_of
from tests.services.office import Office, fresh_key
from tests.workflows.gateways import Moody


@dataclass
class Mailing:
    """Gateways of one office, and a worker that remembers which are away."""

    office: Office
    gateways: Sequence[Moody]
    absences: Absences = field(default_factory=Absences)

    @property
    def tools(self) -> Tools:
        return replace(tools_of(self.office), gateways=tuple(self.gateways), absences=self.absences)

    async def reserve(
        self,
        reference: str,
        recipient: str = PARTY,
        template: str = "urge",
        message_class: MessageClass = MessageClass.PARTY,
        useful_for: timedelta | None = None,
        cause: str = "",
        **params: str,
    ) -> str:
        """A message whose window is open; its id."""
        now = self.office.clock.now
        draft = Draft(
            id=fresh_key(), reference=reference, cause=cause or fresh_key(), recipient=recipient,
            message_class=message_class,
            template=template, language=Language.ZH_CN, params={"reference": reference, **params}, send_after=now,
            useful_until=now + useful_for if useful_for else None,
        )  # fmt: skip
        async with self.office.platform.db.write() as session:
            return (await reserve(session, self.office.platform.ring, draft, now)).id

    async def send(self, message_id: str) -> MessageProgress:
        """One try."""
        return await Sender(self.tools).send(message_id)

    async def send_until_settled(self, message_id: str, tries: int = 50) -> list[MessageState]:
        """Try when the sender says so, as a notice does; the states on the way."""
        states = []
        for _ in range(tries):
            progress = await self.send(message_id)
            states.append(MessageState(progress.state))
            if not progress.wait_until:
                return states
            self.office.clock.now = max(datetime.fromisoformat(progress.wait_until), self.office.clock.now)
        raise AssertionError(states)

    async def gather(self, leader: str) -> Gathered:
        """What a leader's mailbox makes of his bells."""
        return await Mailbox(self.tools).gather_bells(OpenMailbox(leader, 0))

    async def row(self, message_id: str) -> Message:
        """The message as it stands."""
        async with self.office.platform.db.read() as session:
            return await session.get_one(Message, message_id)

    async def events(self, message: str) -> list[Event]:
        """What the record says of a message."""
        async with self.office.platform.db.read() as session:
            lines = await session.exec(select(Event).where(Event.stream == MESSAGES).order_by(col(Event.id)))
            return [line for line in lines if line.detail["message"] == message]

    async def kinds(self, message: str) -> list[EventKind]:
        """The kinds of those lines."""
        return [line.kind for line in await self.events(message)]

    async def unreachable(self) -> list[str]:
        """Whom the register of faults names as out of reach."""
        faults = (await faults_view(self.office.platform))["items"]
        return [fault["subject"] for fault in faults if fault["reason"] == FaultKind.UNREACHABLE]
