"""How often, how late and to whom first a message is sent (design section 4; ``[messages]`` of the policy)."""

from datetime import datetime, timedelta

from calendars.core import BusinessCalendar, shanghai_date
from liaison.policy.message_words import MessageClass
from liaison.policy.sending_rules import SendingRules
from liaison.policy.windows import at

DAY = timedelta(hours=24)


def pause_before_try(tries: int, rules: SendingRules) -> timedelta:
    """How long to wait after so many tries of which none was taken: 1, 2, 4 ... seconds, then the slow pause."""
    if tries > rules.fast_tries:
        return rules.slow
    return min(timedelta(seconds=2 ** max(tries - 1, 0)), rules.slow)


def useful_until(
    send_after: datetime, message_class: MessageClass, court: str, calendar: BusinessCalendar, rules: SendingRules
) -> datetime:
    """After which instant a message helps nobody.

    Args:
        send_after: the opening of its window, aware.
        message_class: staff hear of open requests for some business days, the others for some hours.
        court: whose business days count.
        calendar: which days they are.
        rules: how many.
    """
    match message_class:
        case MessageClass.STAFF:
            days = calendar.of(court)
            last = days.nth_business_day(shanghai_date(send_after), rules.useful.staff_business_days)
            return at(last, DAY)
        case MessageClass.PARTY:
            return send_after + rules.useful.party
        case MessageClass.EMERGENCY:
            return send_after + rules.useful.emergency
        case MessageClass.CODE:
            return send_after + rules.useful.code


def may_repeat(message_class: MessageClass, repeats: int) -> bool:
    """Whether a message in doubt may be sent once more: once, and a one-time code never."""
    return message_class is not MessageClass.CODE and repeats == 0


def is_courtesy(template: str, rules: SendingRules) -> bool:
    """Whether a message waits for those that the Opinions demand."""
    return template in rules.courtesy


def most_in_a_day(template: str, rules: SendingRules) -> int:
    """How many messages one number may have within 24 hours, this one among them: courtesy leaves room for the rest."""
    most = rules.daily_to_one_number
    return max(most - rules.kept_from_courtesy, 1) if is_courtesy(template, rules) else most


def is_gathered(template: str, message_class: MessageClass, rules: SendingRules) -> bool:
    """Whether a message to a leader is told in his digest; an emergency is not (art. 10)."""
    return message_class is MessageClass.STAFF and template in rules.gathers
