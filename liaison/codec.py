"""Encrypts what Temporal stores: every payload but ``Public`` texts and the SDK's own metadata answer.

Client, worker, replayer, CLI and tests all take their converter from ``data_converter``.
"""

from collections.abc import Sequence

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from liaison import metrics
from liaison.converter import ENCRYPTED, KEY_ID, PUBLIC_MARK, UNDECODABLE_MARK, LiaisonPayloadConverter
from liaison.keys import DamagedCiphertext, KeyRing, UnknownKey

_BOUND_TO = b"temporal-payload"
_WORKFLOW_METADATA = b"temporal.api.sdk.v1.WorkflowMetadata"


class EncryptingCodec(PayloadCodec):
    """AES-256-GCM under the ring's current key; the payload's metadata names the key."""

    def __init__(self, ring: KeyRing) -> None:
        """Encrypt and decrypt with the keys of ``ring``."""
        self._ring = ring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload, or let it pass if operators may read it."""
        return [self._encode(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each of our payloads; never raises, for one hostile payload would fail its whole activation.

        What is not ours passes. What cannot be decrypted comes back marked, and raises ``UndecodablePayload`` when
        its value is read.
        """
        return [self._decode(payload) for payload in payloads]

    def _encode(self, payload: Payload) -> Payload:
        if payload.metadata.get("messageType") == _WORKFLOW_METADATA:
            return payload
        if PUBLIC_MARK in payload.metadata:
            clear = {name: value for name, value in payload.metadata.items() if name != PUBLIC_MARK}
            return Payload(metadata=clear, data=payload.data)
        return Payload(
            metadata={"encoding": ENCRYPTED.encode(), KEY_ID: self._ring.current.encode()},
            data=self._ring.encrypt(payload.SerializeToString(), _BOUND_TO),
        )

    def _decode(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCRYPTED.encode():
            return payload
        key_id = payload.metadata.get(KEY_ID, b"").decode("ascii", "replace")
        try:
            return Payload.FromString(self._ring.decrypt(key_id, payload.data, _BOUND_TO))
        except UnknownKey:
            return _marked(payload, metrics.UNKNOWN_KEY)
        except (DamagedCiphertext, DecodeError):
            return _marked(payload, metrics.DAMAGED)


def data_converter(ring: KeyRing) -> DataConverter:
    """The one data converter: our JSON, encryption under ``ring``, messages and stack traces of failures included."""
    return DataConverter(
        payload_converter_class=LiaisonPayloadConverter,
        payload_codec=EncryptingCodec(ring),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def _marked(payload: Payload, reason: str) -> Payload:
    metrics.CODEC_FAILURES.labels(reason).inc()
    marked = Payload()
    marked.CopyFrom(payload)
    marked.metadata[UNDECODABLE_MARK] = reason.encode()
    return marked
