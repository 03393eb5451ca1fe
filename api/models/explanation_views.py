"""What the API shows of how a date came about (issue line C10)."""

from datetime import date

from pydantic import AwareDatetime, Field

from api.models.views import View
from calendars.day import DayReason
from liaison.policy.words import CourtLevel


class BothLanguages(View):
    """The same in Chinese and in English."""

    zh: str
    en: str


class CitedNotice(View):
    """The notice that names a day."""

    published_on: date
    doc_no: str
    title: str
    url: str


class CitedClosure(View):
    """The closure that takes a day off, by whose decision."""

    id: str
    decided_by: str
    source: str


class ExplainedDayView(View):
    """A day after day 0, or day 0 for the limit of a summary request: counted, or passed over for a reason."""

    on: date
    counted: int | None = Field(description="Which business day it is; null for a day passed over.")
    reason: DayReason
    zh: str
    en: str
    notice: CitedNotice | None
    closure: CitedClosure | None = Field(description="Of a day off by a closure; null for any other.")
    announced: bool


class ExplainedDeadline(View):
    """A rung's date and what it rests on."""

    rung: int
    business_day: int
    due_on: date
    due_at: AwareDatetime
    provisional: bool
    earliest: date = Field(description="The earliest date it can become while it is provisional.")
    latest: date
    rule: BothLanguages
    notes: list[BothLanguages] = Field(description="That it fired under an earlier version, or was put off.")


class ExplainedAnswer(View):
    """The limit of a summary request: not answered by then, it becomes ordinary."""

    due_on: date
    due_at: AwareDatetime
    provisional: bool
    earliest: date = Field(description="The earliest date it can become while it is provisional.")
    latest: date
    rule: BothLanguages
    notes: list[BothLanguages] = Field(
        description="That it was put off; for a time of receipt, that it holds in the summary procedure only."
    )
    days: list[ExplainedDayView] = Field(description="From day 0, which counts here if it is worked, to the limit.")


class ExplanationView(View):
    """How dates came about, by the calendar and policy version they were made with."""

    reference: str | None = Field(description="Null for a request that nobody has made.")
    received_at: AwareDatetime
    court: str
    court_level: CourtLevel
    day0: date = Field(description="The date of receipt in Shanghai, which never counts for a rung.")
    calendar_version: int
    policy_version: int
    days: list[ExplainedDayView]
    answer: ExplainedAnswer | None = Field(
        description="Of a summary request, or of a time of receipt; null for any other request."
    )
    deadlines: list[ExplainedDeadline]
