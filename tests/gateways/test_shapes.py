"""What providers tell us, read in each one's own shape (issue lines M01, M30)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.gateways.sms.accounts import GATEWAYS
from liaison.gateways.sms.aliyun_shapes import AliyunShapes
from liaison.gateways.sms.choice import shapes_of
from liaison.gateways.sms.port import Fate, Inbound, Receipt, Unreadable
from liaison.gateways.sms.smpp_shapes import SmppShapes

TWO = datetime(2026, 9, 18, 2, tzinfo=UTC)
UP = {
    "phone_number": "13900001001",
    "content": "7K3M 已联系当事人",
    "send_time": "2026-09-18 10:00:00",
    "dest_code": "0042",
    "sequence_id": 1234567890,
}
REPORT = {
    "phone_number": "13900001001",
    "send_time": "2026-09-18 09:59:58",
    "report_time": "2026-09-18 10:00:00",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "9009^0",
    "out_id": "k" * 32,
}
DELIVERED = {
    "received_at": "2026-09-18T10:00:00+08:00",
    "our_number": "1069000",
    "from": "8613900001001",
    "to": "10690000042",
    "esm_class": 0,
    "data_coding": 8,
    "parts": ["好".encode("utf-16-be").hex()],
    "receipted_id": None,
    "state": None,
}


def raw(said: Any) -> bytes:
    return json.dumps(said).encode()


def receipt_text(text: str) -> dict[str, Any]:
    return DELIVERED | {"esm_class": 4, "data_coding": 0, "parts": [text.encode().hex()]}


def test_aliyun_tells_several_answers_at_once() -> None:
    older = UP | {"send_time": "20260918100000", "sequence_id": "7", "sign_name": "广州法院"}
    del older["dest_code"]
    assert AliyunShapes().read_replies(raw([UP, older])) == (
        Inbound("1234567890", "+8613900001001", "7K3M 已联系当事人", TWO, "0042"),
        Inbound("7", "+8613900001001", "7K3M 已联系当事人", TWO, ""),
    )


def test_aliyun_reports_by_its_id_and_our_key() -> None:
    failed = REPORT | {"success": False, "err_code": "MK:0001", "biz_id": "9010^0"}
    assert AliyunShapes().read_receipts(raw([REPORT, failed])) == (
        Receipt("9009^0", Fate.DELIVERED, TWO, "DELIVERED", "k" * 32),
        Receipt("9010^0", Fate.FAILED, TWO, "MK:0001", "k" * 32),
    )


def test_aliyun_hears_its_own_words() -> None:
    assert json.loads(AliyunShapes().answer(kept=True).body) == {"code": 0, "msg": "接收成功"}
    assert json.loads(AliyunShapes().answer(kept=False).body)["code"] != 0


@pytest.mark.parametrize(
    "wrong",
    [UP, [1], [UP | {"send_time": "yesterday"}], [UP | {"sequence_id": None}], [UP | {"sequence_id": "9" * 81}]],
    ids=["an object", "a number", "a time", "no id", "an id that is too long"],
)
def test_aliyun_is_not_believed_what_it_never_says(wrong: Any) -> None:
    with pytest.raises(Unreadable) as fault:
        AliyunShapes().read_replies(raw(wrong))
    assert "13900001001" not in str(fault.value) and "yesterday" not in str(fault.value)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"send_time": "yesterday"}, "value_error at 1.send_time"),
        ({"content": None}, "string_type at 1.content"),
        ({"sequence_id": "7\0"}, "string_pattern_mismatch at 1.sequence_id"),
        ({"dest_code": "\0"}, "string_pattern_mismatch at 1.dest_code"),
    ],
)
def test_an_answer_that_cannot_be_read_leaves_its_neighbours(wrong: dict[str, Any], place: str) -> None:
    first, fault, last = AliyunShapes().read_replies(raw([UP, UP | wrong, UP | {"sequence_id": 8}]))
    assert isinstance(first, Inbound) and isinstance(last, Inbound)
    assert (first.provider_id, last.provider_id) == ("1234567890", "8")
    assert isinstance(fault, Unreadable) and str(fault) == place


@pytest.mark.parametrize(
    ("broken", "content"),
    [
        (rb"7K3M \ud83d", "7K3M \ufffd"),
        (rb"7K3M \udc4d\ud83d\ud83d\udc4d", "7K3M \ufffd\ufffd👍"),
        (b"7K3M " + "好".encode()[:2], "7K3M \ufffd"),
        (b"7K3M\n\t", "7K3M\n\t"),
    ],
    ids=["half a pair", "halves and a whole", "octets cut off", "a new line as it is"],
)
def test_a_character_that_is_none_drops_no_answer(broken: bytes, content: str) -> None:
    told = raw([UP, UP | {"content": "BROKEN", "sequence_id": 8}, UP | {"sequence_id": 9}])
    replies = AliyunShapes().read_replies(told.replace(b"BROKEN", broken))
    assert [(reply.provider_id, reply.text) for reply in replies if isinstance(reply, Inbound)] == [
        ("1234567890", UP["content"]),
        ("8", content),
        ("9", UP["content"]),
    ]


def test_a_character_that_is_none_drops_no_receipt() -> None:
    told = raw([REPORT | {"err_msg": "\ud83d"}, REPORT | {"biz_id": "9010^0"}])
    receipts = AliyunShapes().read_receipts(told)
    assert [receipt.provider_id for receipt in receipts if isinstance(receipt, Receipt)] == ["9009^0", "9010^0"]


@pytest.mark.parametrize(
    "told",
    [b'[{"content": "\\ud83d', b"[" * 60_000, b"[" + b"9" * 60_000 + b', "\\ud83d"]'],
    ids=["cut off", "too deep", "too long a number"],
)
def test_what_is_no_json_is_not_mended(told: bytes) -> None:
    with pytest.raises(Unreadable, match="json_invalid at the whole"):
        AliyunShapes().read_replies(told)


def test_a_receipt_that_cannot_be_read_leaves_its_neighbours() -> None:
    wrong = [REPORT | {key: "a\0b"} for key in ("biz_id", "err_code", "out_id")]
    *faults, last = AliyunShapes().read_receipts(raw([*wrong, 1, REPORT]))
    assert last == Receipt("9009^0", Fate.DELIVERED, TWO, "DELIVERED", "k" * 32)
    assert [str(fault).rpartition(" ")[2] for fault in faults] == ["0.biz_id", "1.err_code", "2.out_id", "3"]


def test_a_code_that_aliyun_has_not_may_be_null() -> None:
    [up] = AliyunShapes().read_replies(raw([UP | {"dest_code": None}]))
    assert isinstance(up, Inbound) and up.code == ""
    [report] = AliyunShapes().read_receipts(raw([REPORT | {"err_code": None, "out_id": None}]))
    assert report == Receipt("9009^0", Fate.DELIVERED, TWO)


def test_a_message_to_an_extension_of_our_number() -> None:
    [inbound] = SmppShapes().read_replies(raw(DELIVERED))
    assert (inbound.number, inbound.text, inbound.sent_at, inbound.code) == ("+8613900001001", "好", TWO, "0042")


@pytest.mark.parametrize(
    ("at", "same"),
    [
        ("2026-09-18T10:00:01+08:00", True),
        ("2026-09-18T10:59:59+08:00", True),
        ("2026-09-18T11:30:00+08:00", True),
        ("2026-09-18T12:00:00+08:00", False),
        ("2026-09-19T10:00:00+08:00", False),
    ],
)
def test_told_again_it_is_the_same_message_and_said_again_another(at: str, same: bool) -> None:
    [first] = SmppShapes().read_replies(raw(DELIVERED))
    [again] = SmppShapes().read_replies(raw(DELIVERED | {"received_at": at}))
    assert (first.provider_id in (again.provider_id, again.earlier_id)) is same
    [other] = SmppShapes().read_replies(raw(DELIVERED | {"received_at": at, "from": "8613900001002"}))
    assert first.provider_id not in (other.provider_id, other.earlier_id)


def test_octets_that_are_none_cannot_be_read() -> None:
    with pytest.raises(Unreadable, match=r"string_pattern_mismatch at parts\.0"):
        SmppShapes().read_replies(raw(DELIVERED | {"parts": ["5g"]}))


def test_a_part_that_did_not_come_is_seen() -> None:
    parts = ["已联系".encode("utf-16-be").hex(), None, "完".encode("utf-16-be").hex()]
    assert SmppShapes().read_replies(raw(DELIVERED | {"parts": parts}))[0].text == "已联系…完"


@pytest.mark.parametrize(
    ("coding", "whole", "at", "text"),
    [(8, "好👍完".encode("utf-16-be"), 4, "好👍完"), (15, "收到".encode("gbk"), 3, "收到")],
    ids=["an emoji", "a character of GBK"],
)
def test_what_two_parts_share_is_whole_again(coding: int, whole: bytes, at: int, text: str) -> None:
    said = DELIVERED | {"data_coding": coding, "parts": [whole[:at].hex(), whole[at:].hex()]}
    assert SmppShapes().read_replies(raw(said))[0].text == text


def test_half_a_character_beside_a_part_that_did_not_come_is_seen() -> None:
    whole = "好👍完".encode("utf-16-be")
    parts = [whole[:4].hex(), None, None, whole[4:].hex(), ""]
    assert SmppShapes().read_replies(raw(DELIVERED | {"parts": parts}))[0].text == "好\ufffd……\ufffd完"


@pytest.mark.parametrize(
    ("coding", "octets", "text"),
    [
        (0, b"OK", "OK"),
        (3, b"caf\xe9", "café"),
        (15, "收到".encode("gbk"), "收到"),
        (8, "👍".encode("utf-16-be"), "👍"),
    ],
)
def test_texts_in_the_codings_of_the_networks(coding: int, octets: bytes, text: str) -> None:
    said = DELIVERED | {"data_coding": coding, "parts": [octets.hex()]}
    assert SmppShapes().read_replies(raw(said))[0].text == text


@pytest.mark.parametrize(
    ("said", "receipt"),
    [
        (
            receipt_text("id:m1 sub:001 submit date:2609180959 done date:2609181000 stat:DELIVRD err:000 text:"),
            Receipt("m1", Fate.DELIVERED, TWO, "DELIVRD"),
        ),
        (
            receipt_text("id:m1 sub:001 submit date:260918095900 done date:260918100000 stat:UNDELIV err:001"),
            Receipt("m1", Fate.FAILED, TWO, "UNDELIV"),
        ),
        (receipt_text("id:m1 stat:EXPIRED"), Receipt("m1", Fate.FAILED, TWO, "EXPIRED")),
        (receipt_text("id:m1 done date:9999999999 stat:ACCEPTD"), Receipt("m1", Fate.SUBMITTED, TWO, "ACCEPTD")),
        (receipt_text("") | {"receipted_id": "m1", "state": 8}, Receipt("m1", Fate.FAILED, TWO, "REJECTD")),
        (receipt_text("") | {"receipted_id": "m1\0x", "state": 8}, Receipt("m1", Fate.FAILED, TWO, "REJECTD")),
        (receipt_text("id:m1\0x stat:EXPIRED"), Receipt("m1", Fate.FAILED, TWO, "EXPIRED")),
    ],
    ids=[
        "by its text",
        "with seconds",
        "without times",
        "with a time that is none",
        "by optional parameters",
        "with NUL in an optional parameter",
        "with NUL in its text",
    ],
)
def test_receipts_of_an_smsc(said: dict[str, Any], receipt: Receipt) -> None:
    assert SmppShapes().read_receipts(raw(said)) == (receipt,)


@pytest.mark.parametrize(
    "said",
    [
        receipt_text("stat:DELIVRD"),
        receipt_text("id:m1"),
        receipt_text("id:m1 stat:PERHAPS"),
        receipt_text("id:m1") | {"state": 200},
    ],
)
def test_a_receipt_that_says_nothing_cannot_be_read(said: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match="without the message's name or state"):
        SmppShapes().read_receipts(raw(said))


FIELDS = st.sampled_from([*UP, *REPORT, *DELIVERED, "messages"])
GARBAGE = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=9),
    max_leaves=12,
)


@pytest.mark.parametrize("gateway", GATEWAYS)
@given(garbage=st.binary(max_size=200) | GARBAGE.map(raw))
def test_garbage_is_unreadable_or_nothing(gateway: str, garbage: bytes) -> None:
    shapes = shapes_of(gateway)
    assert shapes is not None
    for read in (shapes.read_replies, shapes.read_receipts):
        try:
            assert read(garbage) == ()
        except Unreadable as fault:
            assert len(str(fault)) < 200
