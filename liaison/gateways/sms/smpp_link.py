"""One bound connection to an SMSC (SMPP 3.4), with the codec of smpp34.

The library's own client answers whatever the SMSC delivers before anybody has it on disk; a session of ours answers
when it is kept (ADR 0011).
"""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Final

import smpp34
import structlog

from liaison.gateways.sms.accounts import SmppAccount

BIND_TRANSCEIVER, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x09, 0x05, 0x06, 0x15
ANSWER: Final = 0x80000000
"""The bit that makes a command its answer; alone it is the answer to what cannot be understood."""
OK: Final = 0x00
INVALID_COMMAND_LENGTH: Final = 0x02
INVALID_COMMAND: Final = 0x03
VERSION: Final = 0x34

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 30.0
"""How often the SMSC is asked whether it is there."""
UNBIND_SECONDS: Final = 1.0
LATE: Final = 1_000
"""Answers still awaited when nobody waits for them, the latest: an SMSC that was silent never gives the older ones."""
LARGEST: Final = 70_000
"""Octets of the largest PDU: one optional parameter of 64 KiB."""

_HEADER: Final = struct.Struct(">IIII")
_log = structlog.get_logger()

Deliver = Callable[[smpp34.DeliverSm], Awaitable[int]]
"""Takes what the SMSC delivers; gives the status of our answer."""

Late = Callable[[int, str], Coroutine[None, None, None]]
"""Hears status and name of a message whose answer nobody waits for any more."""


class LinkLost(Exception):
    """The connection ended, or fell silent, before the answer came."""


class BindRefused(Exception):
    """The SMSC does not let us in; the text holds its status."""


@asynccontextmanager
async def bound(account: SmppAccount, deliver: Deliver) -> AsyncIterator["Link"]:
    """A connection bound as transceiver for the length of the block.

    Raises:
        OSError: It cannot be connected, or not in time.
        LinkLost: It ended before it was bound.
        BindRefused: System id or password are not the SMSC's.
    """
    context = ssl.create_default_context() if account.tls else None
    async with asyncio.timeout(CONNECT_SECONDS):
        reader, writer = await asyncio.open_connection(account.host, account.port, ssl=context)
    link = Link(reader, writer, deliver, account.window)
    reading = asyncio.create_task(link.read())
    beating = asyncio.create_task(link.beat())
    try:
        await link.bind(account.system_id, account.password)
        try:
            yield link
        finally:
            await link.unbind()
    finally:
        reading.cancel()
        beating.cancel()
        # Closed before anything is awaited: whoever is cancelled here as well leaves no connection behind.
        ending = link.end()
        await asyncio.gather(reading, beating, *ending, return_exceptions=True)
        with suppress(OSError):
            await writer.wait_closed()


