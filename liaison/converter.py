"""Values to payloads: Temporal's default JSON, with ``Public`` texts marked and unreadable payloads refused.

Frozen and nested dataclasses, lists, tuples, ``None`` and ``StrEnum`` travel by the default converter; dates and
instants travel as ISO text in them. The workflow sandbox uses this module: it imports no cryptography.
"""

from datetime import date
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    AdvancedJSONEncoder,
    BinaryNullPayloadConverter,
    BinaryPlainPayloadConverter,
    BinaryProtoPayloadConverter,
    CompositePayloadConverter,
    EncodingPayloadConverter,
    JSONPlainPayloadConverter,
    JSONProtoPayloadConverter,
)

from liaison.contract.public import is_public

ENCRYPTED = "binary/encrypted"
KEY_ID = "encryption-key-id"
PUBLIC_MARK = "liaison-public"
UNDECODABLE_MARK = "liaison-undecodable"


class UndecodablePayload(Exception):
    """A payload that the codec could not decrypt is being read."""


class _JsonEncoder(AdvancedJSONEncoder):
    """Refuses datetimes too: the SDK would write them, but cannot read them into a class the sandbox imported."""

    def default(self, o: Any) -> Any:
        if isinstance(o, date):
            raise TypeError("dates and instants travel as ISO text")
        return super().default(o)


class _MarkingJsonConverter(JSONPlainPayloadConverter):
    """Marks ``Public`` texts for the codec."""

    def __init__(self) -> None:
        super().__init__(encoder=_JsonEncoder)

    def to_payload(self, value: Any) -> Payload | None:
        payload = super().to_payload(value)
        if payload is not None and is_public(value):
            payload.metadata[PUBLIC_MARK] = b"1"
        return payload


class _RefusingConverter(EncodingPayloadConverter):
    """Meets only what the codec could not decrypt, and raises for whoever reads it."""

    @property
    def encoding(self) -> str:
        return ENCRYPTED

    def to_payload(self, value: Any) -> Payload | None:
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        reason = payload.metadata.get(UNDECODABLE_MARK, b"no codec").decode("ascii", "replace")
        key_id = payload.metadata.get(KEY_ID, b"")[:32]
        raise UndecodablePayload(f"payload cannot be decrypted: {reason} (key {key_id!r})")


class LiaisonPayloadConverter(CompositePayloadConverter):
    """Temporal's default converters, one per encoding, with ours for JSON and for what stayed encrypted."""

    def __init__(self) -> None:
        super().__init__(
            BinaryNullPayloadConverter(),
            BinaryPlainPayloadConverter(),
            JSONProtoPayloadConverter(),
            BinaryProtoPayloadConverter(),
            _RefusingConverter(),
            _MarkingJsonConverter(),  # last, as in the SDK: it raises on what it cannot write
        )
