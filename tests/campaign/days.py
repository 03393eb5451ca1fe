"""Business days and hours of the model: a loop over days, with dates from the package chinesecalendar, not ours."""

from datetime import date, datetime, time, timedelta, timezone

import chinese_calendar

SHANGHAI = timezone(timedelta(hours=8))
DAY = timedelta(days=1)
STAFF_HOURS = ((time(8, 30), time(12)), (time(14), time(17, 30)))
PARTY_HOURS = ((time(8), time(21)),)


def works(day: date) -> bool:
    """Whether a day is worked, make-up days included; known from 2004 to 2026."""
    return bool(chinese_calendar.is_workday(day))


def end_of_business_day(received_at: datetime, n: int) -> datetime:
    """The end, exclusive, of the n-th business day after the day of receipt, which never counts."""
    day = _shanghai_day(received_at)
    while n > 0:
        day += DAY
        n -= works(day)
    return _midnight_after(day)


def end_of_answer_day(received_at: datetime) -> datetime:
    """The end, exclusive, of the first business day on or after receipt."""
    day = _shanghai_day(received_at)
    while not works(day):
        day += DAY
    return _midnight_after(day)


def may_be_sent(at: datetime, *, to_party: bool) -> bool:
    """Whether a message may go out then: parties by day, staff in working hours."""
    local = at.astimezone(SHANGHAI)
    windows = PARTY_HOURS if to_party else STAFF_HOURS
    in_hours = any(opens <= local.time() < closes for opens, closes in windows)
    return in_hours and (to_party or works(local.date()))


def party_may_be_told(at: datetime) -> datetime:
    """The first instant from ``at`` on at which a party may be sent something, on any day of the week."""
    [(opens, closes)] = PARTY_HOURS
    local = at.astimezone(SHANGHAI)
    if opens <= local.time() < closes:
        return at
    return datetime.combine(local.date() + (DAY if local.time() >= closes else timedelta()), opens, SHANGHAI)


def _shanghai_day(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + DAY, time(), SHANGHAI)
