"""An SMSC over SMPP 3.4: one connection that is made anew whenever it is lost. Install it with
``make install EXTRAS="smpp"``.

A long message goes out in parts with a header that puts them together. Only its last part asks for a receipt: the
message bears that part's name.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Final

import smpp34
import structlog

from liaison.gateways.sms import smpp_link
from liaison.gateways.sms.accounts import SMPP, SmppAccount
from liaison.gateways.sms.length import divided
from liaison.gateways.sms.pace import Pace
from liaison.gateways.sms.port import (
    CallbackDesk,
    Capabilities,
    Fate,
    GatewayBusy,
    GatewayInDoubt,
    GatewayRefused,
    GatewayUnavailable,
    ShortMessage,
    Submission,
)
from liaison.gateways.sms.smpp_inbox import Inbox
from liaison.gateways.sms.smpp_link import OK, Link, LinkLost

LINK_SECONDS: Final = 1.0
"""How long a message waits for the connection, or for room in its window."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between attempts to connect: each pause is twice the last."""
THROTTLED: Final = timedelta(seconds=1)
PART_PAUSE: Final = 0.2
"""Seconds until a part is tried again whose message is already under way."""
PART_SECONDS: Final = 3.0
"""How long the SMSC may take over one part."""
PARTS_SECONDS: Final = 7.0
"""How long the parts after the first are tried."""

_INTERNATIONAL, _ISDN = 1, 1
_UCS2: Final = 0x08
_HEADED: Final = 0x40
_RECEIPT: Final = 0x01
_BUSY: Final = frozenset({0x14, 0x58})
"""ESME_RMSGQFUL, ESME_RTHROTTLED."""
_NEVER: Final = frozenset({0x01, 0x0B, 0x43, 0x50, 0x51})
"""The text's length, the number, the class, or the number's type: the same message would be refused again."""
_log = structlog.get_logger()

Make = Callable[[int], smpp34.SubmitSm]
"""A part for its sequence number."""


@dataclass(frozen=True)
class _Part:
    """A part, and with the last one its message's key."""

    make: Make
    key: str | None


