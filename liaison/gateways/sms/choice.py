"""Which gateways there are, by the name that settings and callback addresses give them."""

import json
from datetime import datetime

from liaison.gateways.sms.port import CallbackAnswer, CallbackShapes, Fate, Inbound, Receipt, Unreadable


class OutboxShapes:
    """What stands for a telephone network tells us: a JSON list of ``{id, number, text, sent_at, code?}`` or
    ``{provider_id, fate, at, code?}``; it wants to hear ``ok``."""

    def read_replies(self, raw: bytes) -> tuple[Inbound, ...]:
        """The short messages of one call."""
        try:
            return tuple(
                Inbound(
                    provider_id=str(line["id"]),
                    number=str(line["number"]),
                    text=str(line["text"]),
                    sent_at=_aware(line["sent_at"]),
                    code=str(line.get("code", "")),
                )
                for line in json.loads(raw)
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Unreadable("not a list of short messages") from None

    def read_receipts(self, raw: bytes) -> tuple[Receipt, ...]:
        """The receipts of one call."""
        try:
            return tuple(
                Receipt(
                    provider_id=str(line["provider_id"]),
                    fate=Fate(line["fate"]),
                    at=_aware(line["at"]),
                    code=str(line.get("code", "")),
                )
                for line in json.loads(raw)
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Unreadable("not a list of receipts") from None

    def answer(self, kept: bool) -> CallbackAnswer:
        """``ok`` or ``again``."""
        return CallbackAnswer(b"ok" if kept else b"again", "text/plain")


def shapes_of(name: str) -> CallbackShapes | None:
    """How a gateway writes what it tells us; None if there is no such gateway."""
    return OutboxShapes() if name == "outbox" else None


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time without a zone")
    return instant
