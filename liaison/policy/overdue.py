"""Days overdue, counted the same wherever somebody reads them: in a leader's inbox and in the bell that calls him."""

from datetime import date, datetime, timedelta

from calendars.core import BusinessCalendar, shanghai_date


def business_days_past(calendar: BusinessCalendar, limit_day: date, now: datetime) -> int:
    """Business days after ``limit_day`` up to today in Shanghai; 0 while it has not passed."""
    today = shanghai_date(now)
    return calendar.count(limit_day, today) if today > limit_day else 0


def limit_day_of(due_at: datetime) -> date:
    """The day whose end a due instant is: due instants are exclusive."""
    return shanghai_date(due_at - timedelta(microseconds=1))
