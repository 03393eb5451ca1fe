"""The data converter by itself: what is encrypted, what passes, what is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata

from liaison.codec import EncryptingCodec, data_converter
from liaison.contract.public import Public
from liaison.keys import KeyRing
from liaison.policy.words import Channel
from tests.codec_workflow import Party, Ticket

RING = KeyRing.generate()
TICKET = Ticket("text", Channel.WEB, "2026-09-23", (Party("金丝雀", "13912345678"), Party("x")), ["a"])


@pytest.mark.parametrize(
    "value", [TICKET, replace(TICKET, words=None, parties=()), None, b"bytes", "𠮷\x00", {"a": [1, None, True]}]
)
async def test_values_come_back_as_they_went(value: Any) -> None:
    converter = data_converter(RING)
    (stored,) = await converter.encode([value])
    assert stored.metadata["encoding"] == b"binary/encrypted"
    assert await converter.decode([stored], [type(value)]) == [value]


@pytest.mark.parametrize("value", [datetime(2026, 9, 18, tzinfo=UTC), datetime(2026, 9, 18, tzinfo=UTC).date()])
async def test_dates_and_instants_must_be_written_out(value: Any) -> None:
    for sent in (value, {"due": value}, replace(TICKET, due_on=value)):
        with pytest.raises(TypeError, match="ISO text"):
            await data_converter(RING).encode([sent])


@pytest.mark.parametrize(
    "text", [str(Public("a")), Public("a") + "b", f"{Public('a')}", {"a": Public("a")}, [Public("a")]]
)
async def test_only_a_whole_public_text_is_clear(text: Any) -> None:
    (stored,) = await data_converter(RING).encode([text])
    assert stored.metadata["encoding"] == b"binary/encrypted"


async def test_metadata_answer_and_public_text_pass() -> None:
    converter = data_converter(RING)
    answer, text = await converter.encode([WorkflowMetadata(current_details="for operators"), Public("告知")])
    assert b"for operators" in answer.data
    assert (dict(text.metadata), json.loads(text.data)) == ({"encoding": b"json/plain"}, "告知")
    assert await converter.decode([text], [str]) == ["告知"]


async def test_decoding_never_raises_and_leaves_the_undecodable_as_it_was() -> None:
    codec = EncryptingCodec(RING)
    no_payload = RING.encrypt(b"\xff\xff", b"temporal-payload")
    metadata = {"encoding": b"binary/encrypted", "encryption-key-id": RING.current.encode()}
    sent = Payload(metadata=metadata, data=no_payload)
    (come_back,) = await codec.decode([sent])
    assert (come_back.data, come_back.metadata["liaison-undecodable"]) == (sent.data, b"damaged")
    assert {name: come_back.metadata[name] for name in metadata} == metadata
    assert "liaison-undecodable" not in sent.metadata


async def test_what_the_ring_sealed_elsewhere_is_no_payload() -> None:
    """A ciphertext of the database cannot be played into a workflow under the same key."""
    end = 2 + len(RING.current)
    sealed = RING.seal("secret", "temporal-payload")[end:]
    metadata = {"encoding": b"binary/encrypted", "encryption-key-id": RING.current.encode()}
    (come_back,) = await EncryptingCodec(RING).decode([Payload(metadata=metadata, data=sealed)])
    assert come_back.metadata["liaison-undecodable"] == b"damaged"
