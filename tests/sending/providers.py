"""Providers that fall ill, each with the adapter that is meant for it, and what their own logs hold of our messages."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from liaison.db.messages import gateway_key
from liaison.db.tables import Message
from liaison.gateways.sms.accounts import AliyunAccount, SmppAccount
from liaison.gateways.sms.aliyun import AliyunGateway
from liaison.gateways.sms.port import ShortMessage, SmsGateway, Submission
from liaison.gateways.sms.smpp import SmppGateway
from liaison.gateways.sms.templates import packaged_templates
from liaison.policy.words import Language
from tests.gateways.aliyun import AliyunStandIn, Habit, Illness, Report, aliyun
from tests.gateways.samples import NOW
from tests.gateways.smsc import Smsc, smsc

OURS: Final = "1069000"
RATE: Final = 10_000
WINDOW: Final = 50

ILLNESSES: Final = {
    "5xx": (Illness.AWAY, {"error": "1:0"}),
    "silence": (Illness.SILENT, {"silent": "1:0"}),
    "reset": (Illness.RESET, {"reset": "1:3"}),
    "garbage": (Illness.GARBAGE, {"garbage": "1:3"}),
}
"""Of Aliyun, and of an SMSC: where one of them ends a connection, everything under way on it is in doubt."""

HABITS: Final = {
    "receipts twice": (Habit.TWICE, "twice"),
    "receipts before the answer": (Habit.FIRST, "first"),
    "receipts in the wrong order": (Habit.BACKWARDS, "backwards"),
}


class Provider(Protocol):
    """Somebody who sends messages for us."""

    gateway: SmsGateway

    async def fall_ill(self) -> None:
        """Misbehave as the test says."""
        ...

    async def recover(self) -> None:
        """Behave."""
        ...

    async def rest(self) -> None:
        """Return when nothing more is to be told."""
        ...

    def hurt(self, messages: Iterable[Message]) -> int:
        """How often its illness was felt."""
        ...

    def copies(self, messages: Iterable[Message]) -> Counter[str]:
        """How often it took each message, by our id; whatever is none of ours goes by what it is."""
        ...


class Callers(Protocol):
    """Takes Aliyun's calls of receipts; gives the HTTP status."""

    async def __call__(self, reports: list[Report]) -> int: ...


@dataclass
class Aliyun:
    """Aliyun's stand-in, and the adapter with the official SDK."""

    gateway: SmsGateway
    peer: AliyunStandIn
    illness: Illness | None

    async def fall_ill(self) -> None:
        self.peer.illness = self.illness

    async def recover(self) -> None:
        self.peer.illness = None

    async def rest(self) -> None:
        await self.peer.rest()

    def hurt(self, messages: Iterable[Message]) -> int:
        return self.peer.ill

    def copies(self, messages: Iterable[Message]) -> Counter[str]:
        ids = {gateway_key(message): message.id for message in messages}
        return Counter(ids.get(line["OutId"], line["OutId"]) for line in self.peer.taken)


class Remembering(SmppGateway):
    """Notes under which number and text it hands a message over: the SMSC knows it by nothing else."""

    def __init__(self, account: SmppAccount) -> None:
        super().__init__(account, lambda: NOW)
        self.ids: dict[tuple[str, str], str] = {}

    async def submit(self, message: ShortMessage) -> Submission:
        known_by = (message.to.removeprefix("+"), message.text)
        assert self.ids.setdefault(known_by, message.id) == message.id, "two messages that nobody can tell apart"
        return await super().submit(message)


@dataclass
class Independent:
    """The independent SMSC, and the adapter for SMPP."""

    gateway: Remembering
    peer: Smsc
    faults: dict[str, str] = field(default_factory=dict)

    async def fall_ill(self) -> None:
        await self.peer.fall(**self.faults)

    async def recover(self) -> None:
        await self.peer.fall()

    async def rest(self) -> None:
        """What it tells, it tells at once."""

    def hurt(self, messages: Iterable[Message]) -> int:
        return sum(message.attempts - 1 for message in messages)

    def copies(self, messages: Iterable[Message]) -> Counter[str]:
        return Counter(self.gateway.ids.get(taken, str(taken)) for taken in self.peer.messages())


@asynccontextmanager
async def aliyun_with(fault: str, call: Callers) -> AsyncIterator[Provider]:
    """Aliyun with one fault."""
    illness, habit = ILLNESSES.get(fault, (None, {}))[0], HABITS.get(fault, (Habit.ONCE, ""))[0]
    async with aliyun(call, habit) as peer:
        account = AliyunAccount("id", "secret", "广州法院", Path("codes.toml"), peer.address, "http", RATE)
        codes = {template: dict.fromkeys(Language, "SMS_1") for template in packaged_templates()}
        yield Aliyun(AliyunGateway(account, codes, lambda: NOW), peer, illness)


@asynccontextmanager
async def smpp_with(fault: str, log: Path) -> AsyncIterator[Provider]:
    """The SMSC with one fault."""
    await asyncio.to_thread(log.touch)
    faults, receipts = ILLNESSES.get(fault, (None, {}))[1], HABITS.get(fault, (None, "once"))[1]
    async with smsc(log, "--receipts", receipts) as peer:
        account = SmppAccount("127.0.0.1", peer.port, "court", "p", OURS, False, WINDOW, RATE)
        yield Independent(Remembering(account), peer, dict(faults))
