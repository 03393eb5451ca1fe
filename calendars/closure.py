"""Days off by a counting closure: a typhoon, a moved hall; decided by a person, for the city or for one court.

A closure always wins over the week and over notices, so that the order in which they arrive does not matter. The hours
of a closure, its reason and who decided it are kept where it is entered; here are only the days it takes off.
"""

from dataclasses import dataclass
from datetime import date, timedelta


class ClosureError(ValueError):
    """A closure that cannot be; the text is a sentence for the person who entered it."""


@dataclass(frozen=True, slots=True)
class Closure:
    """Days that count as days off.

    Attributes:
        court: code of the court that is closed; None for every court of the city.
        days: the days taken off; one that is off anyway changes nothing.
    """

    court: str | None
    days: tuple[date, ...]

    @classmethod
    def between(cls, court: str | None, first: date, last: date) -> "Closure":
        """Take off every day from the first to the last, both in.

        Raises:
            ClosureError: it ends before it starts.
        """
        if last < first:
            raise ClosureError(f"the closure ends on {last}, before it starts on {first}")
        return cls(court, tuple(first + timedelta(days=offset) for offset in range((last - first).days + 1)))
