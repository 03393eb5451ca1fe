"""Aliyun's domestic SMS through its official SDK: approved templates with parameters, one call a message.

Aliyun does not de-duplicate (``OutId`` only comes back), so the SDK's own retries are off and whatever may have been
heard is in doubt. Install it with ``make install EXTRAS="aliyun"``.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final

from aiohttp import ClientConnectorError, ConnectionTimeoutError
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_dysmsapi20170525.models import QuerySendDetailsRequest, SendSmsRequest
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.exceptions import ResponseException
from darabonba.runtime import RuntimeOptions

from calendars.core import SHANGHAI
from liaison.gateways.sms.accounts import ALIYUN, AliyunAccount, ProviderTemplates
from liaison.gateways.sms.aliyun_codes import TAKEN, not_taken
from liaison.gateways.sms.length import cut
from liaison.gateways.sms.port import (
    CallbackDesk,
    Capabilities,
    Fate,
    GatewayInDoubt,
    GatewayRefused,
    GatewayUnavailable,
    ShortMessage,
    Submission,
)

PARAMETER: Final = 35
"""Characters a parameter may have (1 to 35, https://developer.aliyun.com/ask/220871)."""
CONNECT_SECONDS: Final = 2
ANSWER_SECONDS: Final = 10
MIDNIGHT: Final = timedelta(minutes=10)
"""How long before it was noted down, or after, Aliyun may have counted a message."""
PAGE: Final = 50
"""The most of a number's messages that one query shows, and more than we send to a number in a day."""

_FATES: Final = {1: Fate.SUBMITTED, 2: Fate.FAILED, 3: Fate.DELIVERED}
"""``SendStatus`` of a message: waiting for the receipt, failed, delivered."""
_HEARD_BY_NOBODY: Final = (ClientConnectorError, ConnectionTimeoutError)


class AliyunGateway:
    """Sends approved templates; receipts and answers come over HTTP."""

    name = ALIYUN

    def __init__(
        self,
        account: AliyunAccount,
        templates: ProviderTemplates,
        clock: Callable[[], datetime],
        *,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Nothing is connected before the first message."""
        self.can = Capabilities(
            receipts=True,
            status_query=True,
            extension_codes=True,
            templates_only=True,
            variable_links=False,
            parameter_limit=PARAMETER,
            rate=account.rate,
        )
        self._account, self._templates, self._clock = account, templates, clock
        self._client = Client(
            Config(
                access_key_id=account.access_key_id,
                access_key_secret=account.access_key_secret,
                endpoint=account.endpoint,
                protocol=account.protocol,
            )
        )
        self._once = RuntimeOptions(
            autoretry=False,
            max_attempts=1,
            connect_timeout=int(CONNECT_SECONDS * 1000),
            read_timeout=int(answer_seconds * 1000),
        )

    async def submit(self, message: ShortMessage) -> Submission:
        """One ``SendSms``; ``OutId`` is the message's key."""
        request = SendSmsRequest(
            phone_numbers=_domestic(message.to),
            sign_name=self._account.sign_name,
            template_code=self._code_of(message),
            template_param=json.dumps(
                {name: cut(value, PARAMETER) for name, value in message.params.items()}, ensure_ascii=False
            ),
            out_id=message.key,
            sms_up_extend_code=message.code or None,
        )
        body = await self._asked(self._client.send_sms_with_options_async, request)
        return Submission(body.biz_id, Fate.SUBMITTED)

    async def look_up(self, message: ShortMessage) -> Submission:
        """What ``QuerySendDetails`` shows under the message's key for the days on which it may have been handed over.

        It names no ``BizId``, and shows a message only some time after it was taken: one that is not there may have
        been taken all the same.
        """
        for day in self._days(message):
            request = QuerySendDetailsRequest(
                phone_number=_domestic(message.to), send_date=f"{day:%Y%m%d}", page_size=PAGE, current_page=1
            )
            try:
                body = await self._asked(self._client.query_send_details_with_options_async, request)
            except GatewayInDoubt as doubt:
                # Of a question nothing is in doubt: it is asked again.
                raise GatewayUnavailable(str(doubt)) from doubt
            shown = body.sms_send_detail_dtos.sms_send_detail_dto if body.sms_send_detail_dtos else []
            for detail in shown:
                if detail.out_id == message.key:
                    return Submission(None, _FATES.get(detail.send_status, Fate.SUBMITTED))
        return Submission(None, Fate.CANNOT_SAY)

    def _days(self, message: ShortMessage) -> list[date]:
        """The newest first. Around midnight Aliyun may count it for the day before or after."""
        now = self._clock()
        since, until = message.went or (now, now)
        first, last = ((since - MIDNIGHT).astimezone(SHANGHAI).date(), (until + MIDNIGHT).astimezone(SHANGHAI).date())
        return [last - timedelta(days=back) for back in range((last - first).days + 1)]

    @asynccontextmanager
    async def listening(self, desk: CallbackDesk) -> AsyncIterator[None]:
        """Aliyun calls us over HTTP."""
        yield

    def _code_of(self, message: ShortMessage) -> str:
        try:
            return self._templates[message.template][message.language]
        except KeyError:
            raise GatewayRefused(f"no approved template for {message.template} in {message.language}") from None

    async def _asked(self, operation: Callable[..., Any], request: object) -> Any:
        """The body of an answer ``OK``, or the error that stands for what became of the call."""
        try:
            body = (await operation(request, self._once)).body
        except ResponseException as answer:
            raise _answered(answer) from None
        except Exception as fault:
            if any(isinstance(cause, _HEARD_BY_NOBODY) for cause in _causes(fault)):
                raise GatewayUnavailable("Aliyun cannot be reached") from None
            raise GatewayInDoubt(f"Aliyun gave no answer that can be read: {type(fault).__name__}") from None
        if body is None or not body.code:
            raise GatewayInDoubt("Aliyun's answer says nothing")
        if body.code != TAKEN:
            raise not_taken(str(body.code), str(body.message))
        return body


def _answered(answer: ResponseException) -> Exception:
    """An answer with an HTTP status of 400 or more. What broke inside (500, 502), or waited for it in vain (504), may
    have taken the message; who says when to come back, or that it serves nobody (503), has not."""
    retry_after = timedelta(milliseconds=answer.retry_after) if answer.retry_after else None
    if answer.status_code >= 500 and answer.status_code != 503 and retry_after is None:
        return GatewayInDoubt(f"Aliyun broke down over it: {answer.status_code}")
    return not_taken(str(answer.code), str(answer.message), retry_after)


def _causes(fault: BaseException) -> list[BaseException]:
    """An exception and those it came from; the SDK wraps what the network said."""
    found: list[BaseException] = []
    current: BaseException | None = fault
    while current is not None and current not in found:
        found.append(current)
        current = getattr(current, "inner_exception", None) or current.__cause__ or current.__context__
    return found


def _domestic(number: str) -> str:
    """A number as Aliyun wants it: eleven digits of the mainland, others with their country's code."""
    return number.removeprefix("+86").removeprefix("+")
