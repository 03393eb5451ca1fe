"""M43: messages a second through our SMPP gateway against the library alone, on an SMSC independent of both.

Both keep as many messages under way as the window allows. The SMSC writes each of them to its log.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import smpp34

from benchmarks.rounds import Round, median, percentile, run
from benchmarks.sizes import Sizes
from benchmarks.table import Line
from liaison.gateways.sms.accounts import SmppAccount
from liaison.gateways.sms.port import ShortMessage
from liaison.gateways.sms.smpp import SmppGateway
from liaison.policy.message_words import CallbackKind
from liaison.policy.words import Language
from tests.gateways.smsc import Smsc, installed, smsc

WINDOW: Final = 10
UNPACED: Final = 1_000_000
"""A rate that nobody reaches: it is not what is measured."""
OURS: Final = "1069000"
NUMBER: Final = "8613900001001"
TEXT: Final = "【广州法院】您有新工单7K3M-9QXF-2T4W-Z，请登录平台签收，并在2026-09-22结束前答复当事人。"


class Nowhere:
    """A desk for what never comes: receipts are off."""

    async def keep(self, kind: CallbackKind, raw: bytes) -> None:
        """Nothing is told."""


async def measure(sizes: Sizes) -> list[Line]:
    """Rate and p99 of ours and of the library, one round after the other."""
    if not installed():
        raise SystemExit("M43 needs the independent SMSC: make peers")
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "smsc.jsonl"
        log.touch()
        async with smsc(log, "--receipts", "none") as peer, _gateway(peer) as gateway, _library(peer) as library:
            for _ in range(sizes.rounds):
                ours.append(await _ours(gateway, sizes.messages))
                bare.append(await _bare(library, sizes.messages))
            taken = len(peer.taken())
    if taken != 2 * sizes.rounds * sizes.messages:
        raise SystemExit(f"M43: the SMSC took {taken} messages.")
    return [
        Line("M43", "messages a second over SMPP", median(ours, _rate), median(bare, _rate), ">= 0.8"),
        Line("M43", "one message over SMPP, p99 s", median(ours, _p99), median(bare, _p99)),
    ]


@asynccontextmanager
async def _gateway(peer: Smsc) -> AsyncIterator[SmppGateway]:
    account = SmppAccount("127.0.0.1", peer.port, "court", "p", OURS, False, WINDOW, UNPACED)
    gateway = SmppGateway(account, lambda: datetime.now(UTC))
    async with gateway.listening(Nowhere()):
        yield gateway


@asynccontextmanager
async def _library(peer: Smsc) -> AsyncIterator[smpp34.Smsc]:
    client = smpp34.Client("127.0.0.1", peer.port, "court", "p", bind_type="TRX", window_size=WINDOW)
    library = await client.connect()
    try:
        yield library
    finally:
        await client.stop()


async def _ours(gateway: SmppGateway, number: int) -> Round:
    message = ShortMessage("m", "k" * 32, f"+{NUMBER}", "work_order", Language.ZH_CN, {}, TEXT)
    return await run(number, WINDOW, lambda _: gateway.submit(message))


async def _bare(library: smpp34.Smsc, number: int) -> Round:
    body = TEXT.encode("utf-16-be")
    return await run(
        number,
        WINDOW,
        lambda _: library.submit_sm(NUMBER, body, source_addr=OURS, data_coding=8, registered_delivery=1),
    )


def _rate(done: Round) -> float:
    return done.rate


def _p99(done: Round) -> float:
    return percentile(done.latencies, 0.99)
