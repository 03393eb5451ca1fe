"""Follow-up 回访: when a party is asked, and what its answer says."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendars.core import shanghai_date
from liaison.policy.aftercare import FollowUpRules
from liaison.policy.windows import at

RATINGS = range(1, 4)
"""1 satisfied 满意, 2 fairly 一般, 3 not 不满意."""

# A digit that a sentence follows at once, as in 1月3日, rates nothing.
_RATING = re.compile(r"([1-3])(?:[\s,.;:!，。；：！、].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a party thinks of the answer: a rating, or None where it says that there was no answer."""

    rating: int | None


def first_try(closed_at: datetime, rules: FollowUpRules) -> datetime:
    """When the party is first asked, in UTC."""
    return at(shanghai_date(closed_at) + timedelta(days=rules.after_days), rules.at)


def next_try(asked_at: datetime, rules: FollowUpRules) -> datetime:
    """When it is asked again, or given up, after a try."""
    return at(shanghai_date(asked_at) + timedelta(days=rules.days_between), rules.at)


def tries_end(rules: FollowUpRules) -> timedelta:
    """How long after the first try nobody is asked any more."""
    return rules.tries * timedelta(days=rules.days_between)


def verdict_of(text: str, rules: FollowUpRules) -> Verdict | None:
    """What a short message says to the question; None if it is about something else, which nobody guesses."""
    said = unicodedata.normalize("NFKC", text).strip().casefold()
    if rated := _RATING.fullmatch(said):
        return Verdict(int(rated.group(1)))
    return Verdict(None) if any(_begins(said, word) for word in rules.no_answer) else None


def _begins(said: str, word: str) -> bool:
    rest = said.removeprefix(word)
    return rest != said and not (word.isdigit() and rest[:1].isalnum())
