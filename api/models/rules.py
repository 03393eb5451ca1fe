"""Bodies about the rules: notices and policies that are proposed, decisions, closures (issue lines C02, C30, C32)."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.models.text import Body, Moment, Name, PlainDate, Reason, Word
from calendars.sources.reading import MAX_BYTES

Year = Annotated[int, Field(strict=True, ge=2000, le=2100)]
PublishedOn = Annotated[PlainDate, Field(description="When the State Council published the notice.")]
FileText = Annotated[str, Field(min_length=1, max_length=MAX_BYTES)]
Cited = Annotated[str, Field(min_length=1, max_length=400)]


class FromNotice(Body):
    """A notice of the State Council, typed in from its text: fields as the files under ``calendars/notices`` have."""

    source: Literal["notice"]
    document: dict[str, Any] = Field(
        description="`year`, `title`, `doc_no`, `published_on`, `url`, `holidays`, and for an amendment `amends`."
    )


class FromHolidays(Body):
    """A year as the Python package ``holidays`` knows it."""

    source: Literal["holidays"]
    year: Year
    published_on: PublishedOn


class FromJsonFeed(Body):
    """A file in the shape of NateScarlet/holiday-cn."""

    source: Literal["json_feed"]
    text: FileText
    published_on: PublishedOn


class FromIcalendar(Body):
    """An iCalendar file, RFC 5545."""

    source: Literal["icalendar"]
    text: FileText
    year: Year = Field(description="Which year of it: such files hold several.")
    published_on: PublishedOn


NoticeProposalIn = Annotated[FromNotice | FromHolidays | FromJsonFeed | FromIcalendar, Field(discriminator="source")]


class ApprovalIn(Body):
    """A notice is approved; nothing needs to be said."""


class RejectionIn(Body):
    """A proposal is rejected."""

    reason: Annotated[Reason, Field(max_length=400)]


class PolicyProposalIn(Body):
    """A policy, in the form of ``policy.toml``; it gets the next number."""

    document: dict[str, Any]
    cites: Cited | None = Field(default=None, description="The document that allows a policy laxer than the Opinions.")


class PolicyApprovalIn(Body):
    """A policy is approved: for new requests, and for open ones only if it says so."""

    open_requests: bool = Field(default=False, strict=True)


class ClosureTimes(Body):
    """From when to when a hall is closed, and which dates count as days off: none while the clocks run."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Moment = Field(alias="from")
    to: Moment
    days_off: Annotated[list[PlainDate], Field(max_length=60)] = Field(
        default_factory=list, description="Decided by the Case Filing Chamber; each touched by the closure."
    )
    decided_by: Name
    source: Annotated[Reason, Field(max_length=400)] = Field(description="Where the decision stands.")


class ClosureIn(ClosureTimes):
    """A closure of the city's halls or of one court's."""

    court: Word | None = Field(default=None, description="Code of a court; the whole city if left out.")


class ClosureAmendmentIn(ClosureTimes):
    """The whole closure as it shall be from now on, in place of the one that is named."""
