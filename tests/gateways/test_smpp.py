"""SMPP 3.4 against the library's own server, which every machine has; the independent one is in ``test_smsc.py``."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import smpp34

from liaison.gateways.sms import smpp, smpp_inbox, smpp_link
from liaison.gateways.sms.accounts import SmppAccount
from liaison.gateways.sms.length import divided
from liaison.gateways.sms.port import Fate, GatewayBusy, GatewayRefused, GatewayUnavailable, Submission
from liaison.gateways.sms.smpp import SmppGateway
from liaison.gateways.sms.smpp_shapes import SmppShapes
from liaison.policy.message_words import CallbackKind
from tests.gateways.samples import NOW, Desk, message
from tests.ports import free_port

OURS = "1069000"
LONG = "【广州法院】您的诉求答复如下：" + "案件定于十二月八日上午九时开庭。" * 9


@dataclass
class Server:
    """The library's SMSC: accepts, or answers with ``status``; ``taken`` is what it took."""

    status: int = 0
    taken: list[smpp34.SubmitSmEvent] = field(default_factory=list)
    bound: "asyncio.Queue[smpp34.Esme]" = field(default_factory=asyncio.Queue)

    async def serve(self, server: smpp34.Server) -> None:
        """Answer until cancelled."""
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self.bound.put_nowait(event)
            elif isinstance(event, smpp34.SubmitSmEvent) and self.status:
                event.reject(self.status)
            elif isinstance(event, smpp34.SubmitSmEvent):
                self.taken.append(event)
                event.accept(f"m{len(self.taken)}")


@asynccontextmanager
async def connected(desk: Desk | None = None) -> AsyncIterator[tuple[SmppGateway, Server, smpp34.Esme]]:
    """A gateway bound to the library's server."""
    port, peer = free_port(), Server()
    server = smpp34.Server("127.0.0.1", port)
    await server.start()
    serving = asyncio.create_task(peer.serve(server))
    ours = SmppGateway(SmppAccount("127.0.0.1", port, "court", "p", OURS, False, 10, 100), lambda: NOW)
    try:
        async with ours.listening(desk or Desk()), asyncio.timeout(30):
            yield ours, peer, await peer.bound.get()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await server.stop()


async def test_texts_go_as_ucs2_and_long_ones_in_parts() -> None:
    async with connected() as (ours, peer, _):
        assert await ours.submit(message("开庭👍", code="42")) == Submission("m1", Fate.SUBMITTED)
        assert await ours.submit(message(LONG)) == Submission(f"m{1 + len(divided(LONG))}", Fate.SUBMITTED)
    short, *parts = peer.taken
    assert (short.source_addr, short.destination_addr, short.data_coding) == (OURS + "42", "8613900001001", 8)
    assert (short.dest_addr_ton, short.dest_addr_npi, short.registered_delivery) == (1, 1, 1)
    assert short.short_message.decode("utf-16-be") == "开庭👍"
    assert {part.esm_class for part in parts} == {0x40}
    assert "".join(part.short_message[6:].decode("utf-16-be") for part in parts) == LONG
    assert all(len(part.short_message) <= 140 for part in parts)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (smpp34.ESME_RTHROTTLED, GatewayBusy),
        (smpp34.ESME_RMSGQFUL, GatewayBusy),
        (smpp34.ESME_RINVDSTADR, GatewayRefused),
        (smpp34.ESME_RINVMSGLEN, GatewayRefused),
        (smpp34.ESME_RSYSERR, GatewayUnavailable),
    ],
)
async def test_its_statuses_are_our_errors(status: int, error: type[Exception]) -> None:
    async with connected() as (ours, peer, _):
        peer.status = status
        with pytest.raises(error) as raised:
            await ours.submit(message())
    assert type(raised.value) is error
    assert peer.taken == []


async def test_nothing_is_said_of_a_message_without_its_name() -> None:
    async with connected() as (ours, _, _esme):
        assert await ours.look_up(message()) == Submission(None, Fate.CANNOT_SAY)
        assert not ours.can.status_query


async def test_a_delivery_is_acknowledged_when_it_is_kept() -> None:
    def unwilling() -> None:
        raise OSError("the disk is full")

    desk = Desk(unwilling)
    async with connected(desk) as (_, _peer, esme):
        said = {"source_addr": "8613900001001", "data_coding": 8}
        text = "7K3M 收到".encode("utf-16-be")
        assert (await esme.deliver_sm(OURS, text, **said)).command_status == smpp_inbox.TELL_US_AGAIN
        desk.mood = lambda: None
        assert (await esme.deliver_sm(OURS, text, **said)).command_status == smpp_inbox.OK
    [(kind, raw)] = desk.kept
    assert kind is CallbackKind.REPLIES
    assert SmppShapes().read_replies(raw)[0].text == "7K3M 收到"


Numbered = Callable[[int], tuple[bytes, dict[str, object]]]


def in_header(number: int) -> tuple[bytes, dict[str, object]]:
    return bytes((6, 8, 4, 1, 7, 2, number)), {"esm_class": 0x40}


def in_parameters(number: int) -> tuple[bytes, dict[str, object]]:
    values = zip(smpp_inbox.SEGMENT, (b"\1\7", b"\2", bytes((number,))), strict=True)
    return b"", {"tlvs": [smpp34.Tlv(tag, value) for tag, value in values]}


