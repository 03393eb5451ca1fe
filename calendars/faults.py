"""What can be wrong with a notice: a class for each step of its import, a sentence for each fault."""

from collections.abc import Sequence
from typing import ClassVar


class NoticeError(ValueError):
    """A notice, or a list of notices, contradicts itself or another notice; a sentence in each language, no full stop.

    Attributes:
        step: which step of the import refused it.
    """

    step: ClassVar[str] = "notice"

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class SourceUnreadable(NoticeError):
    """A file or a feed that is not what it should be; nothing in it was looked at further."""

    step = "source"


class EmptyYear(NoticeError):
    """A notice without any day off: the file of a year that is not announced yet."""

    step = "empty_year"


class DayOutsideYear(NoticeError):
    """A day that the notice of this year cannot set."""

    step = "days"


class DayTwice(NoticeError):
    """A day that the notice names more than once."""

    step = "days"


class MakeUpOnWeekday(NoticeError):
    """A make-up working day that would be worked anyway."""

    step = "make_up_days"


class YearFormula(NoticeError):
    """The days worked and off do not add up to a year."""

    step = "year_formula"


class StatutoryDayWorked(NoticeError):
    """A day off by law that would be worked."""

    step = "statutory_days"


class AnnouncedDayChanged(NoticeError):
    """A day that is announced and would change, though nothing entitles the notice to change it."""

    step = "announced_days"


class NoticeFaults(NoticeError):
    """Several faults at once, a sentence each."""

    def __init__(self, faults: Sequence[NoticeError]) -> None:
        super().__init__("；".join(fault.zh for fault in faults), "; ".join(fault.en for fault in faults))
        self.faults = tuple(faults)


def raise_all(faults: Sequence[NoticeError]) -> None:
    """Raise the fault, or all of them at once; nothing if there is none."""
    if len(faults) > 1:
        raise NoticeFaults(faults)
    if faults:
        raise faults[0]
