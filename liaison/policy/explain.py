"""How a date came about: every day counted and every day passed over, each with its reason, in both languages.

Nothing here decides anything; it tells what the calendar version and the policy rule behind a deadline decided.
"""

import datetime
from dataclasses import dataclass

from calendars.core import BusinessCalendar
from calendars.day import Day, DayReason
from calendars.horizon import earliest_and_latest, earliest_and_latest_from
from liaison.policy.ladder import last_answer_day
from liaison.policy.rules import Policy, RungRule
from liaison.policy.titles import TITLES

_DAY = datetime.timedelta(days=1)
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Words:
    """The same in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ExplainedDay:
    """A day between day 0, which never counts, and the due date, that date included.

    Attributes:
        counted: which business day it is, from 1; None for a day passed over.
        words_zh: the reason as a sentence part; ``words_en`` likewise.
        name_zh: the holiday it belongs to, also as a make-up day; ``name_en`` likewise.
        notice_published_on: date of the notice that names the day; None where none does.
        announced: False past the last announced day, where a notice may still change it.
    """

    date: datetime.date
    counted: int | None
    reason: DayReason
    words_zh: str
    words_en: str
    name_zh: str | None
    name_en: str | None
    notice_published_on: datetime.date | None
    announced: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A deadline and all that made it.

    Attributes:
        day0: date of receipt in Shanghai.
        n: business days after it.
        due_on: the n-th of them.
        rule: the policy rule that asks for n business days.
        version: number of the calendar version; ``court`` is set where the court's own closures counted.
        days: every day after day 0, or for an answer on the spot from day 0 on, up to ``due_on``.
        provisional: ``due_on`` lies past the last announced day.
        earliest: the earliest date it can become; ``latest`` the latest; both are ``due_on`` where it is final.
    """

    day0: datetime.date
    n: int
    due_on: datetime.date
    rule: Words
    version: int
    court: str | None
    days: tuple[ExplainedDay, ...]
    provisional: bool
    earliest: datetime.date
    latest: datetime.date


def explain_deadline(calendar: BusinessCalendar, day0: datetime.date, n: int, rule: Words) -> Explanation:
    """Explain the n-th business day after day 0.

    Args:
        calendar: the version, as the court counts: ``calendar.of(court)``.
        day0: date of receipt in Shanghai.
        n: business days, from 1.
        rule: which rule of the policy asks for them; see ``rung_rule``.

    Raises:
        CalendarError: day 0 or an answer lies outside the calendar, or n is less than 1.
    """
    due_on = calendar.nth_business_day(day0, n)
    days = _days(calendar, day0 + _DAY, due_on)
    return _explanation(calendar, day0, n, rule, days, earliest_and_latest(calendar, day0, n))


def explain_answer(calendar: BusinessCalendar, day0: datetime.date, policy: Policy) -> Explanation:
    """Explain the day by whose end a summary request is to be answered (art. 4): day 0 counts if it is worked.

    Args:
        calendar: the version, as the court counts: ``calendar.of(court)``.
        day0: date of receipt in Shanghai; here the first of ``days``.
        policy: the policy version.

    Raises:
        CalendarError: day 0 or an answer lies outside the calendar.
    """
    n = policy.answer_business_days
    days = _days(calendar, day0, last_answer_day(day0, calendar, policy))
    return _explanation(calendar, day0, n, answer_rule(policy), days, earliest_and_latest_from(calendar, day0, n))


def rung_rule(rule: RungRule, policy: Policy) -> Words:
    """Say which rule of the policy a rung is."""
    if rule.rung == 0:
        return Words(
            f"预警：答复期限为第{rule.business_day}个工作日（政策第{policy.version}版）",
            f"warning: the limit for a reply is business day {rule.business_day} (policy {policy.version}, "
            f"{policy.reply_limit.source})",
        )
    titles = [TITLES[post].rpartition(" ") for post in rule.informs]
    return Words(
        f"《意见》第八条：{rule.business_day}个工作日内未答复，报{'、'.join(zh for _, _, zh in titles)}"
        f"（政策第{policy.version}版）",
        f"Opinions art. 8: no reply within {rule.business_day} business days, the "
        f"{' and '.join(en for en, _, _ in titles)} is informed (policy {policy.version})",
    )


def answer_rule(policy: Policy) -> Words:
    """Say by which rule a summary request is to be answered."""
    n = policy.answer_business_days
    return Words(
        f"《意见》第四条：即时答复，自收到之日（遇休息日顺延）起第{n}个工作日内（政策第{policy.version}版）",
        f"Opinions art. 4: answered by the end of business day {n} on or after receipt (policy {policy.version})",
    )


def _explanation(
    calendar: BusinessCalendar,
    day0: datetime.date,
    n: int,
    rule: Words,
    days: tuple[ExplainedDay, ...],
    bounds: tuple[datetime.date, datetime.date],
) -> Explanation:
    due_on = days[-1].date
    return Explanation(
        day0=day0,
        n=n,
        due_on=due_on,
        rule=rule,
        version=calendar.number,
        court=calendar.court,
        days=days,
        provisional=calendar.is_provisional(due_on),
        earliest=bounds[0],
        latest=bounds[1],
    )


def _days(calendar: BusinessCalendar, first: datetime.date, last: datetime.date) -> tuple[ExplainedDay, ...]:
    days = []
    counted = 0
    for offset in range((last - first).days + 1):
        day = calendar.day(first + offset * _DAY)
        counted += day.works
        days.append(_explained(day, counted if day.works else None))
    return tuple(days)


def _explained(day: Day, counted: int | None) -> ExplainedDay:
    words = day_words(day)
    return ExplainedDay(
        date=day.date,
        counted=counted,
        reason=day.reason,
        words_zh=words.zh,
        words_en=words.en,
        name_zh=day.name_zh,
        name_en=day.name_en,
        notice_published_on=day.notice,
        announced=day.announced,
    )


def day_words(day: Day) -> Words:
    """Say why a day is worked or not."""
    zh, en = f"星期{_WEEKDAYS_ZH[day.date.weekday()]}", _WEEKDAYS_EN[day.date.weekday()]
    notice_zh, notice_en = f"（{day.notice}公布的通知）", f" (notice of {day.notice})"
    until_then = Words("", "") if day.announced else Words("（通知尚未公布）", " (not announced yet)")
    match day.reason:
        case DayReason.HOLIDAY:
            return Words(f"{zh}，{day.name_zh}放假{notice_zh}", f"{en}, day off for {day.name_en}{notice_en}")
        case DayReason.MAKE_UP:
            return Words(
                f"{zh}，{day.name_zh}调休上班{notice_zh}", f"{en}, worked in exchange for {day.name_en}{notice_en}"
            )
        case DayReason.STATUTORY:
            return Words(
                f"{zh}，{day.name_zh}，法定节假日{until_then.zh}", f"{en}, {day.name_en} by law{until_then.en}"
            )
        case DayReason.CLOSURE:
            return Words(f"{zh}，停止办公，按休息日计", f"{en}, closed, counted as a day off")
        case DayReason.WEEKEND:
            return Words(f"{zh}，休息日{until_then.zh}", f"{en}, weekend{until_then.en}")
        case DayReason.WEEK:
            return Words(f"{zh}，工作日{until_then.zh}", f"{en}, working day{until_then.en}")
