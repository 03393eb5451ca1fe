"""Field types that several bodies share."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

LONGEST_TEXT: Final = 5000
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


class Body(BaseModel):
    """A body of ours: unknown fields are refused, and no message quotes what was sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def fault(zh: str, en: str) -> PydanticCustomError:
    """What a validator raises; see ``api.faults``."""
    return PydanticCustomError("two_languages", "{en}", {"zh": zh, "en": en})


def _visible(text: str) -> str:
    if all(unicodedata.category(letter) in _INVISIBLE for letter in text):
        raise fault("不得为空白。", "This must not be blank.")
    return text


def _instant(value: Any) -> Any:
    """Pydantic would also read dates, durations and numbers of seconds as instants."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise fault("应为 RFC 3339 时间，例如 2026-09-18T09:30:00+08:00。", _TIME)
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise fault("没有这样的时间。", "There is no such time.") from None


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise fault("时间须带时区偏移，例如 +08:00。", "The time needs an offset, such as +08:00.")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise fault("没有这样的时间。", "There is no such time.") from None


_TIME: Final = "This must be an RFC 3339 time, such as 2026-09-18T09:30:00+08:00."

Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_visible)]
"""A name, a post, a telephone number as written: short and not blank."""

Word = Annotated[str, Field(min_length=1, max_length=40)]
"""An id or a code of the directory."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_visible)]
"""What somebody writes: 1 to 5,000 characters, not blank, never trimmed."""

Reason = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_visible)]
"""Why somebody does something: 1 to 500 characters, not blank."""

_DATE: Final = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)


def _date(value: Any) -> Any:
    """Pydantic would also read instants and numbers of seconds as dates."""
    try:
        return date.fromisoformat(value if isinstance(value, str) and _DATE.fullmatch(value) else "")
    except ValueError:
        raise fault("应为日期，例如 2026-09-18。", "This must be a date, such as 2026-09-18.") from None


PlainDate = Annotated[date, BeforeValidator(_date)]
"""A date of this century."""

_PLUS_DECODED: Final = re.compile(r" (?=\d\d:\d\d$)", re.ASCII)


def _with_plus(value: Any) -> Any:
    return _PLUS_DECODED.sub("+", value) if isinstance(value, str) else value


Moment = Annotated[datetime, BeforeValidator(_instant), AfterValidator(_aware)]
"""An instant in RFC 3339 with an offset, kept in UTC."""

QueryMoment = Annotated[Moment, BeforeValidator(_with_plus)]
"""The same in a query string, where a ``+`` that nobody escaped arrives as a space."""
