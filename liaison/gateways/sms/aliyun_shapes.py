"""How Aliyun tells us of answers (SmsUp) and receipts (SmsReport): JSON arrays over HTTP, times of Shanghai.

https://help.aliyun.com/zh/sms/developer-reference/smsup-2 and .../smsreport-2. Neither call is signed.
"""

import json
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator

from calendars.core import SHANGHAI
from liaison.gateways.phones import e164
from liaison.gateways.sms.port import CallbackAnswer, Fate, Inbound, Receipt, Unreadable
from liaison.gateways.sms.reading import Code, ProviderId, each_as_read


def _shanghai(text: object) -> datetime:
    """``2026-09-18 10:00:00``, or ``20260918100000`` as older accounts have it."""
    form = "%Y-%m-%d %H:%M:%S" if "-" in str(text) else "%Y%m%d%H%M%S"
    return datetime.strptime(str(text), form).replace(tzinfo=SHANGHAI)


def _in_letters(value: object) -> object:
    return str(value) if isinstance(value, int) else value


def _or_none(value: object) -> object:
    """``null`` stands for a code that there is not."""
    return "" if value is None else _in_letters(value)


_Time = Annotated[AwareDatetime, BeforeValidator(_shanghai)]
_Code = Annotated[Code, BeforeValidator(_or_none)]
_Id = Annotated[ProviderId, BeforeValidator(_in_letters)]


class _SmsUp(BaseModel):
    phone_number: str
    content: str
    send_time: _Time
    sequence_id: _Id
    dest_code: _Code = ""

    def read(self) -> Inbound:
        number = e164(self.phone_number) or self.phone_number
        return Inbound(self.sequence_id, number, self.content, self.send_time, self.dest_code)


class _SmsReport(BaseModel):
    biz_id: _Id
    success: bool
    report_time: _Time
    err_code: _Code = ""
    out_id: _Code = ""

    def read(self) -> Receipt:
        fate = Fate.DELIVERED if self.success else Fate.FAILED
        return Receipt(self.biz_id, fate, self.report_time, self.err_code, self.out_id)


class AliyunShapes:
    """Arrays of SmsUp and SmsReport; fields that Aliyun may add are no fault."""

    def read_replies(self, raw: bytes) -> tuple[Inbound | Unreadable, ...]:
        """Answers. Nothing in them names the message they answer; ``dest_code`` is the code they were sent to."""
        return each_as_read(_SmsUp, raw, _SmsUp.read)

    def read_receipts(self, raw: bytes) -> tuple[Receipt | Unreadable, ...]:
        """Receipts, with the message's key in ``out_id``."""
        return each_as_read(_SmsReport, raw, _SmsReport.read)

    def answer(self, kept: bool) -> CallbackAnswer:
        """``{"code": 0, "msg": ...}``; with another code Aliyun tells us again."""
        said = {"code": 0, "msg": "接收成功"} if kept else {"code": 1, "msg": "请重试"}
        return CallbackAnswer(json.dumps(said, ensure_ascii=False).encode(), "application/json")