@pytest.mark.parametrize("numbered", [in_header, in_parameters])
async def test_parts_are_put_together_in_their_order(
    numbered: Callable[[int], tuple[bytes, dict[str, object]]],
) -> None:
    desk = Desk()
    async with connected(desk) as (_, _peer, esme):
        answers = []
        for number, text in ((2, "当事人"), (1, "已联系")):
            header, said = numbered(number)
            body = header + text.encode("utf-16-be")
            answers.append(esme.deliver_sm(OURS, body, source_addr="8613900001001", data_coding=8, **said))  # type: ignore[arg-type]
        assert [answer.command_status for answer in await asyncio.gather(*answers)] == [smpp_inbox.OK] * 2
    [(_, raw)] = desk.kept
    assert SmppShapes().read_replies(raw)[0].text == "已联系当事人"


async def test_a_part_alone_is_kept_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp_inbox, "PARTS_SECONDS", 0.1)
    desk = Desk()
    async with connected(desk) as (_ours, _peer, esme):
        header, _ = in_header(2)
        body = header + "当事人".encode("utf-16-be")
        answer = await esme.deliver_sm(OURS, body, source_addr="8613900001001", data_coding=8, esm_class=0x40)
        assert answer.command_status == smpp_inbox.OK
    [(_, raw)] = desk.kept
    assert SmppShapes().read_replies(raw)[0].text == "…当事人"


async def test_an_smsc_that_says_goodbye_is_called_again() -> None:
    async with connected() as (ours, peer, esme):
        await esme.unbind()
        await peer.bound.get()
        assert (await ours.submit(message())).fate is Fate.SUBMITTED


async def test_an_smsc_that_is_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers to a link that is asked now and then: it is lost, and made anew."""
    monkeypatch.setattr(smpp_link, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(smpp_link, "ANSWER_SECONDS", 0.3)
    binds, again = count(1), asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bind = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        writer.write((17).to_bytes(4, "big") + b"\x80\0\0\x09" + bytes(4) + bind[8:12] + b"\0")
        if next(binds) == 2:
            again.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(deaf, "127.0.0.1", port := free_port()), asyncio.timeout(20):
        ours = SmppGateway(SmppAccount("127.0.0.1", port, "court", "p", OURS, False, 10, 100), lambda: NOW)
        async with ours.listening(Desk()):
            await again.wait()


async def test_a_link_that_ends_under_the_question_whether_it_is_there_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smpp_link, "IDLE_SECONDS", 0.1)
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    async def leaving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bind = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        writer.write((17).to_bytes(4, "big") + b"\x80\0\0\x09" + bytes(4) + bind[8:12] + b"\0")
        await reader.readexactly(16)
        writer.close()

    async with await asyncio.start_server(leaving, "127.0.0.1", port := free_port()), asyncio.timeout(20):
        account = SmppAccount("127.0.0.1", port, "court", "p", OURS, False, 10, 100)
        async with smpp_link.bound(account, Desk().keep) as link:  # type: ignore[arg-type]
            await link.lost.wait()
    # Whoever was cancelled is forgotten one turn later.
    await asyncio.sleep(0)
    gc.collect()
    assert reported == []


async def test_outside_listening_there_is_no_connection() -> None:
    ours = SmppGateway(SmppAccount("127.0.0.1", free_port(), "court", "p", OURS, False, 10, 100), lambda: NOW)
    with pytest.raises(GatewayUnavailable, match="no connection"):
        await ours.submit(message())


@pytest.mark.parametrize("host", ["smsc..example.invalid", "s" * 64 + ".example.invalid"])
async def test_a_name_that_no_resolver_takes_does_not_end_the_keeper(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp, "FIRST_PAUSE", 0.01)
    hosts, again, bound = list[str](), asyncio.Event(), smpp_link.bound

    def tried(account: SmppAccount, *given: Any) -> Any:
        hosts.append(account.host)
        if len(hosts) == 3:
            again.set()
        return bound(account, *given)

    monkeypatch.setattr(smpp_link, "bound", tried)
    ours = SmppGateway(SmppAccount(host, 2775, "court", "p", OURS, False, 10, 100), lambda: NOW)
    async with ours.listening(Desk()), asyncio.timeout(10):
        await again.wait()
    assert hosts[:3] == [host] * 3


async def test_an_smsc_that_binds_only_to_hang_up_is_asked_ever_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(smpp, "LONGEST_PAUSE", 0.4)
    monkeypatch.setattr("random.uniform", lambda _, most: most)
    tries, sixth = list[float](), asyncio.Event()

    @asynccontextmanager
    async def drops(*_: Any) -> AsyncIterator[Any]:
        tries.append(asyncio.get_running_loop().time())
        if len(tries) == 6:
            sixth.set()
        link = SimpleNamespace(lost=asyncio.Event())
        link.lost.set()
        yield link

    monkeypatch.setattr(smpp_link, "bound", drops)
    ours = SmppGateway(SmppAccount("127.0.0.1", 2775, "court", "p", OURS, False, 10, 100), lambda: NOW)
    async with ours.listening(Desk()), asyncio.timeout(10):
        await sixth.wait()
    pauses = [later - sooner for sooner, later in pairwise(tries)]
    assert all(pause >= least - 0.01 for pause, least in zip(pauses, (0.05, 0.1, 0.2, 0.4, 0.4), strict=True)), pauses
