"""Reading what the SMPP gateway kept: its own JSON of what an SMSC delivered."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel, StringConstraints

from calendars.core import SHANGHAI
from liaison.gateways.phones import e164
from liaison.gateways.sms.length import CUT
from liaison.gateways.sms.port import CallbackAnswer, Fate, Inbound, Receipt, Unreadable
from liaison.gateways.sms.reading import ProviderId, as_read

HOUR: Final = timedelta(hours=1)

_CODINGS: Final = {0: "ascii", 1: "ascii", 3: "latin-1", 8: "utf-16-be", 15: "gb18030"}
"""``data_coding`` to the coding of the text; 15 is GBK, as domestic networks have it."""

_STATES: Final = {
    "ENROUTE": Fate.SUBMITTED,
    "ACCEPTD": Fate.SUBMITTED,
    "DELIVRD": Fate.DELIVERED,
    "EXPIRED": Fate.FAILED,
    "DELETED": Fate.FAILED,
    "UNDELIV": Fate.FAILED,
    "REJECTD": Fate.FAILED,
    "UNKNOWN": Fate.CANNOT_SAY,
}
_NUMBERED: Final = ("", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")
"""The same by the number of the optional parameter ``message_state``."""

_ID: Final = re.compile(r"\bid:([^\s\0]{1,80})", re.IGNORECASE)
_STATE: Final = re.compile(r"\bstat:([A-Z]{7})", re.IGNORECASE)
_DONE: Final = re.compile(r"\bdone date:(\d{12}|\d{10})(?!\d)", re.IGNORECASE)


Octets = Annotated[str, StringConstraints(pattern="^([0-9a-f]{2})*$")]
_LOST: Final = "|"
"""Stands for a part that did not come, among octets."""


class _Delivered(BaseModel):
    model_config = ConfigDict(extra="forbid")

    received_at: AwareDatetime
    our_number: str
    number: Annotated[str, Field(alias="from")]
    to: str
    esm_class: int
    data_coding: int
    parts: list[Octets | None]
    receipted_id: str | None
    state: int | None

    def text(self) -> str:
        """What was said; an ellipsis stands for a part that did not come.

        Raises:
            Unreadable: It is in a coding nobody told us of.
        """
        coding = _CODINGS.get(self.data_coding)
        if coding is None:
            raise Unreadable(f"text in data_coding {self.data_coding}")
        # Parts that follow one another are one text: a telephone may cut an emoji in two.
        runs = "".join(_LOST if part is None else part for part in self.parts).split(_LOST)
        return CUT.join(bytes.fromhex(octets).decode(coding, "replace") for octets in runs)


class _Taken(BaseModel):
    """That the SMSC took a message, told after its sender had gone."""

    model_config = ConfigDict(extra="forbid")

    received_at: AwareDatetime
    key: str
    id: ProviderId


class _Receipts(RootModel[_Delivered | _Taken]):
    pass


class SmppShapes:
    """One delivery, or all parts of one."""

    def read_replies(self, raw: bytes) -> tuple[Inbound, ...]:
        """The message somebody sent to our number; what follows our number is the extension code.

        SMPP gives it no name, so it gets one by what it says, from whom, to where and in which hour: told again in that
        hour or the next, after an answer that was lost, it is the same; later somebody says the same once more.
        """
        said = as_read(_Delivered, raw)
        text, at = said.text(), said.received_at
        code = said.to.removeprefix(said.our_number) if said.to.startswith(said.our_number) else ""
        number, names = e164(said.number) or said.number, (_name(said, text, at), _name(said, text, at - HOUR))
        return (Inbound(names[0], number, text, at, code, earlier_id=names[1]),)

    def read_receipts(self, raw: bytes) -> tuple[Receipt, ...]:
        """The receipt, by optional parameters where there are any, else by its text (SMPP 3.4, appendix B)."""
        said = as_read(_Receipts, raw).root
        if isinstance(said, _Taken):
            return (Receipt(said.id, Fate.SUBMITTED, said.received_at, key=said.key),)
        text = said.text()
        named, stated = _ID.search(text), _STATE.search(text)
        provider_id = _before_nul(said.receipted_id) or (named[1] if named else "")
        word = stated[1].upper() if stated else _numbered(said.state)
        if not provider_id or word not in _STATES:
            raise Unreadable("a receipt without the message's name or state")
        return (Receipt(provider_id, _STATES[word], _done(text) or said.received_at, word),)

    def answer(self, kept: bool) -> CallbackAnswer:
        """Nobody calls us over HTTP; the connection itself answers."""
        return CallbackAnswer(b"", "text/plain")


def _name(said: _Delivered, text: str, at: datetime) -> str:
    """By which a message told in the hour of ``at`` is known."""
    hour = at.astimezone(UTC).strftime("%Y-%m-%dT%H")
    return hashlib.sha256(json.dumps([said.number, said.to, text, hour]).encode()).hexdigest()


def _before_nul(text: str | None) -> str:
    """A text as SMPP ends it, wherever the SMSC ended its parameter."""
    return (text or "").partition("\0")[0]


def _numbered(state: int | None) -> str:
    return _NUMBERED[state] if state is not None and 0 < state < len(_NUMBERED) else ""


def _done(text: str) -> datetime | None:
    """``done date:`` in the SMSC's time, which is Shanghai's."""
    found = _DONE.search(text)
    if found is None:
        return None
    form = "%y%m%d%H%M%S" if len(found[1]) == 12 else "%y%m%d%H%M"
    try:
        return datetime.strptime(found[1], form).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
