"""How Aliyun tells us of answers (SmsUp) and receipts (SmsReport): JSON arrays over HTTP, times of Shanghai.

https://help.aliyun.com/zh/sms/developer-reference/smsup-2 and .../smsreport-2. Neither call is signed.
"""

import json
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator

from calendars.core import SHANGHAI
from liaison.gateways.phones import e164
from liaison.gateways.sms.port import CallbackAnswer, Fate, Inbound, Receipt
from liaison.gateways.sms.reading import ProviderId, all_as_read


def _shanghai(text: object) -> datetime:
    """``2026-09-18 10:00:00``, or ``20260918100000`` as older accounts have it."""
    form = "%Y-%m-%d %H:%M:%S" if "-" in str(text) else "%Y%m%d%H%M%S"
    return datetime.strptime(str(text), form).replace(tzinfo=SHANGHAI)


_Time = Annotated[AwareDatetime, BeforeValidator(_shanghai)]
_Text = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
_Id = Annotated[ProviderId, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]


class _SmsUp(BaseModel):
    phone_number: str
    content: str
    send_time: _Time
    sequence_id: _Id
    dest_code: _Text = ""


class _SmsReport(BaseModel):
    biz_id: _Id
    success: bool
    report_time: _Time
    err_code: _Text = ""
    out_id: _Text = ""


class AliyunShapes:
    """Arrays of SmsUp and SmsReport; fields that Aliyun may add are no fault."""

    def read_replies(self, raw: bytes) -> tuple[Inbound, ...]:
        """Answers. Nothing in them names the message they answer; ``dest_code`` is the code they were sent to."""
        return tuple(
            Inbound(up.sequence_id, e164(up.phone_number) or up.phone_number, up.content, up.send_time, up.dest_code)
            for up in all_as_read(_SmsUp, raw)
        )

    def read_receipts(self, raw: bytes) -> tuple[Receipt, ...]:
        """Receipts, with the message's key in ``out_id``."""
        return tuple(
            Receipt(
                report.biz_id,
                Fate.DELIVERED if report.success else Fate.FAILED,
                report.report_time,
                report.err_code,
                report.out_id,
            )
            for report in all_as_read(_SmsReport, raw)
        )

    def answer(self, kept: bool) -> CallbackAnswer:
        """``{"code": 0, "msg": ...}``; with another code Aliyun tells us again."""
        said = {"code": 0, "msg": "接收成功"} if kept else {"code": 1, "msg": "请重试"}
        return CallbackAnswer(json.dumps(said, ensure_ascii=False).encode(), "application/json")
