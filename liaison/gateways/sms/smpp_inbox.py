"""What an SMSC delivers, put on the desk before it is acknowledged.

An SMSC hands over the parts of a long message one by one. None of them is acknowledged before it is kept, and they are
kept together: whoever dies in between is told of all of them again.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import smpp34
import structlog

from liaison.gateways.sms.port import CallbackDesk
from liaison.policy.message_words import CallbackKind

OK: Final = 0x00
TELL_US_AGAIN: Final = 0x64
"""ESME_RX_T_APPN: an error of ours that will pass; the SMSC delivers again."""
KEEP_SECONDS: Final = 10.0
PARTS_SECONDS: Final = 3.0
"""How long parts wait for one another. An SMSC that hands over the next only after our answer to the last has them kept
one by one."""

RECEIPTED_MESSAGE_ID, MESSAGE_STATE, MESSAGE_PAYLOAD = 0x001E, 0x0427, 0x0424
SEGMENT: Final = (0x020C, 0x020E, 0x020F)
"""Optional parameters (SMPP 3.4, 5.3.2); a part's are its message's reference, how many there are, and its number."""

_RECEIPT: Final = 0x3C
"""Bits of ``esm_class`` that say it is a receipt or another notice about a message of ours."""
_HEADED: Final = 0x40
_log = structlog.get_logger()


@dataclass(frozen=True)
class _Part:
    """Where a part belongs: number, code and reference of its message, how many there are, and which one it is."""

    message: tuple[str, str, int, int]
    number: int
    data: bytes = field(repr=False)


@dataclass
class _Message:
    """The parts of one message that have come, and what keeps them."""

    parts: dict[int, bytes]
    whole: asyncio.Event
    kept: asyncio.Task[None]


class Inbox:
    """Everything delivered over one account."""

    def __init__(self, desk: CallbackDesk, our_number: str, clock: Callable[[], datetime]) -> None:
        self._desk, self._our_number, self._clock = desk, our_number, clock
        self._messages: dict[tuple[str, str, int, int], _Message] = {}

    async def take(self, pdu: smpp34.DeliverSm) -> int:
        """Keep it; the status of the answer."""
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                await self._keep(pdu)
        except Exception as fault:
            _log.warning("what the SMSC delivered is not kept", error_type=type(fault).__name__)
            return TELL_US_AGAIN
        return OK

    async def took(self, key: str, name: str) -> None:
        """Keep that the SMSC took a message after all, of which our sender had to doubt it."""
        said = {"received_at": self._clock().isoformat(), "key": key, "id": name}
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                await self._desk.keep(CallbackKind.RECEIPTS, json.dumps(said).encode())
        except Exception as fault:
            # The message stays in doubt, as it would have without this answer.
            _log.warning("a late answer of the SMSC is not kept", error_type=type(fault).__name__)

    async def _keep(self, pdu: smpp34.DeliverSm) -> None:
        if pdu.esm_class & _RECEIPT:
            await self._desk.keep(CallbackKind.RECEIPTS, self._raw(pdu, [_body(pdu)]))
        elif (part := _part(pdu)) is None:
            await self._desk.keep(CallbackKind.REPLIES, self._raw(pdu, [_body(pdu)]))
        else:
            await asyncio.shield(self._with_others(pdu, part))

    def _with_others(self, pdu: smpp34.DeliverSm, part: _Part) -> asyncio.Task[None]:
        message = self._messages.get(part.message)
        if message is None:
            whole, parts = asyncio.Event(), dict[int, bytes]()
            keeping = asyncio.create_task(self._keep_parts(pdu, part.message))
            message = self._messages[part.message] = _Message(parts, whole, keeping)
        message.parts[part.number] = part.data
        if len(message.parts) == part.message[3]:
            message.whole.set()
        return message.kept

    async def _keep_parts(self, pdu: smpp34.DeliverSm, name: tuple[str, str, int, int]) -> None:
        message = self._messages[name]
        try:
            async with asyncio.timeout(PARTS_SECONDS):
                await message.whole.wait()
        except TimeoutError:
            _log.warning("parts of a message are kept without the others", came=len(message.parts), of=name[3])
        del self._messages[name]
        parts = [message.parts.get(number) for number in range(1, name[3] + 1)]
        await self._desk.keep(CallbackKind.REPLIES, self._raw(pdu, parts))

    def _raw(self, pdu: smpp34.DeliverSm, parts: list[bytes | None]) -> bytes:
        """The JSON that ``SmppShapes`` reads; a part that did not come is null."""
        said = {
            "received_at": self._clock().isoformat(),
            "our_number": self._our_number,
            "from": pdu.source_addr,
            "to": pdu.destination_addr,
            "esm_class": pdu.esm_class,
            "data_coding": pdu.data_coding,
            "parts": [part if part is None else part.hex() for part in parts],
            "receipted_id": _text(pdu, RECEIPTED_MESSAGE_ID),
            "state": _number(pdu, MESSAGE_STATE),
        }
        return json.dumps(said).encode()


def _body(pdu: smpp34.DeliverSm) -> bytes:
    """What was said, without a header."""
    payload = next((tlv.value for tlv in pdu.tlvs if tlv.tag == MESSAGE_PAYLOAD), b"")
    body = pdu.short_message or payload
    return body[1 + body[0] :] if pdu.esm_class & _HEADED and body else body


def _part(pdu: smpp34.DeliverSm) -> _Part | None:
    """Where a part belongs, by its header or by optional parameters; None for a message that came whole."""
    found = _headed(pdu.short_message) if pdu.esm_class & _HEADED else _numbered(pdu)
    if found is None:
        return None
    reference, total, number = found
    if total < 2 or not 1 <= number <= total:
        return None
    return _Part((pdu.source_addr, pdu.destination_addr, reference, total), number, _body(pdu))


def _headed(body: bytes) -> tuple[int, int, int] | None:
    """Reference, total and number out of a user data header (3GPP TS 23.040, 9.2.3.24.1 and .8)."""
    elements = body[1 : 1 + body[0]] if body else b""
    while len(elements) >= 2:
        kind, value, elements = elements[0], elements[2 : 2 + elements[1]], elements[2 + elements[1] :]
        if (kind, len(value)) in ((0x00, 3), (0x08, 4)):
            return int.from_bytes(value[:-2], "big"), value[-2], value[-1]
    return None


def _numbered(pdu: smpp34.DeliverSm) -> tuple[int, int, int] | None:
    reference, total, number = (_number(pdu, tag) for tag in SEGMENT)
    return None if reference is None or total is None or number is None else (reference, total, number)


def _number(pdu: smpp34.DeliverSm, tag: int) -> int | None:
    return next((int.from_bytes(tlv.value, "big") for tlv in pdu.tlvs if tlv.tag == tag), None)


def _text(pdu: smpp34.DeliverSm, tag: int) -> str | None:
    found = next((tlv.value for tlv in pdu.tlvs if tlv.tag == tag), None)
    return None if found is None else found.rstrip(b"\0").decode("ascii", "replace")
