"""When a message may be sent (design section 4): staff in working hours, parties by day, emergencies at once."""

from datetime import UTC, date, datetime, time, timedelta

from calendars.core import SHANGHAI, BusinessCalendar, shanghai_date
from liaison.policy.message_words import MessageClass
from liaison.policy.rules import Policy


def next_opening(
    instant: datetime, message_class: MessageClass, court: str, calendar: BusinessCalendar, policy: Policy
) -> datetime:
    """Give the first instant, at or after the given one, at which a message of this class may be sent, in UTC.

    Inside a window that is the instant itself. A window is open at its first time and shut at its second.

    Args:
        instant: an aware datetime.
        message_class: staff on business days, party on any day, emergency at any time (Opinions art. 10),
            and a one-time code, which somebody waits for.
        court: code of the court whose working hours and closures count for staff.
        calendar: decides which days staff work.
        policy: holds the hours.

    Raises:
        CalendarError: the instant is naive, or lies outside the calendar.
    """
    today, calendar = shanghai_date(instant), calendar.of(court)
    if message_class in (MessageClass.EMERGENCY, MessageClass.CODE):
        return instant.astimezone(UTC)
    staff = message_class is MessageClass.STAFF
    hours = policy.working_hours(court) if staff else policy.party_hours
    first = calendar.business_day_on_or_after(today) if staff else today
    for window in hours:
        if instant < at(first, window.closes):
            return max(instant.astimezone(UTC), at(first, window.opens))
    tomorrow = first + timedelta(days=1)
    return at(calendar.business_day_on_or_after(tomorrow) if staff else tomorrow, hours[0].opens)


def at(day: date, since_midnight: timedelta) -> datetime:
    """Give the instant, in UTC, so long after a day began in Shanghai; 24 hours is 00:00 of the next day."""
    return (datetime.combine(day, time(), SHANGHAI) + since_midnight).astimezone(UTC)