class Link:
    """Requests and answers over one connection; ``lost`` is set when it is no longer fit for anything."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deliver: Deliver, window: int
    ) -> None:
        self._reader, self._writer, self._deliver = reader, writer, deliver
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[smpp34.RawPdu]] = {}
        self._late: dict[int, Late] = {}
        self._delivering: set[asyncio.Task[None]] = set()
        self._noting: set[asyncio.Task[None]] = set()
        self.window = asyncio.Semaphore(window)
        self.lost = asyncio.Event()

    async def bind(self, system_id: str, password: str) -> None:
        """Log in for both directions."""
        no_type, no_range = b"\0", b"\0"
        who = system_id.encode("ascii") + b"\0" + password.encode("ascii") + b"\0"
        answer = await self._ask(BIND_TRANSCEIVER, who + no_type + bytes((VERSION, 0, 0)) + no_range)
        if answer.command_status != OK:
            raise BindRefused(f"status 0x{answer.command_status:02x}")

    async def submit(self, message: Callable[[int], smpp34.SubmitSm], patience: float, late: Late) -> tuple[int, str]:
        """Send one ``submit_sm``, made for its sequence number; the SMSC's status and its name for the message.

        ``late`` hears of them if they come after ``patience`` seconds, or when the caller has gone.

        Raises:
            LinkLost: It may have been heard.
        """
        sequence, answer = self._next(), _to_come()
        try:
            return _named(await self._answered(sequence, message(sequence).encode(), answer, patience))
        except (LinkLost, asyncio.CancelledError):
            if answer.done() and answer.exception() is None:
                # It came in the very moment in which the caller gave up.
                self._start(late(*_named(answer.result())), self._noting)
            else:
                self._hear_later(sequence, late)
            raise

    async def unbind(self) -> None:
        """Say goodbye; a link that is lost needs none."""
        try:
            async with asyncio.timeout(UNBIND_SECONDS):
                await self._ask(UNBIND)
        except (LinkLost, TimeoutError):
            return

    def end(self) -> list[asyncio.Task[None]]:
        """End the connection; whoever waits for an answer hears that it is lost. The tasks to wait for.

        Whatever we said before our goodbye was heard with it. The SMSC delivers again what nobody has confirmed; a late
        answer it gives once, so that is noted down to its end.
        """
        self._lose()
        self._writer.transport.abort()
        return [*(task for task in self._delivering if task.cancel()), *self._noting]

    async def beat(self) -> None:
        """Ask now and then whether the SMSC is there; a link without an answer is lost."""
        while not self.lost.is_set():
            await asyncio.sleep(IDLE_SECONDS)
            try:
                await self._ask(ENQUIRE_LINK)
            except LinkLost:
                self._lose()

    async def read(self) -> None:
        """Take what comes until the connection ends, or sends what is no PDU."""
        try:
            while True:
                head = await self._reader.readexactly(_HEADER.size)
                length, command, _, sequence = _HEADER.unpack(head)
                if not _HEADER.size <= length <= LARGEST:
                    _log.warning("the SMSC sends what is no PDU")
                    break
                frame = head + await self._reader.readexactly(length - _HEADER.size)
                self._take(command, sequence, frame)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._lose()

    def _take(self, command: int, sequence: int, frame: bytes) -> None:
        try:
            pdu = smpp34.decode(frame)
        except smpp34.SmppError:
            _log.warning("the SMSC sends a PDU that cannot be read", command=f"0x{command:08x}")
            self._write(ANSWER, INVALID_COMMAND_LENGTH, sequence)
            return
        if isinstance(pdu, smpp34.DeliverSm):
            self._start(self._delivered(pdu), self._delivering)
        elif command & ANSWER and isinstance(pdu, smpp34.RawPdu):
            self._hear(sequence, pdu)
        elif command in (ENQUIRE_LINK, UNBIND):
            self._write(command | ANSWER, OK, sequence)
            if command == UNBIND:
                self._lose()
        else:
            self._write(ANSWER, INVALID_COMMAND, sequence)

    def _hear_later(self, sequence: int, late: Late) -> None:
        self._late[sequence] = late
        if len(self._late) > LATE:
            del self._late[next(iter(self._late))]

    def _hear(self, sequence: int, answer: smpp34.RawPdu) -> None:
        waiting, late = self._waiting.pop(sequence, None), self._late.pop(sequence, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        elif late is not None:
            self._start(late(*_named(answer)), self._noting)

    def _start(self, work: Coroutine[None, None, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    async def _delivered(self, pdu: smpp34.DeliverSm) -> None:
        status = await self._deliver(pdu)
        self._write(DELIVER_SM | ANSWER, status, pdu.sequence_number, b"\0")

    async def _ask(self, command: int, body: bytes = b"") -> smpp34.RawPdu:
        sequence = self._next()
        return await self._answered(sequence, _frame(command, OK, sequence, body), _to_come(), ANSWER_SECONDS)

    async def _answered(
        self, sequence: int, frame: bytes, answer: asyncio.Future[smpp34.RawPdu], patience: float
    ) -> smpp34.RawPdu:
        if self.lost.is_set():
            raise LinkLost
        self._waiting[sequence] = answer
        try:
            self._writer.write(frame)
            # Whether we saw it go or not, it may be answered; a time that is over is an OSError, too.
            with suppress(OSError):
                async with asyncio.timeout(patience) as limit:
                    await self._writer.drain()
            # A process that stood still finds the answer and the end of its patience together: then the answer counts.
            await asyncio.wait((answer,), timeout=(limit.when() or 0.0) - asyncio.get_running_loop().time())
            if not answer.done():
                raise LinkLost
            return answer.result()
        finally:
            self._waiting.pop(sequence, None)

    def _write(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        if not self.lost.is_set():
            self._writer.write(_frame(command, status, sequence, body))

    def _next(self) -> int:
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        return self._sequence

    def _lose(self) -> None:
        self.lost.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(LinkLost())
                # Looked at, for whoever waits may be cancelled before he does: asyncio would report it as missed.
                answer.exception()


def _to_come() -> asyncio.Future[smpp34.RawPdu]:
    """Where an answer will be."""
    return asyncio.get_running_loop().create_future()


def _named(answer: smpp34.RawPdu) -> tuple[int, str]:
    """Status and name in the answer to a ``submit_sm``."""
    return answer.command_status, answer.body.partition(b"\0")[0].decode("ascii", "replace")


def _frame(command: int, status: int, sequence: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body
