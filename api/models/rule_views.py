"""What the API shows of calendar versions, policy versions, proposals and closures."""

from datetime import date
from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field

from api.models.views import View
from liaison.policy.horizon import Urgency
from liaison.policy.words import ProposalState


class NextNotice(View):
    """Whether somebody must look for the next year's notice."""

    year: int
    urgency: Urgency
    zh: str
    en: str


class CalendarView(View):
    """The rules in force."""

    calendar_version: int
    policy_version: int
    announced_until: date = Field(description="Every later date is provisional.")
    next_notice: NextNotice


class VersionView(View):
    """A calendar version in short. For those that came with the program, without a proposal, its installer answers."""

    number: int
    announced_until: date
    checksum: str = Field(description="SHA-256 of every answer it can give: equal sums, equal calendars.")
    made_at: AwareDatetime
    reason: str | None = Field(description="The notice or closure that it was made for.")
    proposal: str | None
    proposed_by: str | None = Field(description="A person, or the release of the program that brought it.")
    approved_by: str | None = Field(description="Null for one that came with the program.")


class WholeVersionView(VersionView):
    """A calendar version with all that it rests on."""

    notices: list[dict[str, Any]] = Field(
        description="As proposed, each with `entered_by` and `approved_by`: as `proposed_by` and `approved_by` here."
    )
    closures: list[dict[str, Any]] = Field(description="`id`, `court` and `days` of those that count as days off.")


class DaySide(View):
    """What one version says of a day."""

    works: bool
    announced: bool
    zh: str
    en: str


class ChangedDay(View):
    """A day that differs between two versions, for the city or for a court."""

    on: date
    court: str | None = Field(
        description="Null for the city; a court is named where the day differs for it alone, or for the city alone."
    )
    before: DaySide
    after: DaySide


class AnnouncedUntil(View):
    """The last announced day of two versions."""

    before: date
    after: date


class DiffView(View):
    """Two calendar versions side by side."""

    model_config = ConfigDict(populate_by_name=True)

    from_: int = Field(alias="from")
    to: int
    announced_until: AnnouncedUntil
    days: list[ChangedDay]


class NoticeComparison(DiffView):
    """What a proposed notice would change."""

    open_requests: int = Field(description="Open requests of which a date may move or become final.")


class ProposalSummary(View):
    """A proposal of a notice or a policy."""

    id: str
    source: str
    state: ProposalState
    base_version: int = Field(description="The version in force when it was checked.")
    document: dict[str, Any]
    findings: list[dict[str, Any]] = Field(description="What the approver must weigh; each has `step`, `zh`, `en`.")
    proposed_by: str
    proposed_at: AwareDatetime
    decided_by: str | None
    decided_at: AwareDatetime | None
    reason: str | None
    made_version: int | None


class ProposalLine(ProposalSummary):
    """A proposal in a list."""

    outdated: bool = Field(description="Whether it still waits though another version came since it was checked.")


class NoticeProposalView(ProposalSummary):
    """A notice with what it would change."""

    comparison: NoticeComparison | None = Field(description="Null once decided or outdated.")


class ChangedRule(View):
    """A value that differs between two policies."""

    rule: str = Field(description="Its place, as in `ladder.primary[2].business_day`.")
    before: Any
    after: Any


class PolicyComparison(View):
    """What a policy changes, and what it would do to open requests."""

    changes: list[ChangedRule] = Field(description="Against the policy in force.")
    open_requests: int
    moving: int = Field(description="Those of which a date would be another.")
    references: list[str] = Field(description="The first 20 of them.")


class PolicyProposalView(ProposalSummary):
    """A policy with what it would move."""

    comparison: PolicyComparison | None = Field(description="Null once decided or outdated.")


class PolicyVersionView(View):
    """A policy version in short."""

    number: int
    made_at: AwareDatetime
    cites: str | None
    proposal: str | None
    proposed_by: str | None = Field(description="A person, or the release of the program that brought it.")
    approved_by: str | None = Field(description="Null for one that came with the program.")
    open_requests: bool = Field(description="Whether its approver moved open requests to it, too.")


class WholePolicyVersionView(PolicyVersionView):
    """A policy version with its document."""

    document: dict[str, Any]


class ClosureView(View):
    """A closure of halls."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    court: str | None = Field(description="Null for the whole city.")
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    days_off: list[date] = Field(description="Dates that count as days off; none while the clocks run.")
    decided_by: str
    source: str
    entered_by: str
    entered_at: AwareDatetime
    replaces: str | None
    replaced_by: str | None
    made_version: int | None = Field(description="The calendar version it made, where counted days changed.")
