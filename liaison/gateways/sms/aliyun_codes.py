"""What Aliyun's answers mean for us, and for how long flow control holds.

https://help.aliyun.com/zh/sms/developer-reference/api-error-codes and .../user-guide/message-rules.
"""

from datetime import timedelta
from typing import Final

from liaison.gateways.sms.port import GatewayBusy, GatewayRefused, GatewayUnavailable

TAKEN: Final = "OK"

_NEVER: Final = frozenset(
    {
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.MOBILE_COUNT_OVER_LIMIT",
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_SIGN_ILLEGAL",
        "isv.SMS_CONTENT_ILLEGAL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.TEMPLATE_PARAMS_ILLEGAL",
        "isv.INVALID_PARAMETERS",
        "isv.INVALID_JSON_PARAM",
        "isv.PARAM_LENGTH_LIMIT",
        "isv.PARAM_NOT_SUPPORT_URL",
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.EXTEND_CODE_ERROR",
    }
)
"""The number, the template, the signature or what is said: the same message would be refused again."""

_LIMITED: Final = frozenset({"isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"})

_PERIODS: Final = {
    "分钟级": timedelta(minutes=1),
    "小时级": timedelta(hours=1),
    "天级": timedelta(hours=24),
}
"""Minutes and hours are those of the clock, a day is the 24 hours since the first message: ended after these."""

THROTTLED: Final = timedelta(seconds=1)
"""The limit of calls is one of calls a second."""


def not_taken(code: str, says: str, retry_after: timedelta | None = None) -> Exception:
    """The error that an answer other than ``OK`` stands for.

    Args:
        code: Aliyun's code; only the code goes into our texts, as its sentence may repeat what was sent.
        says: Aliyun's sentence, which names the period of flow control.
        retry_after: What the answer itself says about when to try again.
    """
    if code in _NEVER:
        return GatewayRefused(f"Aliyun refuses: {code}")
    if code in _LIMITED:
        period = next((span for word, span in _PERIODS.items() if word in says), timedelta(hours=1))
        return GatewayBusy(f"Aliyun limits: {code}", retry_after or period)
    if retry_after is not None or code.startswith("Throttling"):
        return GatewayBusy(f"Aliyun limits: {code}", retry_after or THROTTLED)
    return GatewayUnavailable(f"Aliyun did not take it: {code}")
