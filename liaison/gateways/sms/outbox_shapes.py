"""What the embedded outbox is told, in JSON of our own: a tester answers for the telephones that are not there."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from liaison.gateways.phones import e164
from liaison.gateways.sms.port import CallbackAnswer, Fate, Inbound, Receipt
from liaison.gateways.sms.reading import Code, ProviderId, as_read

Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,20}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Reply(_Shape):
    id: ProviderId
    number: Annotated[str, Field(alias="from")]
    text: str
    sent_at: AwareDatetime
    code: Digits = ""


class _Replies(_Shape):
    messages: list[_Reply]


class _Report(_Shape):
    id: ProviderId
    fate: Annotated[Fate, Field(alias="state")]
    at: AwareDatetime
    code: Code = ""


class _Reports(_Shape):
    messages: list[_Report]


class OutboxShapes:
    """``{"messages": [{"id", "from", "text", "sent_at", "code"}]}``; receipts ``{"id", "state", "at", "code"}``.

    ``id`` of a receipt is the ``provider_id`` of the outbox's line; ``state`` is a word of ``Fate``.
    """

    def read_replies(self, raw: bytes) -> tuple[Inbound, ...]:
        """The short messages somebody pretends to have sent."""
        return tuple(
            Inbound(reply.id, e164(reply.number) or reply.number, reply.text, reply.sent_at, reply.code)
            for reply in as_read(_Replies, raw).messages
        )

    def read_receipts(self, raw: bytes) -> tuple[Receipt, ...]:
        """What somebody says became of messages."""
        return tuple(
            Receipt(report.id, report.fate, report.at, report.code) for report in as_read(_Reports, raw).messages
        )

    def answer(self, kept: bool) -> CallbackAnswer:
        """``{"kept": true}``."""
        return CallbackAnswer(b'{"kept":true}' if kept else b'{"kept":false}', "application/json")
