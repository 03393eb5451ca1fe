"""When a reply that anybody could have sent comes to count (design section 5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from calendars.core import BusinessCalendar, shanghai_date
from liaison.policy.message_words import MessageClass, MessageState
from liaison.policy.rules import Policy
from liaison.policy.windows import at, next_opening
from liaison.policy.words import ClaimFate

ON_ITS_WAY = frozenset({MessageState.RESERVED, MessageState.SUBMITTING, MessageState.SUBMITTED, MessageState.AMBIGUOUS})

LOOK_EVERY = timedelta(minutes=15)
"""How often to look whether a message that tells of a claimed reply has gone out; well within the time of silence."""


@dataclass(frozen=True, slots=True)
class Told:
    """The message that tells a judge of a reply in his name; all instants are aware.

    Attributes:
        state: where it stands.
        reserved_at: when the reply was claimed; ``send_after`` when the message may go.
        heard_at: since when he can have read it; None before, see ``heard_at``.
    """

    state: MessageState
    reserved_at: datetime
    send_after: datetime
    heard_at: datetime | None


def heard_at(
    state: MessageState, submitted_at: datetime | None, settled_at: datetime | None, *, receipts: bool
) -> datetime | None:
    """Since when the recipient of a message can have read it, as far as its gateway tells; None if he has not.

    Where receipts come, one that was taken has not arrived yet: a telephone that is off has read nothing.
    """
    if state is MessageState.DELIVERED:
        return settled_at or submitted_at
    return submitted_at if state is MessageState.SUBMITTED and not receipts else None


def working_time_after(
    instant: datetime, span: timedelta, court: str, calendar: BusinessCalendar, policy: Policy
) -> datetime:
    """Give the instant, in UTC, at which ``span`` of a court's working hours have passed since the given one.

    Raises:
        CalendarError: the instant is naive, or the calendar ends before that.
    """
    left = span
    opens = next_opening(instant, MessageClass.STAFF, court, calendar, policy)
    while opens + left > (closes := _closing(opens, court, policy)):
        left -= closes - opens
        opens = next_opening(closes, MessageClass.STAFF, court, calendar, policy)
    return opens + left


def fate_of_claim(
    told: Told, now: datetime, court: str, calendar: BusinessCalendar, policy: Policy
) -> tuple[ClaimFate, datetime]:
    """What has become of a claimed reply by now, and the instant that decided it or at which to look again.

    Args:
        told: the message about it.
        now: aware.
        court: whose working hours count.
        calendar: decides which days are worked.
        policy: how much silence confirms, and how long the message may take.
    """
    if told.heard_at is not None:
        until = working_time_after(told.heard_at, policy.claims.silence, court, calendar, policy)
        return (ClaimFate.CONFIRMED if now >= until else ClaimFate.WAITING), until
    if told.state not in ON_ITS_WAY:
        return ClaimFate.LAPSED, now
    until = working_time_after(told.reserved_at, policy.claims.lapse, court, calendar, policy)
    if now >= until:
        return ClaimFate.LAPSED, until
    return ClaimFate.WAITING, min(until, max(now, told.send_after) + LOOK_EVERY)


def _closing(instant: datetime, court: str, policy: Policy) -> datetime:
    """The end of the window that is open at the instant."""
    today = shanghai_date(instant)
    return next(end for hours in policy.working_hours(court) if (end := at(today, hours.closes)) > instant)