class SmppGateway:
    """Sends our own texts; receipts and answers come over the same connection."""

    name = SMPP

    def __init__(self, account: SmppAccount, clock: Callable[[], datetime]) -> None:
        """Nothing is connected outside ``listening``."""
        seconds = 3 * LINK_SECONDS + PART_SECONDS + PARTS_SECONDS
        self.can = Capabilities(
            receipts=True, extension_codes=True, rate=account.rate, window=account.window, seconds=seconds
        )
        self._account, self._clock = account, clock
        self._pace = Pace(account.rate)
        self._inbox: Inbox | None = None
        self._link: Link | None = None
        self._linked = asyncio.Event()
        self._references = count(random.SystemRandom().randrange(256))

    async def submit(self, message: ShortMessage) -> Submission:
        """One ``submit_sm`` a part, in their order; once the first is out nobody may say that nothing was taken."""
        first, *others = self._parts(message)
        name = await self._taken(first)
        ends = asyncio.get_running_loop().time() + PARTS_SECONDS
        try:
            for part in others:
                name = await self._taken_at_last(part, ends)
        except (GatewayUnavailable, GatewayRefused) as fault:
            raise GatewayInDoubt(f"a part of it is out, another is not: {fault}") from fault
        return Submission(name, Fate.SUBMITTED)

    async def look_up(self, message: ShortMessage) -> Submission:
        """An SMSC knows messages by the name it gave them alone, and that is what we do not have."""
        return Submission(None, Fate.CANNOT_SAY)

    @asynccontextmanager
    async def listening(self, desk: CallbackDesk) -> AsyncIterator[None]:
        """Stay connected; messages can be submitted for as long."""
        self._inbox = Inbox(desk, self._account.source, self._clock)
        staying = asyncio.create_task(self._stay_connected(self._inbox))
        try:
            yield
        finally:
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)

    def _parts(self, message: ShortMessage) -> list[_Part]:
        """A message in parts; the last bears its key, for without it the message has not been sent."""
        texts, reference = divided(message.text), next(self._references) % 256
        parts = []
        for number, text in enumerate(texts, 1):
            header = bytes((5, 0, 3, reference, len(texts), number)) if len(texts) > 1 else b""
            make = self._made(message, header, text, last=number == len(texts))
            parts.append(_Part(make, message.key if number == len(texts) else None))
        return parts

    def _made(self, message: ShortMessage, header: bytes, text: str, *, last: bool) -> Make:
        return lambda sequence: smpp34.SubmitSm(
            self._account.source + message.code,
            message.to.removeprefix("+"),
            header + text.encode("utf-16-be"),
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=_ISDN,
            esm_class=_HEADED if header else 0,
            registered_delivery=_RECEIPT if last else 0,
            data_coding=_UCS2,
            sequence_number=sequence,
        )

    async def _taken_at_last(self, part: _Part, ends: float) -> str:
        """Submit a part of a message that is under way, by an instant of the loop: flow control is waited out.

        Nothing is cancelled then: an answer that our process finds only afterwards, for it stood still, counts.
        """
        while True:
            try:
                return await self._taken(part, ends)
            except GatewayBusy:
                if _left(ends, PART_PAUSE) < PART_PAUSE:
                    raise
                await asyncio.sleep(PART_PAUSE)

    async def _taken(self, part: _Part, ends: float = math.inf) -> str:
        """The SMSC's name for a part it took; nothing is waited for beyond an instant of the loop."""
        link = await self._connected(ends)
        if not await self._pace.turn(_left(ends, LINK_SECONDS)):
            raise GatewayBusy("more waits than the SMSC takes in a second", THROTTLED)
        try:
            async with asyncio.timeout(_left(ends, LINK_SECONDS)):
                await link.window.acquire()
        except TimeoutError:
            raise GatewayBusy("the window of the SMSC is full", THROTTLED) from None
        try:
            if link.lost.is_set():
                raise GatewayUnavailable("the connection to the SMSC is lost")
            patience = _left(ends, PART_SECONDS)
            status, name = await link.submit(part.make, patience, partial(self._answered_late, part.key))
        except LinkLost:
            raise GatewayInDoubt("the SMSC did not answer, or the connection to it was lost before") from None
        finally:
            link.window.release()
        if status != OK:
            raise _not_taken(status)
        return name

    async def _answered_late(self, key: str | None, status: int, name: str) -> None:
        if self._inbox is not None and key is not None and status == OK:
            await self._inbox.took(key, name)

    async def _connected(self, ends: float) -> Link:
        try:
            async with asyncio.timeout(_left(ends, LINK_SECONDS)):
                while self._link is None or self._link.lost.is_set():
                    self._linked.clear()
                    await self._linked.wait()
        except TimeoutError:
            raise GatewayUnavailable("there is no connection to the SMSC") from None
        return self._link

    async def _stay_connected(self, inbox: Inbox) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                async with smpp_link.bound(self._account, inbox.take) as self._link:
                    self._linked.set()
                    bound_at = asyncio.get_running_loop().time()
                    _log.info("bound to the SMSC")
                    await self._link.lost.wait()
                    if asyncio.get_running_loop().time() - bound_at >= LONGEST_PAUSE:
                        # It lasted: whoever binds us only to drop us is asked ever more seldom.
                        pause = FIRST_PAUSE
                _log.warning("the connection to the SMSC is lost")
            except Exception as fault:
                # A name that no resolver takes as well as a refused bind: nobody would notice a keeper that has ended.
                _log.warning("no connection to the SMSC", error_type=type(fault).__name__, again_after=pause)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, LONGEST_PAUSE)


def _left(ends: float, most: float) -> float:
    """Seconds until an instant of the loop, so many at most."""
    return min(most, ends - asyncio.get_running_loop().time())


def _not_taken(status: int) -> Exception:
    if status in _BUSY:
        return GatewayBusy(_says(status), THROTTLED)
    return GatewayRefused(_says(status)) if status in _NEVER else GatewayUnavailable(_says(status))


def _says(status: int) -> str:
    return f"the SMSC answers 0x{status:02x}"
