"""SMPP 3.4 against an SMSC that shares no code with ours (issue lines M01, M30).

It keeps its own log, which is compared with what we believe.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from activities.sms import GATEWAY_SECONDS
from liaison.contract.options import sending
from liaison.gateways.sms import smpp_inbox, smpp_link
from liaison.gateways.sms.accounts import SmppAccount
from liaison.gateways.sms.length import divided
from liaison.gateways.sms.port import Fate, GatewayBusy, GatewayInDoubt, GatewayRefused, GatewayUnavailable, Submission
from liaison.gateways.sms.smpp import SmppGateway
from liaison.gateways.sms.smpp_shapes import SmppShapes
from liaison.policy.message_words import CallbackKind
from tests.gateways.samples import KEY, NOW, Desk, message
from tests.gateways.smsc import Smsc, needs_smsc, smsc
from tests.ports import free_port

pytestmark = needs_smsc

OURS = "1069000"
RATE = 10
LONG = "【广州法院】您的诉求答复如下：" + "案件定于十二月八日上午九时开庭👍🏽。" * 9
NUMBER = "8613900001001"


def gateway(port: int, *, window: int = 10, password: str = "p", rate: float = 100) -> SmppGateway:
    account = SmppAccount("127.0.0.1", port, "court", password, OURS, False, window, rate)
    return SmppGateway(account, lambda: NOW)


@asynccontextmanager
async def connected(log: Path, *options: str, desk: Desk | None = None) -> AsyncIterator[tuple[SmppGateway, Smsc]]:
    """A gateway that listens to an SMSC with these faults."""
    async with smsc(log, *options) as peer:
        ours = gateway(peer.port)
        async with ours.listening(desk or Desk()):
            yield ours, peer


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "smsc.jsonl").touch()
    return tmp_path / "smsc.jsonl"


async def test_a_message_arrives_as_it_was_written(log: Path) -> None:
    async with connected(log) as (ours, peer):
        submission = await ours.submit(message("【广州法院】工单7K3M👍。", code="0042"))
        [line] = peer.taken()
    assert (submission.provider_id, submission.fate) == (line["id"], Fate.SUBMITTED)
    assert (line["text"], line["from"], line["to"]) == ("【广州法院】工单7K3M👍。", "10690000042", NUMBER)
    assert line["registered"] == 1


async def test_a_long_message_goes_in_parts_that_belong_together(log: Path) -> None:
    async with connected(log) as (ours, peer):
        submission = await ours.submit(message(LONG))
        await ours.submit(message(LONG))
        lines = peer.taken()
    number = len(divided(LONG))
    first, second = lines[:number], lines[number:]
    assert number > 2 and "".join(line["text"] for line in first) == LONG
    assert [line["text"] for line in first] == list(divided(LONG)) == [line["text"] for line in second]
    headers = [bytes.fromhex(line["udh"])[-5:] for line in first]
    assert [(udh[:2], udh[3], udh[4]) for udh in headers] == [(b"\0\3", number, at + 1) for at in range(number)]
    references = {bytes.fromhex(line["udh"])[-3] for line in first}, {bytes.fromhex(line["udh"])[-3] for line in second}
    assert len(references[0]) == len(references[1]) == 1 and references[0] != references[1]
    assert [line["registered"] for line in first] == [0] * (number - 1) + [1], "one receipt for the whole"
    assert submission.provider_id == first[-1]["id"]


@pytest.mark.parametrize("receipts", ["once", "first", "twice"])
async def test_receipts_come_over_the_same_connection(log: Path, receipts: str) -> None:
    desk, times = Desk(), 2 if receipts == "twice" else 1
    async with connected(log, "--receipts", receipts, desk=desk) as (ours, peer):
        submission = await ours.submit(message(LONG))
        kept = await desk.holds(times)
        assert await peer.until_answered(times) == [smpp_inbox.OK] * times
    for kind, raw in kept:
        [receipt] = SmppShapes().read_receipts(raw)
        assert (kind, receipt.provider_id, receipt.fate) == (
            CallbackKind.RECEIPTS,
            submission.provider_id,
            Fate.DELIVERED,
        )


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("--throttle", GatewayBusy),
        ("--full", GatewayBusy),
        ("--refuse", GatewayRefused),
        ("--error", GatewayUnavailable),
        ("--reset", GatewayInDoubt),
        ("--drop", GatewayInDoubt),
        ("--garbage", GatewayInDoubt),
        ("--silent", GatewayInDoubt),
    ],
)
async def test_its_faults_are_our_errors(
    log: Path, fault: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(log, fault, "1", "--receipts", "none") as (ours, peer):
        with monkeypatch.context() as hurried, pytest.raises(error) as raised:
            if fault == "--silent":
                hurried.setattr("liaison.gateways.sms.smpp.PART_SECONDS", 0.3)
            await ours.submit(message())
        assert type(raised.value) is error
        taken = len(peer.taken())
        assert taken == (1 if fault in ("--reset", "--garbage", "--silent") else 0)
        if isinstance(raised.value, GatewayBusy):
            assert raised.value.after == timedelta(seconds=1)
        await ours.submit(message())
        assert len(peer.taken()) == taken + 1, "the next message goes, over a new connection if need be"


async def test_a_part_that_is_throttled_is_sent_again_and_the_first_is_not(log: Path) -> None:
    async with connected(log, "--throttle", "2:3") as (ours, peer):
        await ours.submit(message(LONG))
        assert "".join(line["text"] for line in peer.taken()) == LONG


async def test_each_part_has_its_own_time(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.gateways.sms.smpp.PART_SECONDS", 2.0)
    began, number = time.monotonic(), len(divided(LONG))
    async with connected(log, "--late", "1:0", "--late-by", "700") as (ours, peer):
        await ours.submit(message(LONG))
        assert "".join(line["text"] for line in peer.taken()) == LONG
    assert time.monotonic() - began > 0.7 * number > 2.0
    limit = sending("")["start_to_close_timeout"]
    assert ours.can.seconds is not None and limit is not None
    assert GATEWAY_SECONDS < ours.can.seconds < limit.total_seconds()


async def test_the_rate_counts_parts(log: Path) -> None:
    async with smsc(log) as peer:
        ours, number = gateway(peer.port, rate=RATE), len(divided(LONG))
        async with ours.listening(Desk()):
            began = time.monotonic()
            await asyncio.gather(*(ours.submit(message(LONG)) for _ in range(2)))
            took = time.monotonic() - began
            assert len(peer.taken()) == 2 * number and took >= (2 * number - 1) / RATE
            # Who would have to wait for long is told to come back, and keeps nobody waiting.
            sent = await asyncio.gather(*(ours.submit(message()) for _ in range(3 * RATE)), return_exceptions=True)
            assert RATE <= sum(isinstance(each, Submission) for each in sent) <= RATE + 2
            assert {type(each) for each in sent} == {Submission, GatewayBusy}
            await asyncio.sleep(2 / RATE)
            assert (await ours.submit(message())).fate is Fate.SUBMITTED


@pytest.mark.parametrize("fault", ["--refuse", "--error", "--throttle"])
async def test_a_message_half_of_which_is_out_is_in_doubt(
    log: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liaison.gateways.sms.smpp.PARTS_SECONDS", 0.5)
    async with connected(log, fault, "2:0") as (ours, peer):
        with pytest.raises(GatewayInDoubt):
            await ours.submit(message(LONG))
        assert len(peer.taken()) == 1


async def test_what_somebody_sent_is_kept_before_it_is_acknowledged(log: Path) -> None:
    refusals = iter([True, True, False])

    def unwilling() -> None:
        if next(refusals):
            raise OSError("the disk is full")

    desk = Desk(unwilling)
    async with connected(log, "--again", "50", desk=desk) as (_, peer):
        await peer.say(NUMBER, OURS + "0042", "7K3M 已联系当事人")
        answered = await peer.until_answered(3)
    assert answered == [smpp_inbox.TELL_US_AGAIN, smpp_inbox.TELL_US_AGAIN, smpp_inbox.OK]
    [(kind, raw)] = desk.kept
    [inbound] = SmppShapes().read_replies(raw)
    assert (kind, inbound.number, inbound.code) == (CallbackKind.REPLIES, f"+{NUMBER}", "0042")
    assert inbound.text == "7K3M 已联系当事人"


async def test_the_parts_of_a_message_are_kept_together(log: Path) -> None:
    desk = Desk()
    async with connected(log, desk=desk) as (_, peer):
        await peer.say(NUMBER, OURS, "7K3M 已联", "系当事", "人。")
        await peer.until_answered(3)
    [(_, raw)] = desk.kept
    assert SmppShapes().read_replies(raw)[0].text == "7K3M 已联系当事人。"


async def test_parts_that_are_not_kept_are_all_told_again(log: Path) -> None:
    refusals = iter([True, False])

    def unwilling_once() -> None:
        if next(refusals):
            raise OSError("the disk is full")

    desk = Desk(unwilling_once)
    async with connected(log, "--again", "50", desk=desk) as (_, peer):
        await peer.say(NUMBER, OURS, "已联系", "当事人")
        answered = await peer.until_answered(4)
    assert sorted(answered) == [smpp_inbox.OK] * 2 + [smpp_inbox.TELL_US_AGAIN] * 2
    [(_, raw)] = desk.kept
    assert SmppShapes().read_replies(raw)[0].text == "已联系当事人"


async def test_who_dies_before_it_is_kept_is_told_again(log: Path) -> None:
    """The first listener ends in the midst of keeping, as a killed process does; the second hears it from the SMSC."""
    began, never = asyncio.Event(), asyncio.Event()

    class Stuck(Desk):
        async def keep(self, kind: CallbackKind, raw: bytes) -> None:
            began.set()
            await never.wait()

    async with smsc(log) as peer:
        async with gateway(peer.port).listening(Stuck()), asyncio.timeout(10):
            await peer.say(NUMBER, OURS, "已联系")
            await began.wait()
        assert peer.answered == []
        async with gateway(peer.port).listening(desk := Desk()):
            [(_, raw)] = await desk.holds(1)
            assert await peer.until_answered(1) == [smpp_inbox.OK]
    assert SmppShapes().read_replies(raw)[0].text == "已联系"


@pytest.mark.parametrize(("patience", "ours_is"), [(0.2, 5), (5, 0.2)], ids=["the caller's", "our own"])
async def test_an_answer_that_comes_late_ends_the_doubt(
    log: Path, monkeypatch: pytest.MonkeyPatch, patience: float, ours_is: float
) -> None:
    desk = Desk()
    async with connected(log, "--late", "2", "--receipts", "none", desk=desk) as (ours, peer):
        await ours.submit(message(key="f" * 32))
        monkeypatch.setattr("liaison.gateways.sms.smpp.PART_SECONDS", ours_is)
        with pytest.raises((TimeoutError, GatewayInDoubt)):
            await asyncio.wait_for(ours.submit(message()), patience)
        [(kind, raw)] = await desk.holds(1)
        [_, line] = peer.taken()
    [receipt] = SmppShapes().read_receipts(raw)
    assert (kind, receipt.provider_id, receipt.fate) == (CallbackKind.RECEIPTS, line["id"], Fate.SUBMITTED)
    assert receipt.key == KEY


async def test_an_answer_that_comes_late_is_kept_though_the_connection_ends_meanwhile(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = asyncio.Event()

    class Slow(Desk):
        async def keep(self, kind: CallbackKind, raw: bytes) -> None:
            began.set()
            await asyncio.sleep(0.1)
            await super().keep(kind, raw)

    monkeypatch.setattr("liaison.gateways.sms.smpp.PART_SECONDS", 0.2)
    async with connected(log, "--late", "1", "--receipts", "none", desk=(desk := Slow())) as (ours, _):
        with pytest.raises(GatewayInDoubt):
            await ours.submit(message())
        await began.wait()
    [(kind, _)] = desk.kept
    assert kind is CallbackKind.RECEIPTS


async def test_an_answer_that_is_there_when_patience_ends_counts(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.gateways.sms.smpp.PART_SECONDS", 1.0)
    async with connected(log, "--late", "1", "--late-by", "500", "--receipts", "none") as (ours, peer):
        submitting = asyncio.create_task(ours.submit(message(LONG)))
        await asyncio.sleep(0.05)
        # As when the machine stops the process for a while: the answer comes, and patience ends, meanwhile.
        time.sleep(1.3)  # noqa: ASYNC251
        assert (await submitting).fate is Fate.SUBMITTED
        assert "".join(part["text"] for part in peer.taken()) == LONG


async def test_an_answer_that_is_there_when_the_time_of_all_parts_ends_counts(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liaison.gateways.sms.smpp.PARTS_SECONDS", 1.0)
    text = LONG[:100]
    async with connected(log, "--late", "1:0", "--late-by", "300", "--receipts", "none") as (ours, peer):
        submitting = asyncio.create_task(ours.submit(message(text)))
        async with asyncio.timeout(10):
            while len(peer.taken()) < 2:  # noqa: ASYNC110 (what is waited for is done by another process)
                await asyncio.sleep(0.05)
        time.sleep(1.5)  # noqa: ASYNC251
        assert (await submitting).fate is Fate.SUBMITTED
        assert "".join(part["text"] for part in peer.taken()) == text


@pytest.mark.parametrize("throttled", [False, True])
async def test_an_answer_to_what_could_not_be_seen_to_go_counts(
    log: Path, monkeypatch: pytest.MonkeyPatch, throttled: bool
) -> None:
    monkeypatch.setattr("liaison.gateways.sms.smpp.PART_SECONDS", 0.3)
    never = asyncio.Event()
    async with connected(log, *(["--throttle", "2"] if throttled else []), "--receipts", "none") as (ours, _):
        await ours.submit(message())
        with monkeypatch.context() as full:
            full.setattr(asyncio.StreamWriter, "drain", lambda _: never.wait())
            [sent] = await asyncio.gather(ours.submit(message()), return_exceptions=True)
        assert isinstance(sent, GatewayBusy if throttled else Submission), sent


async def test_an_answer_of_the_very_moment_in_which_its_caller_gives_up_is_heard(log: Path) -> None:
    desk = Desk()
    async with connected(log, "--receipts", "none", desk=desk) as (ours, peer):
        await ours.submit(message(key="f" * 32))
        submitting = asyncio.create_task(asyncio.wait_for(ours.submit(message()), 0.2))
        for _ in range(20):
            await asyncio.sleep(0)
        # A process that stands still finds the answer and the end of its patience together.
        time.sleep(0.5)  # noqa: ASYNC251
        with pytest.raises(TimeoutError):
            await submitting
        async with asyncio.timeout(10):
            [(_, raw)] = await desk.holds(1)
        [_, line] = peer.taken()
    [receipt] = SmppShapes().read_receipts(raw)
    assert (receipt.provider_id, receipt.fate, receipt.key) == (line["id"], Fate.SUBMITTED, KEY)


async def test_answers_that_never_come_keep_no_late_one_from_being_heard(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smpp_link, "LATE", 2)
    desk = Desk()
    async with connected(log, "--silent", "2:3", "--late", "5", "--receipts", "none", desk=desk) as (ours, peer):
        await ours.submit(message(key="f" * 32))
        for _ in range(4):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ours.submit(message()), 0.1)
        [(_, raw)] = await desk.holds(1)
        *_, late = peer.taken()
    [receipt] = SmppShapes().read_receipts(raw)
    assert (receipt.provider_id, receipt.fate) == (late["id"], Fate.SUBMITTED)


async def test_a_late_answer_to_a_part_ends_no_doubt(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.gateways.sms.smpp.PART_SECONDS", 0.2)
    desk = Desk()
    async with connected(log, "--late", "1", "--late-by", "300", desk=desk) as (ours, peer):
        with pytest.raises(GatewayInDoubt):
            await ours.submit(message(LONG))
        await asyncio.sleep(0.5)
        assert len(peer.taken()) == 1
    assert desk.kept == []


async def test_it_connects_again_to_an_smsc_that_was_away(log: Path) -> None:
    port = free_port()
    ours = gateway(port)
    async with ours.listening(desk := Desk()):
        with pytest.raises(GatewayUnavailable, match="there is no connection"):
            await ours.submit(message())
        for times in (1, 2):
            async with smsc(log, port=port), asyncio.timeout(20):
                await _submitted(ours)
                await desk.holds(times)


async def _submitted(ours: SmppGateway) -> None:
    while True:
        try:
            await ours.submit(message())
            return
        except GatewayUnavailable:
            continue


async def test_a_wrong_password_is_no_connection(log: Path) -> None:
    async with smsc(log, "--password", "another") as peer:
        ours = gateway(peer.port)
        async with ours.listening(Desk()):
            with pytest.raises(GatewayUnavailable):
                await ours.submit(message())
    assert peer.taken() == []


async def test_a_full_window_is_busy_and_what_waits_was_not_taken(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.gateways.sms.smpp.LINK_SECONDS", 0.2)
    async with smsc(log, "--silent", "1:0") as peer:
        ours = gateway(peer.port, window=2)
        async with ours.listening(Desk()):
            async with asyncio.timeout(5):
                while not peer.taken():
                    under_way = [asyncio.create_task(ours.submit(message())) for _ in range(2)]
                    await asyncio.wait(under_way, timeout=0.3)
            with pytest.raises(GatewayBusy):
                await ours.submit(message())
            assert len(peer.taken()) == 2
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)


async def test_a_hundred_at_once_arrive_once_each(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liaison.gateways.sms.smpp.LINK_SECONDS", 10.0)
    desk = Desk()
    async with connected(log, desk=desk) as (ours, peer):
        sent = await asyncio.gather(*(ours.submit(message(f"第{number}件")) for number in range(100)))
        assert {submission.provider_id for submission in sent} == {line["id"] for line in peer.taken()}
        assert len({line["text"] for line in peer.taken()}) == len(peer.taken()) == 100
        receipts = [SmppShapes().read_receipts(raw)[0].provider_id for _, raw in await desk.holds(100)]
    assert sorted(receipts) == sorted(submission.provider_id or "" for submission in sent)
