"""An explanation in one line, for places where there is room for no more."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from calendars.day import DayReason
from liaison.policy.explain import ExplainedDay, Explanation, Words

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOLD = (DayReason.HOLIDAY, DayReason.STATUTORY, DayReason.CLOSURE)


def explanation_line(explanation: Explanation) -> Words:
    """Say the date, what other than plain weekends was passed over, which make-up days count, and how sure it is."""
    zh = [f"第{explanation.n}个工作日：{explanation.due_on}"]
    en = [f"{_ordinal(explanation.n)} business day: {explanation.due_on}"]
    for words in (*_passed_over(explanation), *_made_up(explanation), *_certainty(explanation)):
        zh.append(words.zh)
        en.append(words.en)
    return Words("；".join(zh), "; ".join(en))


def _passed_over(explanation: Explanation) -> Iterator[Words]:
    for (reason, name_zh, name_en, notice), run in groupby(explanation.days, _ground):
        if reason in _TOLD:
            days = [day.date for day in run]
            why = _why(reason, name_zh, name_en, notice)
            yield Words(
                f"{_span_zh(days[0], days[-1])}不计（{why.zh}）", f"skips {_span_en(days[0], days[-1])} ({why.en})"
            )


def _made_up(explanation: Explanation) -> Iterator[Words]:
    for day in explanation.days:
        if day.reason is DayReason.MAKE_UP:
            yield Words(f"{day.date}调休上班，计入", f"make-up {day.date} counts")


def _certainty(explanation: Explanation) -> Iterator[Words]:
    if explanation.provisional and explanation.earliest == explanation.latest:
        yield Words("暂定，待放假通知公布", "provisional until the notice of its year")
    elif explanation.provisional:
        yield Words(
            f"暂定，最早{explanation.earliest}，最晚{explanation.latest}",
            f"provisional, between {explanation.earliest} and {explanation.latest}",
        )


def _ground(day: ExplainedDay) -> tuple[DayReason, str | None, str | None, date | None]:
    return day.reason, day.name_zh, day.name_en, day.notice_published_on


def _why(reason: DayReason, name_zh: str | None, name_en: str | None, notice: date | None) -> Words:
    if reason is DayReason.CLOSURE:
        return Words("停止办公", "closed")
    if notice is None:
        return Words(f"{name_zh}，法定", f"{name_en}, by law")
    return Words(f"{name_zh}，{notice}通知", f"{name_en}, notice {notice}")


def _span_zh(first: date, last: date) -> str:
    start = f"{first.month}月{first.day}日"
    if first == last:
        return start
    return f"{start}至{last.day}日" if first.month == last.month else f"{start}至{last.month}月{last.day}日"


def _span_en(first: date, last: date) -> str:
    end = f"{last.day} {_MONTHS[last.month - 1]}"
    if first == last:
        return end
    return f"{first.day}-{end}" if first.month == last.month else f"{first.day} {_MONTHS[first.month - 1]} - {end}"


def _ordinal(n: int) -> str:
    suffix = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"
